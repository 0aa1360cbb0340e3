"""The figures of a document, and rows of figures, in a terminal.

Colour turns itself off when the output is no terminal or NO_COLOR is set (rich does so); everything
fits the width there is, 80 columns included.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from paceline.document import Document, Grid, Part, Section, Sentence, figure_of
from paceline.doors import visible
from paceline.figures import ESTIMATES, SIGNED, Figure, show
from paceline.report import first_page
from paceline.report.screen import CAVEATS, LEAST, UNDER, Screen, ranked
from paceline.report.styled import cell, prose
from paceline.report.tables import words

#: Rows of a table that the summary shows whole; of a longer one, such as a league, it shows both
#: ends.
WHOLE, ENDS = 10, 4
#: A window of one session, as a title says it.
ONE_DAY = re.compile(r"\bfrom (\S+) to \1(?=,|$)")
#: Subjects that a caveat beneath a table names; least width of a subject that is wrapped.
NAMED, SUBJECT = 3, 18


def summary(document: Document, console: Console | None = None, notice: str | None = None) -> None:
    """Page one; without one the headline, two tables, and a line per further question.

    Measures of plug-ins stand as tables behind the line of their section.

    notice  how old the data are, as it is said here; None: as the page says it
    """
    console = console or Console()
    title = Text.assemble((visible(document.title), "bold"), f"  as of {document.as_of}")
    if document.simulated:
        title.append("  SIMULATED", style="bold yellow")
    console.print(title)
    warn(document.notice if notice is None else notice, console)
    if document.page_one is not None:
        for line in first_page.lines(document):
            console.print(line)
    else:
        _answers(document, console)
    for section in document.sections:
        for further in section.further:
            if isinstance(further, Grid):
                console.print()
                console.print(_grid(words(further.title), further, console.width))


def _answers(document: Document, console: Console) -> None:
    """The headline, and the answer of each section: its table, or its first sentence."""
    console.print()
    for sentence in document.headline:
        console.print(prose(sentence))
    shown = _tabled(document.sections)
    for section in document.sections:
        grid = next((b for b in section.blocks if isinstance(b, Grid)), None)
        answer = next((b for b in section.blocks if isinstance(b, Sentence)), None)
        if grid is not None and section.name in shown:
            console.print()
            console.print(_grid(section.question, grid, console.width))
        elif answer is not None:
            console.print()
            console.print(Text.assemble((visible(section.title), "bold"), "  ", prose(answer)))


def warn(text: str, console: Console | None = None) -> None:
    """A line that must not be overlooked, as caveats are written; nothing for ""."""
    if text:
        (console or Console()).print(Text.assemble(("! ", "yellow"), visible(text)))


def _tabled(sections: Sequence[Section]) -> set[str]:
    """The since-the-low section, and the league of sectors or else the first league."""
    leagues = [s.name for s in sections if "league" in s.name or "sector" in s.name]
    chosen = next((name for name in leagues if "sector" in name), leagues[0] if leagues else "")
    return {"since_low", chosen}


def _grid(question: str, grid: Grid, width: int) -> Table:
    """The leading columns that fit the width; the whole table is in the report."""
    rows: Sequence[tuple[Part | None, ...]] = grid.rows
    if len(rows) > WHOLE:
        rows = [*rows[:ENDS], (), *rows[-ENDS:]]
    table, fitting, room = _table(question), [], width
    for at, name in enumerate(grid.columns):
        cells = [cell(r[at]) if r else Text("…", style="dim") for r in rows]
        need = max(
            [len(word) for word in words(name).split()] + [c.cell_len for c in cells], default=0
        )
        room -= need + 3 * (at > 0)
        if room < 0:
            break
        number = any(figure_of(r[at]) for r in rows if r)
        table.add_column(
            Text("\n".join(textwrap.wrap(visible(words(name)), max(need, 1)))),
            no_wrap=True,
            vertical="bottom",
            justify="right" if number else "left",
        )
        fitting.append(cells)
    for line in zip(*fitting, strict=True):
        table.add_row(*line)
    return table


def _table(title: str) -> Table:
    return Table(
        title=Text(visible(title)) if title else None,
        title_style="bold",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        header_style="dim",
    )


def _column(table: Table, name: str, *, number: bool) -> None:
    table.add_column(
        Text(visible(name)),
        justify="right" if number else "left",
        no_wrap=number,
        overflow="ellipsis" if number else "fold",
    )


# -- rows of figures

#: Columns of the row table, in order: key of ``Figure.to_json`` -> heading. Further columns stand
#: before the last.
COLUMNS = {
    "measure": "measure",
    "subject": "subject",
    "against": "against",
    "statistic": "statistic",
    "start": "from",
    "end": "to",
    "value": "value",
    "members": "members",
    "basis": "basis",
}
_PLACED = {*COLUMNS, "unit", "n_used", "n_eligible", "as_of", "caveats", "evidence", "figure"}
_WORDS = ("measure", "subject", "against", "statistic", "basis")


@runtime_checkable
class Frame(Protocol):
    """A table that gives its rows by name, as a polars frame does."""

    def iter_rows(self, *, named: Literal[True]) -> Iterable[Mapping[str, Any]]:
        """The rows, each a mapping from column to value."""


def rows(
    figures: Iterable[Figure | Mapping[str, Any]] | Frame,
    console: Console | None = None,
    screen: Screen | None = None,
) -> int:
    """Figures, rows of ``Figure.to_json`` or a frame of them as a table, caveats once beneath.

    What is the same in every row (measure, window, basis ...) stands once in the title. Where the
    terminal is too narrow, the words of a row share one column, and its figure's id stands beneath
    them. Returns how many rows ``screen`` left out; those shown are the first of ``ranked``.
    """
    console, screen = console or Console(), screen or Screen()
    given = figures.iter_rows(named=True) if isinstance(figures, Frame) else figures
    data: list[Mapping[str, Any]] = [
        dict(f.to_json() if isinstance(f, Figure) else f) for f in given
    ]
    if not data:
        console.print("No rows.")
        return 0
    shown = _fitting(data, console, screen)
    caveats = _caveats(shown)
    some = _leading(caveats, console, screen)
    console.print(_row_table(shown, console.width))
    for caveat in some:
        warn(caveat, console)
    if len(some) < len(caveats):
        warn(f"and {len(caveats) - len(some)} more caveats: --all shows them", console)
    return len(data) - len(shown)


def _fitting(
    data: Sequence[Mapping[str, Any]], console: Console, screen: Screen
) -> Sequence[Mapping[str, Any]]:
    """All rows, or the first of ``ranked`` that are wanted and fit with their caveats."""
    most = len(data) if screen.rows is None else min(screen.rows, len(data))
    first = data if most == len(data) else ranked(data)[:most]
    if screen.height is None or screen.limit is not None:
        return first
    for n in range(most, LEAST, -1):
        part = first if n == most else ranked(data)[:n]
        caveats = _leading(_caveats(part), console, screen)
        lines = len(console.render_lines(_row_table(part, console.width)))
        if lines + sum(_height(c, console) for c in caveats) + UNDER <= screen.height:
            return part
    return first if most <= LEAST else ranked(data)[:LEAST]


def _caveats(data: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each caveat once; where only some of several subjects carry it, with their names."""
    carried: dict[str, dict[str, None]] = {}
    for row in data:
        for caveat in row.get("caveats") or ():
            carried.setdefault(caveat, {})[str(row.get("subject"))] = None
    every = len({str(row.get("subject")) for row in data})
    return [
        caveat
        if len(whose) == every or any(name in caveat for name in whose)
        else f"{caveat} ({', '.join([*whose][:NAMED])}{', ...' if len(whose) > NAMED else ''})"
        for caveat, whose in carried.items()
    ]


