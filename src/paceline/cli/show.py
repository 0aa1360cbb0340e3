"""``paceline show MEASURE``: one sub-command a measure, its options taken from its parameters."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Group, Parameter

from paceline.cli import VERBS, settings
from paceline.cli.options import (
    When,
    console,
    day,
    flag,
    note,
    open_market,
    progress,
    remember,
    say,
    say_age,
    say_json,
)
from paceline.doors import check_target
from paceline.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as PlotlyFigure

    from paceline.api import OpenMarket
    from paceline.figures import Figure
    from paceline.measures import Measure
    from paceline.report.screen import Screen


#: Panels of the help page, in order.
OWN, GENERAL = Group("Options of this measure", sort_key=1), Group("General options", sort_key=2)
#: General options that give way to a parameter of the same name.
OF_THE_SCREEN = {"limit", "all"}
#: Sentences of a docstring on shapes of arrays and on exceptions.
_FOR_CALLERS = re.compile(r"(?<!\S)(?:Shapes?|Raises)\b.*?(?:\.(?=\s|$)|$)\s*", re.DOTALL)
Names = list[str] | None
Text = str | None


def _general(
    *,
    subject: Annotated[
        Names, Parameter(help="Basket, group or security (repeatable). Default: all.")
    ] = None,
    against: Annotated[
        Names, Parameter(help="Compare each subject with this basket (repeatable).")
    ] = None,
    since: Annotated[
        Text, Parameter(help="Start at this close: a date, or 'low' for the last swing low.")
    ] = None,
    basis: Annotated[
        Literal["price", "total"] | None, Parameter(help="Use price or total returns.")
    ] = None,
    history: Annotated[bool, flag("Show every session, not only the last.")] = False,
    limit: Annotated[
        int | None,
        Parameter(help="Show so many rows, the latest and largest first. Default: a screenful."),
    ] = None,
    all: Annotated[bool, flag("Show every row, as in a pipe or a file.")] = False,
    json: Annotated[bool, flag("Print JSON rows; returns are fractions.", "--json")] = False,
    csv: Annotated[
        Text,
        Parameter(
            help="Write CSV to this file; alone or with '-', print it.", allow_leading_hyphen=True
        ),
    ] = None,
    png: Annotated[
        Path | None, Parameter(help="Draw the picture into this file (pip install paceline[png]).")
    ] = None,
    where: When | None = None,
) -> None:
    """The options every measure has; only the signature is used."""


def _command(measure: Measure) -> Callable[..., int]:
    general = dict(inspect.signature(_general, eval_str=True).parameters)
    # still understood, so that the market can say why it does not apply
    if "since" not in measure.params:
        hidden = Annotated[Text, Parameter(show=False)]
        general["since"] = general["since"].replace(annotation=hidden)
    for name in OF_THE_SCREEN & set(measure.params):  # a plug-in's parameter comes first
        general.pop(name)
    notes = measure.notes()
    own = [
        p.replace(
            annotation=Annotated[
                p.annotation, Parameter(group=OWN, help=notes.get(name, "").replace("``", ""))
            ]
        )
        for name, p in measure.params.items()
        if name not in general
    ]

    def command(**given: object) -> int:
        shared = {k: given.pop(k, p.default) for k, p in general.items()}
        return _show(measure.name, shared, given)

    command.__name__ = measure.name
    command.__signature__ = inspect.Signature([*own, *general.values()])  # type: ignore[attr-defined]
    return command


def _show(name: str, general: dict[str, Any], params: dict[str, Any]) -> int:
    from paceline.market.measuring import show_or_why

    screen = _screen(general.get("limit"), everything=general.get("all", False))
    _check_files(name, general)
    since = general["since"]
    if since is not None:
        since = day(since, "--since", "low")
    market = open_market(general["where"] or When())
    with progress() as bar:
        market.ensure(bar)
    figures = show_or_why(
        market,
        name,
        subjects=general["subject"],
        against=general["against"],
        since=since,
        basis=general["basis"],
        history=general["history"],
        **params,
    )
    remember(market, figures)
    if general["png"] is not None:
        how = {
            key: value
            for key, value in (("since", since), ("basis", general["basis"]))
            if value is not None
        }
        _draw(market.plot(name, general["subject"], **how, **params), general["png"])
    files = [general["png"], general["csv"]]
    if general["json"] or files != [None, None]:
        _write(market, figures, general)
        return 0
    from paceline.report import terminal

    left = terminal.rows(figures, console(), screen)
    say_age(market)
    if left:
        note(f"{left:,} more rows: `{_everything(market, name, general, params)}`")
    if not figures:
        asked = ", ".join([*(general["subject"] or ()), *(general["against"] or ())])
        note(f"{name} has no value {f'for {asked} ' if asked else ''}as of {market.as_of}.")
    return 0


def _check_files(name: str, general: dict[str, Any]) -> None:
    """Refuse what cannot be written before any work is done."""
    if general["png"] is not None:
        _need_kaleido()
        check_target(general["png"], "--png", f"{name}.png")
    if general["csv"] not in (None, "-"):
        check_target(general["csv"], "--csv", f"{name}.csv")


def _write(market: OpenMarket, figures: Sequence[Figure], general: dict[str, Any]) -> None:
    """Every row as JSON or CSV, on stdout or into the file named; never cut."""
    from paceline.market.age import with_age
    from paceline.report import tables
    from paceline.writing import write_text

    age = market.age
    rows = [with_age(tables.row(figure), age) for figure in figures]
    if general["csv"] not in (None, "-"):
        write_text(general["csv"], tables.csv_text(rows, tables.FIGURE))
    if general["json"]:
        say_json(rows)
    elif general["csv"] == "-":
        say(tables.csv_text(rows, tables.FIGURE).rstrip("\n"))
    if general.get("limit") is not None:
        note(f"--limit is for the table on a screen: all {len(rows):,} rows are written.")


def _screen(limit: int | None, *, everything: bool) -> Screen:
    """How many rows are shown: as asked, as many as fit a terminal, all of them in a pipe."""
    from paceline.report.screen import Screen

    if limit is not None and everything:
        raise UsageError("--limit and --all exclude each other.", "Give one of them.")
    if limit is not None and limit < 1:
        raise UsageError(f"--limit: {limit} rows.", "Give 1 or more, or --all.")
    if limit is not None or everything or not sys.stdout.isatty():
        return Screen(limit=limit)
    return Screen(height=console().height)


def _everything(
    market: OpenMarket, name: str, general: dict[str, Any], params: dict[str, Any]
) -> str:
    """The command that shows every row of what was asked."""
    from paceline.market.commands import line

    words: list[str] = []
    for option in ("subject", "against"):
        for one in general[option] or ():
            words += [f"--{option}", one]
    for option in ("since", "basis"):
        words += [f"--{option}", str(general[option])] if general[option] is not None else []
    words += ["--history"] if general["history"] else []
    for key, value in params.items():
        option = f"--{key.replace('_', '-')}"
        for one in value if isinstance(value, (list, tuple)) else [value]:
            words += [option] if one is True else [option, str(one)] if one is not False else []
    when = general["where"] or When()
    words += ["--as-of", when.as_of] if when.as_of is not None else []
    words += ["--store-version", when.store_version] if when.store_version is not None else []
    return line(("show", name), market, *words, "--all")


def _need_kaleido() -> None:
    from importlib.util import find_spec

    if find_spec("kaleido") is None:
        raise UsageError(
            "--png needs the package kaleido, which is not installed.",
            "Install it with `pip install paceline[png]`.",
        )


def _draw(figure: PlotlyFigure, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.write_image(path, scale=2)
    except Exception as error:  # kaleido drives a browser, which fails in many ways
        raise UsageError(
            f"{path}: the picture could not be drawn ({type(error).__name__}: {error}).",
            "kaleido needs a Chrome or Chromium it can start; --csv needs nothing.",
        ) from None


def _help(measure: Measure) -> str:
    """The question and the definition, without what only a caller in Python needs.

    The parameters stand with the options.
    """
    prose = [p for p in measure.doc.split("\n\n") if p.partition("  ")[0] not in measure.params]
    told = (_FOR_CALLERS.sub("", _flowing(p.replace("``", ""))).strip() for p in prose)
    return "\n\n".join(filter(None, [measure.question, *told]))


def _flowing(paragraph: str) -> str:
    """A paragraph as one line; a list of names and what they mean keeps one line for each."""
    lines = re.sub(r"\n\s+", " ", paragraph).split("\n")
    listed = sum(bool(re.match(r"\S.*?\S {2,}\S", line)) for line in lines) > len(lines) / 2
    return "\n".join(lines) if listed else " ".join(paragraph.split())


def _files(tokens: Sequence[str]) -> list[Path]:
    """The plug-in files of the market that the options name.

    Looked up before the options are parsed: which there are depends on the measures.
    """
    from paceline import plugins

    named = Path("market.toml")
    for option, following in zip(tokens, [*tokens[1:], ""], strict=True):
        name, equals, value = option.partition("=")
        if name == "--market":
            named = Path(value if equals else following)
    return plugins.files_of(named) if named.is_file() else []


def build(tokens: Sequence[str]) -> tuple[App, list[str]]:
    """The ``show`` command with every measure found, and the words to give it.

    The measure may stand after general options (``show --json breadth``), and ``--csv`` may stand
    alone.
    """
    from paceline import measures, plugins

    known = measures.discover(plugins.load(_files(tokens)))
    app = App(name="paceline show", help=VERBS["show"], group_parameters=GENERAL, **settings())
    for name, found in known.items():
        app.command(_command(found), name=name, help=_help(found))
    words = [measures.ALIASES.get(word, word) for word in tokens]
    if words and words[0].startswith("-") and words[0] not in ("-h", "--help"):
        place = next((i for i, word in enumerate(words) if word in known), None)
        if place is None and {"--help", "-h"} & set(words):
            return app, ["--help"]
        if place is None:
            raise UsageError("show: no measure is named.", "`paceline list measures` lists them.")
        words.insert(0, words.pop(place))
    if words and not words[0].startswith("-") and words[0] not in known:
        raise UnknownName("measure", words[0], known)
    for i in reversed(range(len(words))):
        if words[i] == "--csv" and (i + 1 == len(words) or words[i + 1].startswith("--")):
            words.insert(i + 1, "-")
    return app, words
