"""The client of a language model against a server of bad manners on this machine."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from paceline.errors import PacelineError, SourceError, UsageError
from paceline.factcheck import language_model as model
from paceline.factcheck import proposals

GOOD = json.dumps({"choices": [{"message": {"content": "[]"}}]}).encode()
Answer = Callable[[socket.socket], None]


@contextmanager
def serving(answer: Answer) -> Iterator[tuple[str, list[bytes]]]:
    """An address where ``answer`` writes to each who asks, and what was asked."""
    asked: list[bytes] = []
    door = socket.create_server(("127.0.0.1", 0))

    def one(caller: socket.socket) -> None:
        with caller, suppress(OSError):
            heard = b""
            while b"\r\n\r\n" not in heard:
                heard += caller.recv(65536)
            head, _, body = heard.partition(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            while len(body) < length:
                body += caller.recv(65536)
            asked.append(head + b"\r\n\r\n" + body)
            answer(caller)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=one, args=door.accept()[:1], daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}/v1", asked
    finally:
        door.shutdown(socket.SHUT_RDWR)
        door.close()


def whole(body: bytes, status: str = "200 OK", *headers: str) -> Answer:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return lambda caller: caller.sendall("\r\n".join(lines).encode() + body)


def dripping(first: bytes, drop: bytes, every: float = 0.05) -> Answer:
    """``first`` at once, then ``drop`` again and again for a long time."""

    def answer(caller: socket.socket) -> None:
        caller.sendall(first)
        for _ in range(400):
            time.sleep(every)
            caller.sendall(drop)

    return answer


def test_a_good_reply_is_read() -> None:
    with serving(whole(GOOD)) as (url, asked):
        assert model.chat(url, "m")("hello") == "[]"
    assert b"/v1/chat/completions" in asked[0] and b"hello" in asked[0]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 T", "308 P"])
def test_nothing_is_sent_across_a_redirect(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(model.KEY, "secret-key")
    with serving(whole(GOOD)) as (other, received):
        away = whole(b"", status, f"Location: {other}/chat/completions")
        with serving(away) as (url, asked), pytest.raises(SourceError) as caught:
            model.chat(url, "m")("my text")
        assert b"Authorization: Bearer secret-key" in asked[0].replace(
            b"authorization", b"Authorization"
        )
        assert received == []
    assert "sends elsewhere" in str(caught.value) and other in str(caught.value)
    assert "secret-key" not in str(caught.value)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n"


@pytest.mark.parametrize(
    "slow",
    [
        dripping(HEAD + b"\r\n", b" "),
        dripping(HEAD, b"X-Line: a\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        dripping(b"", b"H", every=10.0),
    ],
    ids=["body", "headers", "chunks", "silence"],
)
def test_the_whole_exchange_has_one_limit(slow: Answer) -> None:
    with serving(slow) as (url, _):
        began = time.monotonic()
        with pytest.raises(SourceError, match=r"no whole answer within 0\.6 seconds"):
            model.chat(url, "m", patience=0.6)("hello")
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (whole(b"[" * (model.LONGEST + 1)), "longer than 2,000,000 bytes"),
        (dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 500_000, every=0.0), "longer than"),
        (
            whole(gzip.compress(b" " * 10_000_000), "200 OK", "Content-Encoding: gzip"),
            "not that of",
        ),
        (whole(b"[" * 100_000), "not that of a chat service"),
        (whole(b""), "not that of a chat service"),
        (whole(b"\xff\xfe\x00"), "not that of a chat service"),
        (whole(b'{"choices": [{"message": {"content": null}}]}'), "not that of a chat service"),
        (whole(b'{"choices": [{"message": {"content": ["a"]}}]}'), "not that of a chat service"),
        (whole(b"no", "500 \x1b[31mred"), "answers 500"),
        (lambda caller: caller.sendall(b"SSH-2.0-OpenSSH\r\n"), "no answer"),
        (lambda _caller: None, "no answer"),
        (lambda caller: caller.sendall(HEAD + b"\r\nhalf"), "no answer"),
    ],
)
def test_a_reply_of_another_form_is_one_clear_error(answer: Answer, said: str) -> None:
    with serving(answer) as (url, _), pytest.raises(SourceError, match=said) as caught:
        model.chat(url, "m")("hello")
    assert str(caught.value).isprintable() and caught.value.remedy


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://",
        "http:///v1",
        "ftp://host/v1",
        "http://[::1",
        "http://host:99999/v1",
        "http://user:secret@host/v1",
        "http://ho st/v1",
        "\x1b[31mhttp://host",
    ],
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        model.chat(url, "m")
    assert "secret" not in str(caught.value) and str(caught.value).isprintable()


@pytest.mark.parametrize("key", ["two\nlines", "café", "a\x00b"[:1] + "\x07"])
def test_a_key_that_no_header_may_hold_is_not_shown(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(model.KEY, key)
    with pytest.raises(UsageError, match=model.KEY) as caught:
        model.chat("http://127.0.0.1:9/v1", "m")
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "[",
        "[" * 1_000_000,
        "]" * 10 + "[" * 10,
        "[[" * 50_000 + "]]" * 50_000,
        "[1, 2]",
        '[["quote", "plain"]]',
        '[{"quote": "x"}]',
        '[{"quote": 1, "plain": "x"}]',
        '[{"quote": null, "plain": null}]',
        '{"quote": "x", "plain": "y"}',
        '"text"',
        "[NaN]",
        json.dumps([{"quote": "x", "plain": "y"}] * (proposals.MOST + 1)),
        json.dumps([{"quote": "x", "plain": "y" * (proposals.LONGEST + 1)}]),
    ],
    ids=lambda reply: reply[:20],
)
def test_a_reply_that_is_no_list_of_claims(reply: str) -> None:
    import datetime as dt

    began = time.process_time()
    with pytest.raises(PacelineError, match="no list of claims") as caught:
        proposals.asked(lambda _prompt: reply, "text", dt.date(2025, 12, 5))
    assert caught.value.exit_code == 3
    assert time.process_time() - began < 5, "no reply takes the square of its length"
