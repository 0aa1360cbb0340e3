"""Tables in a text: rows and columns by their marks, each cell with its headings.

Rows of cells between bars (Markdown, tabs, HTML), commas or wide gaps; or one cell a line. A cell's
subject and window are those of its row's and column's heading, whichever way round they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from paceline.factcheck import windows
from paceline.factcheck.claims import Aside, Claim
from paceline.factcheck.dates import Window
from paceline.factcheck.quantities import Number
from paceline.factcheck.subjects import Names, Subject

_NUMBER = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[+-])?\s*\$?(?P<value>\d{1,3}(?:,\d{3})+(?:\.\d+)?|"
    r"\d*\.?\d+)\)?\s*(?P<percent>%|pct|pc|percent)?\s*(?P<points>pts?\.?|points)?\)?"
)
_RULE = re.compile(r"[\s|:=_+-]*")
#: Headings of columns that hold something else than a change in percent.
_LEVEL = re.compile(
    r"\b(?:close|closing|level|last|price|settle|value|index level|finish)\b", re.IGNORECASE
)
_POINTS = re.compile(r"\b(?:points?|pts|net change|net chg|change \(pts\))\b", re.IGNORECASE)
_CHANGE = re.compile(
    r"^(?:%|pct\.?|percent(?:age)?)?\s*(?:chg|change|move|return|gain|"
    r"performance)?\.?\s*(?:\(?%\)?)?$",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"%|\bpercent|\breturns?\b|\bperformance\b", re.IGNORECASE)
#: Short headings -> the words that name their window.
_SHORT = (
    (r"(?:1|one)[- ]?d(?:ay)?|daily|today|day|session", "today"),
    (r"(?:1|one)[- ]?w(?:ee)?k?|wtd|weekly|week|wk|this week|5[- ]?d(?:ays?)?", "for the week"),
    (r"mtd|month[- ]to[- ]date", "month to date"),
    (r"qtd|quarter[- ]to[- ]date", "quarter to date"),
    (r"month|monthly|this month", "for the month"),
    (r"quarter|quarterly|this quarter", "for the quarter"),
    (r"ytd|year|year[- ]to[- ]date|this year|annual", "year to date"),
    (r"(?P<n>\d{1,2}|one|two|three|five|six|ten)[- ]?(?P<u>m|mo|mos|months?|y|yr|yrs|years?)", ""),
)
#: A cell has at most this many characters; a table at least two rows.
CELL = 60


class Cell(NamedTuple):
    """A cell: its place in the clean text and its words."""

    start: int
    end: int
    text: str


@dataclass
class Table:
    """Rows of cells, the first of them headings; ``title`` is the line above."""

    rows: list[list[Cell]]
    title: str = ""

    @property
    def start(self) -> int:
        """Its first character."""
        return self.rows[0][0].start

    @property
    def end(self) -> int:
        """Its last character, and one."""
        return self.rows[-1][-1].end


def find(clean: str) -> list[Table]:
    """The tables of a text, in its order."""
    lines = [(m.start(), m.group()) for m in re.finditer(r"[^\n]+", clean)]
    found: list[Table] = []
    k = 0
    while k < len(lines):
        rows, after = _block(lines, k)
        if len(rows) >= 2 and any(_numeric(c) for row in rows for c in row[1:]):
            title = " / ".join(line.strip() for _, line in lines[max(0, k - 2) : k])
            found.append(Table(rows, title))
            k = after
        else:
            k += 1
    return found


def _block(lines: list[tuple[int, str]], k: int) -> tuple[list[list[Cell]], int]:
    """The rows of a table that begins at a line, and the line after it."""
    for split in (_bars, _gaps, _commas):
        rows: list[list[Cell]] = []
        n = k
        while n < len(lines):
            cells = split(*lines[n])
            if _RULE.fullmatch(lines[n][1]) and rows:
                n += 1
                continue
            if (
                len(cells) < 2
                or (len(rows) > 1 and abs(len(cells) - len(rows[-1])) > 1)
                or any(len(c.text) > CELL for c in cells)
            ):
                break
            rows.append(cells)
            n += 1
        while (
            len(rows) > 2
            and len(rows[0]) < len(rows[1])
            and not any(_numeric(c) for c in (*rows[0], *rows[1][1:]))
        ):
            rows.pop(0)  # a title with a bar in it
        if len(rows) >= 2 and sum(any(_numeric(c) for c in row[1:]) for row in rows) >= max(
            1, len(rows) // 2
        ):
            return rows, n
    return _column(lines, k)


def _bars(at: int, line: str) -> list[Cell]:
    if "|" not in line:
        return []
    return [
        c
        for m in re.finditer(r"[^|]+", line)
        if (c := _cell(at + m.start(), m.group())).text or m.start() > 0
    ]


def _gaps(at: int, line: str) -> list[Cell]:
    if not re.search(r"\S {2,}\S", line):
        return []
    cells = [_cell(at + m.start(), m.group()) for m in re.finditer(r"\S+(?: \S+)*", line)]
    joined = re.fullmatch(r"(.*[A-Za-z]\w*) (\d[\d,]*\.\d+%?)", cells[0].text)
    if joined is not None:  # a long name leaves one blank before its number
        cells[:1] = [
            _cell(cells[0].start, joined[1]),
            _cell(cells[0].start + joined.start(2), joined[2]),
        ]
    return cells


def _commas(at: int, line: str) -> list[Cell]:
    if line.rstrip().endswith((".", "!", "?")) or re.search(r",\s", line) or line.count(",") < 2:
        return []
    return [
        _cell(at + m.start(), m.group()) for m in re.finditer(r"(?:[^,]|,(?=\d{3}(?!\d)))+", line)
    ]


def _cell(at: int, text: str) -> Cell:
    bare = text.strip(" *_`")
    start = at + text.find(bare) if bare else at
    return Cell(start, start + len(bare), bare)


def _column(lines: list[tuple[int, str]], k: int) -> tuple[list[list[Cell]], int]:
    """One cell a line: headings, then a name and its numbers again and again."""
    cells: list[Cell] = []
    n = k
    while (
        n < len(lines)
        and len(lines[n][1].strip()) <= 40
        and not lines[n][1].rstrip().endswith((".", ":", ",", ";", "!", "?"))
        and not re.match(r"\s*[-*\u2022]\s", lines[n][1])
    ):
        cells.append(_cell(*lines[n]))
        n += 1
    kinds = [_numeric(c) for c in cells]
    first = next((i for i in range(1, len(cells)) if kinds[i] and not kinds[i - 1]), 0) - 1
    if first < 1:
        return [], k
    width = next(
        (i for i in range(1, len(cells) - first) if not kinds[first + i]), len(cells) - first
    )
    rows = []
    i = first
    while i + width <= len(cells) and not kinds[i] and all(kinds[i + 1 : i + width]):
        rows.append(cells[i : i + width])
        i += width
    heads = cells[max(0, first - width) : first]
    if len(rows) < 2 or len(heads) < width - 1 or any(kinds[max(0, first - width) : first]):
        return [], k
    heads = (
        heads[-width:]
        if len(heads) == width
        else [Cell(heads[0].start, heads[0].start, ""), *heads]
    )
    return [heads, *rows], k + i


def _numeric(c: Cell) -> bool:
    return _NUMBER.fullmatch(c.text) is not None or c.text.casefold() in (
        "n/a",
        "na",
        "-",
        "\u2014",
        "unch",
        "unch.",
    )


def _heading(row: list[Cell]) -> bool:
    """Whether a first row is one of headings: of words, or years."""
    return not any(_numeric(c) and not re.fullmatch(r"(?:19|20)\d\d", c.text) for c in row[1:])


class Tables:
    """Reads tables: claims for their cells, reasons for those that are not understood."""

    def __init__(self, names: Names, when: windows.Reader) -> None:
        self.names, self.when = names, when

    def read(self, table: Table) -> Iterator[Claim | Aside]:
        """A claim for every cell whose headings name a subject and a window, or a close."""
        head, *rows = table.rows if _heading(table.rows[0]) else ([], *table.rows)
        for row in rows:
            shift = len(head) - len(row) if head else 0
            several = sum(map(_numeric, row[1:])) > 1
            for k, cell in enumerate(row):
                if k == 0 or not _numeric(cell) or not _NUMBER.fullmatch(cell.text):
                    continue
                if not head and several:
                    yield Aside("unread", cell.start, cell.end, "its column has no heading")
                    continue
                top = head[k + shift].text if head and 0 <= k + shift < len(head) else ""
                sides = [c.text for c in row[:k] if not _numeric(c)]
                yield self._one(cell, top, sides, table)

    def _one(self, cell: Cell, top: str, sides: list[str], table: Table) -> Claim | Aside:
        subject = self._subject(sides) or self._subject([top])
        if subject is None:
            return Aside(
                "unread",
                cell.start,
                cell.end,
                "its row and column name no subject this market knows",
            )
        m = _NUMBER.fullmatch(cell.text)
        assert m is not None
        said = m["value"].replace(",", "")
        value, step = float(said), 10.0 ** -len(said.partition(".")[2])
        negative = m["sign"] == "-" or (m["open"] is not None and m["sign"] != "+")
        value = -value if negative else value
        what = " ".join([top, *sides])
        if _LEVEL.search(top) and m["percent"] is None and m["sign"] is None:
            return Claim(
                "level",
                subject,
                cell.start,
                cell.end,
                Number(value, value, step, "level", cell.start, cell.end),
                params={"side": 0},
            )
        window = (
            self._window(top, table.title)
            if not self._subject([top])
            else self._window(sides[0] if sides else "", table.title)
        )
        if window is None:
            return Aside("unread", cell.start, cell.end, "its row and column name no window")
        window = replace(window, text=(top or what).strip())
        sign = 1 if value >= 0 else -1
        if _POINTS.search(top) and m["percent"] is None:
            return Claim(
                "points",
                subject,
                cell.start,
                cell.end,
                Number(value, value, step, "index_points", cell.start, cell.end, signed=True),
                sign,
                window,
            )
        if m["percent"] is None and not _PERCENT.search(
            f"{top} {table.title} {table.rows[0][0].text}"
        ):
            return Aside("unread", cell.start, cell.end, "a number without a unit")
        number = Number(
            value / 100, value / 100, step / 100, "percent", cell.start, cell.end, signed=True
        )
        return Claim("return", subject, cell.start, cell.end, number, sign, window)

    def _subject(self, texts: list[str]) -> Subject | None:
        """The one subject that a heading names; a ticker beside a name is that name's."""
        for text in texts:
            found = [m.subject for m in self.names.find(text, 0, len(text))]
            if found:
                return found[0] if len(set(found)) == 1 or len(found) == 2 else None
        return None

    def _window(self, head: str, title: str) -> Window | None:
        plain = re.sub(
            r"\s*[(\[]?%[)\]]?\s*|\b(?:returns?|change|chg\.?|performance|gain|total|price|pct|"
            r"percent)\b",
            " ",
            head.replace("'s", ""),
            flags=re.IGNORECASE,
        ).strip(" .:")
        plain = re.sub(r"\bqtr\b\.?", "quarter", plain, flags=re.IGNORECASE)
        for pattern, words in _SHORT:
            m = re.fullmatch(pattern, plain, re.IGNORECASE)
            if m is not None:
                if not words:
                    unit = "month" if m["u"].casefold().startswith("m") else "year"
                    words = f"over the past {m['n']} {unit}s"
                return self._named(words)
        if plain:
            return self._named(f"in {plain}") or self._named(plain)
        if _CHANGE.fullmatch(head.strip()):
            for pattern, words in (
                (r"\bweek(?:ly)?\b", "for the week"),
                (r"\bmonth(?:ly)?\b", "for the month"),
                (r"\bquarter(?:ly)?\b", "for the quarter"),
                (r"\byear to date\b|\bytd\b", "year to date"),
            ):
                if re.search(pattern, title, re.IGNORECASE):
                    return self._named(words)
            found = [
                w for w in self.when.find(title, 0, len(title)) if not w.unclear and not w.same
            ]
            return found[-1] if found and not head.strip() else self._named("today")
        return None

    def _named(self, words: str) -> Window | None:
        found = [w for w in self.when.find(words, 0, len(words)) if not w.unclear and not w.same]
        return replace(found[0], soft=False) if found else None
