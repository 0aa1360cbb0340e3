"""The themes of a market and the lines that ask each: pairs of baskets, and stored factor returns.

Without a table ``[themes]`` each declared rotation is a theme, asked by its pair and, where the
pair names a daily series as ``proxy``, by that; the sectors are one more question.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array, Dates
from paceline.config.baskets import Theme
from paceline.engine import Question
from paceline.lineage import code_of
from paceline.methods import relative_lines
from paceline.methods.detector import Turns, detect
from paceline.methods.spread import FEWEST
from paceline.signals import french
from paceline.studies.rotations import basis_of

if TYPE_CHECKING:
    from paceline.market import Market


@dataclass(frozen=True)
class Line:
    """One line of a theme, ln(A/B), on its own days.

    name, label     of the rotation, the pair or the series
    lead, against   what leads when the line rises and when it falls, for people
    legs            the two baskets; empty for a series
    days, line      sessions from its first value on, and the line (T,)
    basis           of both legs, or "mixed"; empty for a series
    reason          why it has no value today, else ""
    """

    name: str
    label: str
    lead: str
    against: str
    legs: tuple[str, ...]
    days: Dates
    line: Array
    basis: str = ""
    reason: str = ""

    def question(self, market: Market, study: str) -> Question:
        """What every figure of the line carries."""
        names = list(self.legs) or [self.name.removeprefix("-")]
        known = market.provenance(self.legs, dict.fromkeys(self.legs, self.basis))
        return (known if self.legs else market.moment.lineage.with_series(known)).question(
            study,
            {"line": self.name, "legs": list(self.legs), "as_of": market.as_of},
            code_of("paceline.studies.themes"),
            names=names,
            caveats_of=names,
            basis=self.basis,
        )


def declared(market: Market) -> dict[str, Theme]:
    """The themes of the market file, else one for each rotation and one for the sectors."""
    if market.file.themes:
        return dict(market.file.themes)
    made = {}
    for name, rotation in market.file.rotations.items():
        stored = rotation.proxy if _daily(market, rotation.proxy) else ""
        label = rotation.label or name.replace("_", " ")
        made[name] = Theme(label=label, rotations=[name], series=[stored] if stored else [])
    group = market.sector_group
    if group is not None and len(market.groups.get(group, [])) >= FEWEST:
        label = market.file.groups[group].label or group
        made[f"among {group}"] = Theme(label=label, among=group)
    return made


def _daily(market: Market, name: str) -> bool:
    found = market.series.get(name.removeprefix("-"))
    return found is not None and relative_lines.period_of(found[0]) == 1


def widened(market: Market) -> Market:
    """The market with every basket and security that a theme names."""
    names = [
        n
        for t in declared(market).values()
        for n in (*(leg for pair in t.pairs for leg in pair), *_among(market, t))
    ]
    return market.including(market.resolve(names)) if names else market


def _among(market: Market, theme: Theme) -> Sequence[str]:
    if theme.among is None:
        return []
    names = [theme.among] if isinstance(theme.among, str) else theme.among
    # a group whose baskets are made from members has none before there are members
    return [n for n in names if market.groups.get(n) or n not in market.file.groups]


def members(market: Market, theme: Theme) -> list[str]:
    """The baskets that a theme asks the spread among."""
    return market.resolve(_among(market, theme))


def lines_of(market: Market, theme: Theme) -> Iterator[Line]:
    """The lines of a theme, of a ``widened`` market: rotations, pairs, series."""
    for name in theme.rotations:
        rotation = market.file.rotations[name]
        label = rotation.label or name.replace("_", " ")
        yield pair_line(market, name, label, rotation.lead, rotation.against)
    for pair in theme.pairs:
        lead, against = (market.resolve([leg])[0] for leg in pair)
        label = f"{market.moment.called(lead)} against {market.moment.called(against)}"
        yield pair_line(market, f"{lead} against {against}", label, lead, against)
    for name in theme.series:
        yield _series(market, name, theme.sides)


def pair_line(market: Market, name: str, label: str, lead: str, against: str) -> Line:
    """The line of two baskets, on the last basis that both have."""
    have = market.all_levels
    used = basis_of(have, lead, against)
    levels = have.by_basis[used] if used else have.native
    a, b = have.names.index(lead), have.names.index(against)
    days, line = _begun(have.sessions, relative_lines.log_ratio(levels[a], levels[b]))
    basis = used or "mixed"
    gaps = [market.moment.coverage.gaps(n, basis) for n in (lead, against)]
    reason = "" if len(line) and np.isfinite(line[-1]) else f"no value on {market.as_of}"
    ends = [g.end for g in gaps if g is not None and g.end]
    return Line(
        name,
        label,
        market.moment.called(lead),
        market.moment.called(against),
        (lead, against),
        days,
        line,
        basis,
        ", ".join(ends) if reason and ends else reason,
    )


def _series(market: Market, name: str, sides: tuple[str, str] | None) -> Line:
    """A stored daily series of long-short returns; a minus before its name turns it around."""
    bare, label = name.removeprefix("-"), french.spoken(name)
    lead, against = sides or ("its long side", "its short side")
    empty = (np.empty(0, "datetime64[D]"), np.empty(0))
    days, values = market.series.get(bare, empty)
    if len(days) and relative_lines.period_of(days) != 1:
        return Line(name, label, lead, against, (), *empty, reason="the series is not daily")
    line = relative_lines.factor_line(values, -1 if name != bare else 1)
    days, line = _begun(days, line)
    last = str(days[-1]) if len(days) else ""
    reason = ""
    if last != market.as_of:
        reason = f"its last value is of {last}" if last else "no value yet"
    return Line(name, label, lead, against, (), days, line, reason=reason)


def turns_of(lines: Sequence[Line], c: float) -> list[Turns]:
    """The turns of each line on its own days: all are followed in one pass, their ends together."""
    length = max((len(one.line) for one in lines), default=0)
    padded = np.full((len(lines), length), np.nan)
    for row, one in zip(padded, lines, strict=True):
        row[length - len(one.line) :] = one.line
    found = detect(padded, c)
    return [_own_days(found.of(k), length - len(one.line)) for k, one in enumerate(lines)]


def _own_days(turns: Turns, ahead: int) -> Turns:
    """Turns of one line without the ``ahead`` sessions before its first value."""
    since = turns.since[:, ahead:]
    return replace(
        turns,
        extreme=turns.extreme - ahead,
        known=turns.known - ahead,
        state=turns.state[:, ahead:],
        since=np.where(since >= 0, since - ahead, -1).astype(since.dtype),
        move=turns.move[:, ahead:],
        barrier=turns.barrier[:, ahead:],
    )


def _begun(days: Dates, line: Array) -> tuple[Dates, Array]:
    """The line from its first value on; nothing where it has none."""
    there = np.isfinite(line)
    start = int(there.argmax()) if there.any() else len(line)
    return days[start:], line[start:]
