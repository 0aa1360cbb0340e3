"""``paceline factcheck TEXT``: the claims of a market commentary, each with a verdict."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from paceline.cli.options import (
    When,
    day,
    flag,
    note,
    open_market,
    progress,
    remember,
    say,
    say_json,
)
from paceline.cli.tables import say_table
from paceline.doors import LARGEST_TEXT, check_target, impossible, read_bytes
from paceline.errors import UsageError
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.factcheck import Checked, Verdict


def factcheck(
    text: Annotated[str, Parameter(allow_leading_hyphen=True)] = "-",
    /,
    *,
    date: str | None = None,
    json: Annotated[bool, flag("Print JSON; returns are fractions.", "--json")] = False,
    html: Annotated[
        Path | None,
        Parameter(help="Also write the text, with its claims marked in the margin, to this file."),
    ] = None,
    readings: Annotated[bool, flag("Also list every reading that was tried.")] = False,
    reader: Annotated[
        str | None,
        Parameter(
            help="Address of a language model that may propose further claims; "
            "the text is sent to it."
        ),
    ] = None,
    reader_model: Annotated[str, Parameter(help="Its name at that address.")] = "",
    score: Annotated[
        bool, flag("TEXT is a folder of texts with answer keys: measure the reader on them.")
    ] = False,
    where: When | None = None,
) -> int:
    """Check the claims of a market commentary, with a verdict on each.

    Exit code 0: all claims hold or are close; 1: some do not; 4: none differs, but numbers were
    not understood; 3: all else holds, but data are missing; 2: the request is wrong, a file that
    is not there, say.

    Parameters
    ----------
    text
        A file; '-' or nothing for standard input.
    date
        The day it was written (YYYY-MM-DD). Default: the date given in the text.
    """
    if date is not None:
        date = day(date, "--date")
    if html is not None:
        check_target(html, "--html", "factcheck.html")
    ask = _reader(reader, reader_model) if reader is not None else None
    if score:
        return _score(Path(text), json, where or When())
    commentary = _read(text)
    market = open_market(where or When())
    with progress() as bar:
        market.ensure(bar)
        checked = market.factcheck(commentary, date, ask=ask)
    remember(market, (v.figure for v in checked))
    if html is not None:
        from paceline.report import factcheck as page

        page.write(checked, html, market.title)
        note(f"Page: {html}")
    if json:
        say_json(checked.to_json())
    else:
        _show(checked, readings)
    return int(checked.exit_code)


def _reader(address: str, model: str) -> Callable[[str], str]:
    """The language model that may propose claims; the user is told that the text is sent."""
    from paceline.factcheck.language_model import chat

    if not model:
        raise UsageError(
            "--reader needs --reader-model.", "Name the model, e.g. --reader-model llama3.1."
        )
    ask = chat(address, model)
    note(f"The text is sent to {address}; its proposals are checked like every other claim.")
    return ask


def _score(folder: Path, json: bool, where: When) -> int:
    """Measure the reader on a folder of texts with answer keys."""
    from paceline.factcheck.score import measure

    market = open_market(where)
    with progress() as bar:
        market.ensure(bar)
        result = measure(market, folder)
    if json:
        say_json(result.to_json())
    else:
        for line in result.lines():
            say(line)
    return int(not result.passed)


def _read(text: str) -> str:
    if text == "-":
        if sys.stdin.isatty():
            note("Paste the text, then end with Ctrl-D.")
        raw = _standard_input()
    else:
        if not impossible(text) and Path(text).is_dir():
            raise UsageError(
                f"{text} is a folder.",
                "Name a text file, or add --score for a folder with answer keys.",
            )
        try:
            raw = read_bytes(text, UsageError, LARGEST_TEXT)
        except FileNotFoundError:
            raise UsageError(
                f"{text[:200]!r}: cannot be read (No such file or directory).",
                "Name a text file, or give the text on standard input.",
            ) from None
    for encoding in (
        ("utf-8-sig", "utf-16") if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",)
    ):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp1252", errors="replace")


def _standard_input() -> bytes:
    """All of standard input, up to the limit of a text."""
    if hasattr(sys.stdin, "buffer"):
        raw: bytes = sys.stdin.buffer.read(LARGEST_TEXT + 1)
    else:
        raw = sys.stdin.read(LARGEST_TEXT + 1).encode()
    if len(raw) > LARGEST_TEXT:
        raise UsageError(
            f"standard input: more than the {LARGEST_TEXT:,} bytes that are read.",
            "Give the text in parts.",
        )
    return raw


def _show(checked: Checked, readings: bool) -> None:
    from paceline.report.factcheck import plain

    say(
        f"Text of {checked.date} ({plain(checked.dated)}), prices up to {checked.as_of}: "
        f"{number_of(len(checked.claims), 'claim')} found."
    )
    rows = [
        [
            v.verdict,
            plain(v.quote),
            v.ours,
            plain(v.reason),
            f"{v.matching} of {len(v.tried)}" if v.tried else "",
            f"{v.width * 100:.2f} pts"
            if v.width is not None and v.figure.unit in ("return", "fraction")
            else "",
        ]
        for v in checked.claims
    ]
    if rows:
        say_table(["verdict", "the text says", "ours", "why", "readings", "width"], rows)
    for v in checked.claims:
        _advise(v, readings)
    beside = [v for v in checked if v not in checked.claims]
    if beside:
        say_table(
            ["not checkable", "the text says", "why"],
            [[v.kind, plain(v.quote), plain(v.reason)] for v in beside],
        )
    if checked.unread:
        say_table(
            ["not understood", "why"], [[plain(u.quote), plain(u.reason)] for u in checked.unread]
        )
    for line in checked.notes:
        say(line)
    counts = [f"{n} {name}" for name, n in checked.counts.items()]
    if checked.unread:
        counts.append(f"{number_of(len(checked.unread), 'number')} not understood")
    say("; ".join(counts) + "." if counts else "Nothing to check.")


def _advise(v: Verdict, readings: bool) -> None:
    """What is safe to say, and what was tried."""
    from paceline.report.factcheck import plain

    if v.dont or v.verdict == "close":
        say(f"* {plain(v.quote)}")
        if v.verdict == "differs":
            _differs(v)
        say(f"    Safe to say: {plain(v.safe)}")
        if v.dont:
            say(f"    {plain(v.dont)}")
    for t in v.tried if readings else ():
        mark = "matches" if t.match else "       "
        say(f"    {mark}  {t.value:+.4f}  {plain(t.reading)}  [{v.quote[:40]}]")


def _differs(v: Verdict) -> None:
    """The sentence, the reading with its number, and the reading that comes closest."""
    from paceline.figures import show
    from paceline.report.factcheck import plain

    basis = {"price": ", price", "total": ", total return"}.get(v.figure.basis, "")
    say(f"    In: {plain(v.sentence)}")
    say(f"    Read as: {plain(v.subject)} {plain(v.said)}; ours {v.ours}, {v.window}{basis}")
    if v.closest is not None:
        say(f"    Closest: {plain(v.closest.reading)}: {show(v.closest.value, v.closest.unit)}")
