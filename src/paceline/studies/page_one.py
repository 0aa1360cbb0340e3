"""What page one needs beside the figures of measures: its rows, changes, lines and chances.

The rows are what ``[report.page_one]`` declares, else the benchmark and the legs of the rotations,
all on one basis. Nothing here is a new method: changes are differences, places are shares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from paceline.config import Basis, PageOne
from paceline.document import Series
from paceline.errors import MarketFileError, UnknownName
from paceline.figures import Figure
from paceline.lineage import code_of
from paceline.signals.history import YEAR, place_among
from paceline.studies.answers import Answers
from paceline.studies.lead_odds import LeadOdds
from paceline.studies.themes import ThemeFound, Themes

if TYPE_CHECKING:
    from paceline.market import Market

ABOUT = {
    "question": "What has changed since the session and the month before?",
    "definition": "Last value less that of the session before, and less that of 21 sessions "
    "before; percentile: share of the values before it, since the first that is named, that lie "
    "below it, equal ones half.",
    "references": [],
}
#: Windows of page one's table.
WINDOWS = ("1d", "1w", "1m", "since_low", "ytd")
#: Rows where the market file declares none, sessions that a tile draws, sessions of a month.
ROWS, DRAWN, MONTH = 8, 252, 21
#: Roles that every market can have; those without a basket are named.
EXPECTED = ("equal_weight", "small", "mega", "value", "growth", "momentum")
#: Sessions after which a leader still leads, in a tile.
AHEAD = 63


@dataclass(frozen=True)
class Row:
    """One basket on page one.

    returns, places  window -> figure; without a value, or none at all, where there is none
    history          first day that the percentiles reach back to
    reason           why there is no return at all, else ""
    """

    name: str
    returns: Mapping[str, Figure]
    places: Mapping[str, Figure]
    history: str
    reason: str


class Standing(NamedTuple):
    """A value now, against a session and a month ago, and its place in its history."""

    now: Figure
    day: Figure | None
    month: Figure | None
    place: Figure | None
    history: str


class Chance(NamedTuple):
    """How often a leader like this one still leads after ``AHEAD`` sessions.

    base  whether it is the base rate of all turns, since nothing better is known
    """

    figure: Figure
    base: bool


def basis_of(market: Market) -> Basis:
    """The one basis of page one."""
    return market.file.report.page_one.basis or market.file.market.basis


def lacking(declared: PageOne) -> tuple[str, ...]:
    """Roles without a basket in a market file that declares some."""
    return tuple(r for r in EXPECTED if r not in declared.rows) if declared.rows else ()


def rows(ask: Answers) -> tuple[Row, ...]:
    """The baskets of page one with their returns and percentiles; kept.

    Raises ``MarketFileError`` for a declared name that is no basket and no security.
    """
    return ask.market.memo(["page one"], lambda: tuple(_rows(ask)))


def _rows(ask: Answers) -> list[Row]:
    basis, names = basis_of(ask.market), _names(ask.market)
    how = {"subjects": names, "basis": basis, "horizons": WINDOWS}
    returns, places = ask.rows("performance", **how), ask.rows("return_percentile", **how)
    made = []
    for name in names:
        got = {f.statistic: f for f in returns if f.subject == name and f.against is None}
        place = {f.statistic: f for f in places if f.subject == name}
        reason = "" if any(f.value is not None for f in got.values()) else _why(ask, name, basis)
        history = place["1d"].extra.get("history") if "1d" in place and not reason else None
        made.append(Row(name, got, place, str(history or ""), reason))
    return made


def _names(market: Market) -> list[str]:
    """The baskets of the rows, in order."""
    declared = market.file.report.page_one.rows
    if not declared:
        legs = [n for r in market.file.rotations.values() for n in (r.lead, r.against)]
        return list(dict.fromkeys([market.benchmark, *legs]))[:ROWS]
    if "benchmark" not in declared:
        declared = {"benchmark": market.benchmark, **declared}
    found = []
    for role, name in declared.items():
        try:
            found += market.resolve([name])[:1]
        except UnknownName as error:
            at = f"{market.path}: report.page_one.{role}"
            raise MarketFileError(f"{at}: {error.message}", error.remedy) from None
    return list(dict.fromkeys(found))


def _why(ask: Answers, name: str, basis: Basis) -> str:
    """Why a basket has no return on the page's basis."""
    market = ask.market.including([name])
    levels = market.all_levels
    line = levels.by_basis[basis][levels.names.index(name)]
    there = np.flatnonzero(np.isfinite(line))
    if not len(there):
        what = {"total": "return with dividends", "price": "price return"}[basis]
        return f"no {what} by {market.as_of}"
    return f"ended on {levels.sessions[there[-1]]}"


# ---- breadth -------------------------------------------------------------------------------------


def above(ask: Answers, window: int) -> Standing | None:
    """The share of the broad basket's members above their moving average."""
    lines = _lines(ask, "percent_above_average", "", window=window)
    return _standing(ask, f"above {window}", lines[0], lines[0].y) if lines else None


def net_highs(ask: Answers) -> Standing | None:
    """New highs less new lows of the broad basket's members."""
    high, low = (_lines(ask, "new_highs_lows", s) for s in ("new_highs", "new_lows"))
    if not high or not low:
        return None
    pairs = zip(high[0].y, low[0].y, strict=True)
    net = [None if a is None or b is None else a - b for a, b in pairs]
    parents = [high[0].figure, low[0].figure]
    now = _made(ask, parents, "new highs less new lows", net[-1], "places")
    return _standing(ask, "new highs less new lows", high[0], net, now)