def _leading(caveats: Sequence[str], console: Console, screen: Screen) -> Sequence[str]:
    """The first caveats that take no more than their share of a screen; one in any case."""
    if screen.height is None or screen.limit is not None:
        return caveats
    room, taken = screen.height * CAVEATS, 0
    for at, caveat in enumerate(caveats):
        taken += _height(caveat, console)
        if at and taken > room:
            return caveats[:at]
    return caveats


def _height(caveat: str, console: Console) -> int:
    """Lines that a caveat takes."""
    return len(console.render_lines(Text(f"! {visible(caveat)}")))


def _row_table(data: Sequence[Mapping[str, Any]], width: int) -> Group:
    """The table of these rows beneath its title, as wide as the terminal at most."""
    data = [
        {**r, "members": f"{r['n_used']}/{r['n_eligible']}" if r.get("n_eligible") else None}
        for r in data
    ]
    headings = {
        **COLUMNS,
        **{k: k.replace("_", " ") for k in data[0] if k not in _PLACED},
        "figure": "figure",
    }
    title, cells = _split(data, headings)
    if _width(cells, headings) > width:
        cells = _stacked(cells, (*_WORDS, "figure"))
        if _narrowest(cells, headings) > width:
            cells = _stacked(cells, ("subject", "start", "end"))
        cells = _beneath(cells, headings, width)
    table = _table("")
    for key in cells:
        _column(table, headings[key], number=key not in _WORDS)
    for line in zip(*cells.values(), strict=True):
        table.add_row(*line)
    return Group(*([Text(title, style="bold")] if title else []), table)


