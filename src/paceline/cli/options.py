"""What several verbs share: options, dates, progress on stderr, tables on stdout."""

from __future__ import annotations

import datetime as dt
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from paceline.doors import resolved, visible
from paceline.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from paceline.api import OpenMarket
    from paceline.figures import Figure

Progress = Callable[[str, float], None]
#: Columns of a table in a pipe: no row is broken.
UNFOLDED = 10_000
READ_ONLY = "The store is read-only: `paceline trace` will not find these figures."


def flag(help: str, name: str | None = None) -> Parameter:
    """A switch that is off unless given."""
    return Parameter(name=name, help=help, negative="", show_default=False)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Where:
    """Which market, which data, which store."""

    market: Annotated[
        Path | None,
        Parameter(
            name="--market", help="Market file. Default: market.toml here, else the simulated demo."
        ),
    ] = None
    data: Annotated[
        Path | None,
        Parameter(name="--data", help="Folder to which relative paths in the market file refer."),
    ] = None
    store: Annotated[Path | None, Parameter(name="--store", help="Folder of the store.")] = None
    debug: Annotated[bool, flag("Show the traceback of an error.", "--debug")] = False


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class When(Where):
    """The same, and what was known when."""

    as_of: Annotated[
        str | None,
        Parameter(name="--as-of", help="Last session to use (YYYY-MM-DD). Default: the latest."),
    ] = None
    store_version: Annotated[
        str | None,
        Parameter(
            name="--store-version", help="Load number, or date, as of which the store is read."
        ),
    ] = None


def day(text: str, option: str, *also: str) -> str:
    """An ISO date, or one of the words in ``also``; else a ``UsageError`` that names the option."""
    if text in also:
        return text
    accepted = "a date like 2025-12-05" + "".join(f" or {word!r}" for word in also)
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"{option}: {text!r} is not a date.", f"Give {accepted}.") from None


def version(text: str) -> int | str:
    """A load number or an ISO date."""
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        return day(text, "--store-version")
    except UsageError:
        raise UsageError(
            f"--store-version: {text!r} is neither a load number nor a date.",
            "Give a number like 3 or a date like 2025-12-05.",
        ) from None


def open_market(where: Where) -> OpenMarket:
    """The market the options describe; every option is checked before anything is read."""
    given: dict[str, Any] = {}
    if isinstance(where, When):
        if where.as_of is not None:
            given["as_of"] = day(where.as_of, "--as-of", "latest")
        if where.store_version is not None:
            given["version"] = version(where.store_version)
    if where.data is not None and not resolved(where.data, "--data").is_dir():
        raise UsageError(
            f"--data: {where.data} is not a folder.", "Name the folder that holds the data files."
        )
    import paceline

    return paceline.open(where.market, data=where.data, store=where.store, **given)


@contextmanager
def progress() -> Iterator[Progress | None]:
    """A bar on stderr while the body runs; None where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def report(text: str, share: float) -> None:
            bar.update(task, description=text, completed=share)

        yield report


def say(text: str) -> None:
    """One line on stdout."""
    sys.stdout.write(visible(text) + "\n")


def prose(text: str) -> None:
    """Sentences on stdout, broken between words where the terminal ends."""
    from rich.text import Text

    console().print(Text(visible(text)))


def note(text: str) -> None:
    """One line on stderr: for people, never for pipes."""
    sys.stderr.write(visible(text) + "\n")


def console() -> Console:
    """Where tables go: as wide as the terminal; in a pipe as wide as COLUMNS says, else as needed.

    A pipe has no width: every row stays on its line, so that other programs can find it.
    """
    from rich.console import Console

    free = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(width=UNFOLDED if free else None)


def say_age(market: OpenMarket) -> None:
    """How old the data are, beneath what was printed of the latest day; nothing if they are not."""
    from paceline.market.commands import notice
    from paceline.report import terminal

    terminal.warn(notice(market, here=True), console())


def remember(market: OpenMarket, figures: Iterable[Figure]) -> None:
    """Keep the lineage of what is about to be shown; a read-only store is noted, no error."""
    if not market.remember(figures):
        note(READ_ONLY)


def json_text(value: object, indent: int | None = None) -> str:
    """Strict JSON: no NaN, dates as text."""
    import json

    text = json.dumps(value, indent=indent, allow_nan=False, default=str, ensure_ascii=False)
    return _STEERING.sub(lambda found: json.dumps(found[0])[1:-1], text)


#: What could steer a terminal, and JSON lets pass: it is written as \\uXXXX.
_STEERING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def say_json(value: object) -> None:
    """Strict JSON on stdout."""
    say(json_text(value, 1))


def cell(value: object) -> str:
    """A value in a table of plain text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
