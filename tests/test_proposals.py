"""A language model may propose claims: inventions stay out, a dead one is one clear error."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import claims_market
import paceline
from paceline.cli import main
from paceline.errors import SourceError, UsageError
from paceline.factcheck import language_model as model
from paceline.market import Market

DAY = "2025-12-05"
#: The grammar reads the first sentence; the second is beyond it. RUT: 500 on 20 November, 547 on 5
#: December.
TEXT = (
    "The S&P 500 has gained 25.5% this year. "
    "Anyone who had put money to work in small caps when the mood was darkest, "
    "at the November 20 close, sits on 9.4% today, believe it or not."
)
QUOTE = (
    "put money to work in small caps when the mood was darkest, "
    "at the November 20 close, sits on 9.4% today"
)
PLAIN = "The Russell 2000 rose 9.4% since November 20, 2025."


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return claims_market.write(tmp_path_factory.mktemp("proposals"))


@pytest.fixture(scope="module")
def market(file: Path) -> Market:
    opened = paceline.open(file)
    opened.ensure()
    return opened


def says(*rows: dict[str, str]) -> Any:
    return lambda _prompt: "Here they are:\n" + json.dumps(list(rows))


def test_a_proposal_is_checked_like_any_claim_and_says_where_it_came_from(market: Market) -> None:
    alone = market.factcheck(TEXT, DAY)
    assert [v.subject for v in alone.claims] == ["S&P 500"] and any(
        "9.4" in u.quote for u in alone.unread
    )
    checked = market.factcheck(TEXT, DAY, ask=says({"quote": QUOTE, "plain": PLAIN}))
    ours = {v.subject: v for v in checked.claims}
    assert ours["Russell 2000"].verdict == "holds" and ours["Russell 2000"].quote == QUOTE
    assert ours["Russell 2000"].figure.value == pytest.approx(547 / 500 - 1)
    assert ours["Russell 2000"].notes == (f"proposed by a language model as: {PLAIN}",)
    assert ours["S&P 500"].notes == () and checked.unread == ()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            {
                "quote": "small caps have soared 50%",
                "plain": "The Russell 2000 rose 50% this year.",
            },
            "does not say 'small caps have",
        ),
        (
            {"quote": QUOTE, "plain": "The Russell 2000 rose 12% since November 20, 2025."},
            "its number 0.12 does not stand there",
        ),
        (
            {"quote": QUOTE, "plain": "The Nasdaq 100 rose 9.4% since November 20, 2025."},
            "never names Nasdaq 100",
        ),
    ],
)
def test_what_the_model_makes_up_is_listed_and_not_checked(
    market: Market, row: dict[str, str], reason: str
) -> None:
    checked = market.factcheck(TEXT, DAY, ask=says(row))
    assert [v.subject for v in checked.claims] == ["S&P 500"]
    assert any(
        "proposed by the model, but" in u.reason and reason in u.reason for u in checked.unread
    )


def test_the_grammar_has_the_first_word(market: Market) -> None:
    again = {
        "quote": "The S&P 500 has gained 25.5% this year",
        "plain": "The S&P 500 rose 25.5% in November 2025.",
    }
    checked = market.factcheck(TEXT, DAY, ask=says(again, again))
    assert (
        len(checked.claims) == 1
        and checked.claims[0].verdict == "holds"
        and not checked.claims[0].notes
    )


@pytest.mark.parametrize(
    "reply",
    ["I cannot do that.", "[1, 2]", '[{"quote": "x"}]', '[{"quote": 1, "plain": "y"}]', "[{]"],
)
def test_a_reply_that_is_no_list_of_claims_is_an_error(market: Market, reply: str) -> None:
    with pytest.raises(SourceError, match=r"the model's reply is no list of claims"):
        market.factcheck(TEXT, DAY, ask=lambda _prompt: reply)


# -- the server
# ------------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[tuple[str, dict[str, Any]]]:
    """A chat service on this machine: (its address, what it was sent and what it shall answer)."""
    state: dict[str, Any] = {"status": 200, "body": {}}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            state["sent"], state["path"] = json.loads(self.rfile.read(size)), self.path
            state["key"] = self.headers.get("Authorization")
            body = (
                state["body"]
                if isinstance(state["body"], bytes)
                else json.dumps(state["body"]).encode()
            )
            self.send_response(state["status"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    made = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}/v1/", state
    made.shutdown()
    thread.join()
    made.server_close()


def test_the_command_asks_the_model_it_is_given(
    file: Path,
    market: Market,
    server: tuple[str, dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url, state = server
    monkeypatch.setenv(model.KEY, "secret-key")
    state["body"] = {
        "choices": [{"message": {"content": json.dumps([{"quote": QUOTE, "plain": PLAIN}])}}]
    }
    (tmp_path / "t.txt").write_text(TEXT)
    how = ["factcheck", str(tmp_path / "t.txt"), "--date", DAY, "--market", str(file), "--json"]
    assert main([*how, "--reader", url, "--reader-model", "small"]) == 0
    out, err = capsys.readouterr()
    assert [v["subject"] for v in json.loads(out)["verdicts"]] == ["S&P 500", "Russell 2000"]
    sent = state["sent"]
    assert (state["path"], sent["model"], state["key"]) == (
        "/v1/chat/completions",
        "small",
        "Bearer secret-key",
    )
    assert TEXT in sent["messages"][0]["content"]
    assert f"The text is sent to {url}" in err and "secret-key" not in out + err
    state.pop("sent")
    assert main(how) == 4 and "sent" not in state, "off unless asked for; a number is left unread"
    assert main([*how, "--reader", url]) == 2 and "--reader-model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, {}, "answers 401"),
        (200, b"<html>", "not that of a chat service"),
        (200, {"choices": []}, "not that of a chat service"),
    ],
)
def test_a_server_that_refuses_or_babbles(
    server: tuple[str, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: Any,
    said: str,
) -> None:
    url, state = server
    monkeypatch.setenv(model.KEY, "secret-key")
    state["status"], state["body"] = status, body
    with pytest.raises(SourceError, match=said) as caught:
        model.chat(url, "m")("hello")
    assert "secret-key" not in str(caught.value)


def test_a_dead_server_and_a_wrong_address() -> None:
    with pytest.raises(SourceError, match=r"no answer \(.*refused"):
        model.chat("http://127.0.0.1:9/v1", "m")("hello")
    for url in ("file:///etc/passwd", "localhost:11434"):
        with pytest.raises(UsageError, match="no address of a language model"):
            model.chat(url, "m")