def _split(
    data: Sequence[Mapping[str, Any]], headings: Mapping[str, str]
) -> tuple[str, dict[str, list[Text]]]:
    """The title, of what is the same in every row, and the columns that remain."""
    title: list[str] = []
    cells: dict[str, list[Text]] = {}
    for key, heading in headings.items():
        column = [_text(r, key) for r in data]
        if not any(column):
            continue
        same = len(set(map(str, column))) == 1
        if key == "measure" and same:
            title.append(column[0].plain)
        elif same and len(data) > 1 and key not in ("subject", "value", "figure"):
            title.append(f"{heading} {column[0]}")
        else:
            cells[key] = column
    told = ", ".join(filter(None, title)).replace(", to ", " to ")
    return ONE_DAY.sub(r"on \1", told), cells


def _width(cells: Mapping[str, list[Text]], headings: Mapping[str, str]) -> int:
    return sum(
        max(len(headings[k]), *(t.cell_len for t in column)) + 3 for k, column in cells.items()
    )


def _narrowest(cells: Mapping[str, list[Text]], headings: Mapping[str, str]) -> int:
    """Width with a subject that is wrapped."""
    return _width({**cells, "subject": [Text(" " * SUBJECT)]}, headings)


def _beneath(
    cells: dict[str, list[Text]], headings: Mapping[str, str], width: int
) -> dict[str, list[Text]]:
    """As many further columns, from the last, as words beneath the subject as the width asks for.

    So no number is ever cut.
    """
    further = [k for k in cells if k not in COLUMNS]
    moved: list[str] = []
    while (
        further and _narrowest({k: v for k, v in cells.items() if k not in moved}, headings) > width
    ):
        moved.insert(0, further.pop())
    first = []
    for at, subject in enumerate(cells["subject"]):
        told = [f"{headings[k]} {cells[k][at].plain}" for k in moved if cells[k][at].plain]
        first.append(
            subject.copy().append("\n" + ", ".join(told), style="dim") if told else subject
        )
    return {**{k: v for k, v in cells.items() if k not in moved}, "subject": first}


def _stacked(cells: dict[str, list[Text]], moved: tuple[str, ...]) -> dict[str, list[Text]]:
    """The columns ``moved`` as one: words in the first line, window and id in lines beneath."""
    first = []
    for at, subject in enumerate(cells["subject"]):
        part = {k: cells[k][at].plain for k in moved if k in cells and cells[k][at].plain}
        text = subject.copy()
        text.append(f" against {part['against']}" if "against" in part else "")
        text.append("".join(f", {part[k]}" for k in ("measure", "statistic", "basis") if k in part))
        window = " to ".join(part[k] for k in ("start", "end") if k in part)
        for line in filter(None, (window, part.get("figure"))):
            text.append("\n" + line, style="dim")
        first.append(text)
    return {"subject": first, **{k: v for k, v in cells.items() if k not in moved}}


def _text(row: Mapping[str, Any], key: str) -> Text:
    value, unit = row.get(key), str(row.get("unit") or "")
    if key == "measure":
        return Text(visible(str(value or "").replace("_", " ")))
    if key != "value":
        number = show(value, "estimate") if key in ESTIMATES else None
        shown = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
        shown = number if number is not None and isinstance(value, float) else shown
        return Text(visible(shown))
    text = Text(visible(show(value, unit)), style="bold")
    if unit in SIGNED and isinstance(value, (int, float)):
        text.stylize("blue" if value >= 0 else "dark_orange3")
    return text