def thrust(ask: Answers) -> Figure | None:
    """The last breadth thrust of the broad basket; None without one in the stored history."""
    broad = ask.broad
    found = [
        f
        for f in (ask.rows("breadth_thrust", subjects=[broad]) if broad else ())
        if f.statistic.endswith("_thrust") and f.value is not None
    ]
    return max(found, key=lambda f: f.end or "", default=None)


def _lines(ask: Answers, measure: str, statistic: str, **how: int) -> list[Series]:
    return ask.series(measure, [ask.broad], statistic, **how) if ask.broad else []


def _standing(
    ask: Answers, what: str, line: Series, values: Sequence[float | None], now: Figure | None = None
) -> Standing:
    """A line's last value, its changes and its place, as figures."""
    now = now or line.figure
    points = now.unit == "fraction"  # a share moves by points
    y = np.array([np.nan if v is None else v for v in values], float) * (100 if points else 1)
    unit = "points" if points else now.unit
    changes = [float(y[-1] - y[-1 - k]) if len(y) > k else None for k in (1, MONTH)]
    known = np.isfinite(y)
    history = str(line.x[int(known.argmax())])
    day, month = (
        _made(ask, [now], f"{what}, change over {k}", value, unit, f"none {k} sessions before")
        for k, value in zip((1, MONTH), changes, strict=True)
    )
    place = float(place_among(y[known])) if known[-1] else None
    few = f"fewer than {YEAR} earlier values"
    ranked = _made(ask, [now], f"{what}, place", place, "percentile", few)
    return Standing(now, day, month, ranked, history)


def _made(
    ask: Answers,
    parents: Sequence[Figure],
    what: str,
    value: float | None,
    unit: str,
    why: str = "none today",
) -> Figure:
    """A figure worked out from others of the broad basket; without a value it says ``why``."""
    market, first = ask.market, parents[0]
    question = market.provenance([first.subject]).question(
        "page_one",
        {"as_of": market.as_of},
        code_of(__name__),
        names=[first.subject],
        parents=[f.step for f in parents],
        basis=first.basis,
        caveats=first.caveats,
    )
    none = value is None or not np.isfinite(value)
    return question.figure(
        first.subject,
        value,
        unit,
        statistic=what,
        label=first.label,
        caveats=[f"no value: {why}"] if none else [],
    )


# ---- themes --------------------------------------------------------------------------------------


def drawn(theme: ThemeFound) -> Series | None:
    """The ratio of the line that stands for a theme over a year, the first day at one hundred."""
    first = theme.first
    if first is None:
        return None
    line, days = first.line.line[-1 - DRAWN :], first.line.days[-1 - DRAWN :]
    values = 100 * np.exp(line - line[np.isfinite(line).argmax()])
    y = [None if np.isnan(v) else float(v) for v in values]
    return Series(first.line.label, [str(d) for d in days], y, first.figures["since"])


def turned(found: Themes) -> list[ThemeFound]:
    """Themes whose leader took over by the close of the last session."""
    return [t for t in found.themes if t.first is not None and t.figures["known"].value == 0]


def judged(found: Themes | None) -> bool:
    """Whether any theme has a leader, so that a turn of it would be seen."""
    themes = [] if found is None else found.themes
    return any(t.first is not None and t.figures["known"].value is not None for t in themes)


def records(ask: Answers, found: Sequence[Row]) -> list[Figure]:
    """Of each row with a return, whether its last close is a record, on the page's basis."""
    how = {"subjects": [r.name for r in found if not r.reason], "basis": basis_of(ask.market)}
    at = ask.rows("record_highs", **how) if how["subjects"] else []
    return [f for f in at if f.statistic == "is_record"]


def chance(found: Themes, theme: ThemeFound) -> Chance | None:
    """The probability that a theme's leader still leads after ``AHEAD`` sessions.

    That of ``lead_odds``: the model's where it has beaten the base rate, else the base rate, the
    same for every theme. None where neither is known.
    """
    figure, odds = theme.figures.get(f"ahead_{AHEAD}"), quarter(found)
    if odds is None or figure is None or figure.value is None:
        return None
    return Chance(figure, base=odds.printed != "model")


def quarter(found: Themes) -> LeadOdds | None:
    """What is known of the lead after ``AHEAD`` sessions; None where nothing is."""
    return next((one for one in found.odds if one.sessions == AHEAD and one.printed), None)


# ---- since the session before --------------------------------------------------------------------


def first_now_and_before(found: Sequence[Row], window: str) -> tuple[str, str] | None:
    """(strongest now, strongest a session ago) over a window; None where they are the same.

    A session ago the window was a session shorter: (1 + r) / (1 + r of the last day) - 1.
    """
    held = led(found, window)
    if len(held) < 2:
        return None
    growth = {r.name: [1 + r.returns[w].number for w in (window, "1d")] for r in held}
    now = max(growth, key=lambda name: growth[name][0])
    before = max(growth, key=lambda name: growth[name][0] / growth[name][1])
    return None if now == before else (now, before)


def led(found: Sequence[Row], window: str) -> list[Row]:
    """The rows whose order over a window can be compared with that of a session ago.

    None where the window has begun only with the last session.
    """
    held = [r for r in found if _has(r, window) and _has(r, "1d")]
    begun = any(r.returns[window].start == r.returns["1d"].start for r in held)
    return [] if begun else held


def _has(row: Row, window: str) -> bool:
    """Whether a row has a return that leaves anything: after a total loss nothing can be led."""
    figure = row.returns.get(window)
    return figure is not None and figure.value is not None and figure.number > -1
