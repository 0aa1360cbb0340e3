"""Which rotations a market has, their lines and states together, and today's signals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from paceline import arguments
from paceline.arrays import Array, Dates, Ints
from paceline.errors import NotEnoughData, UnknownName, UsageError
from paceline.indices.levels import BASES, Levels
from paceline.methods import barriers, relative_lines
from paceline.methods.detector import MARGIN, STEP, Turns, TurnState

if TYPE_CHECKING:
    import polars as pl

    from paceline.config import Basis
    from paceline.market import Market

#: Size of an episode.
C = 1.5


@dataclass(frozen=True)
class Pair:
    """A declared rotation, or a sector against the market."""

    name: str
    label: str
    lead: str
    against: str
    proxy: str = ""
    neutral: bool = True
    sector: bool = False


def pairs(market: Market) -> dict[str, Pair]:
    """Every rotation by name: those declared, then each sector against the market.

    The market that sectors stand against is the built cap-weighted basket they are parts of, or
    else the benchmark.
    """
    found = {
        n: Pair(n, r.label or n.replace("_", " "), r.lead, r.against, r.proxy, r.neutral)
        for n, r in market.file.rotations.items()
    }
    group = market.sector_group
    if group is not None:
        whole = market.broad or market.benchmark
        for sector in market.groups.get(group, []):
            name = f"{sector} against {whole}"
            found[name] = Pair(
                name,
                f"{market.labels.get(sector, sector)} against {market.labels.get(whole, whole)}",
                sector,
                whole,
                sector=True,
            )
    return found


def pair_of(market: Market, rotation: str | tuple[str, str]) -> Pair:
    """The rotation of that name, label or lead sector, or any two baskets."""
    known = pairs(market)
    if not isinstance(rotation, str):
        legs = arguments.names(rotation, "rotation")
        if len(legs) != len(("lead", "against")):
            raise arguments.wrong("rotation", rotation, "its name, or the names of two baskets")
        lead, against = (market.resolve([n])[0] for n in legs)
        if lead == against:
            raise UsageError(f"{lead!r} cannot rotate against itself.", "Give two baskets.")
        label = f"{market.labels.get(lead, lead)} against {market.labels.get(against, against)}"
        return next(
            (p for p in known.values() if (p.lead, p.against) == (lead, against)),
            Pair(f"{lead} against {against}", label, lead, against),
        )
    wanted = rotation.casefold()
    for pair in known.values():
        if wanted in (pair.name.casefold(), pair.label.casefold()) or (
            pair.sector and wanted == pair.lead.casefold()
        ):
            return pair
    raise UnknownName("rotation", rotation, known)


@dataclass(frozen=True)
class RotationSet:
    """Lines and states of several rotations, on the sessions from the first one with a value.

    rows       name -> row of ``lines``; the beta-neutral line of row k is row len(rows) + k (all
               NaN where not asked)
    ladder     size -> turns and states of all rows
    basis      name -> basis of both legs, or "mixed"
    """

    days: Dates
    pairs: Mapping[str, Pair]
    rows: Mapping[str, int]
    lines: Array
    ladder: Mapping[float, Turns]
    basis: Mapping[str, str]

    def row(self, name: str, line: str = "raw") -> int:
        """Row of a rotation's raw or beta-neutral line."""
        return self.rows[name] + (len(self.rows) if line == "neutral" else 0)

    def line(self, name: str, line: str = "raw") -> Array:
        """A rotation's raw or beta-neutral line."""
        found: Array = self.lines[self.row(name, line)]
        return found

    @cached_property
    def live(self) -> frozenset[str]:
        """Names of the rotations whose line has a value on the last session."""
        return frozenset(n for n, k in self.rows.items() if np.isfinite(self.lines[k, -1]))

    def turn_state(self, name: str, line: str = "raw", c: float = C) -> TurnState:
        """A rotation's state today at one size."""
        return barriers.last_state(self.ladder, self.line(name, line), self.row(name, line), c)


def rotation_set(
    market: Market, extra: Sequence[Pair] = (), *, c: float = C, step: int = STEP
) -> RotationSet:
    """All rotations of the market (and ``extra`` ones); worked out once and kept."""
    known = {**pairs(market), **{p.name: p for p in extra}}
    return market.memo(
        ["rotations", sorted(known), c, step], lambda: _rotation_set(market, known, c, step)
    )


def _rotation_set(market: Market, known: Mapping[str, Pair], c: float, step: int) -> RotationSet:
    have = market.all_levels
    place = {n: i for i, n in enumerate(have.names)}
    basis, raw = {}, []
    for pair in known.values():
        a, b = place[pair.lead], place[pair.against]
        used = basis_of(have, pair.lead, pair.against)
        basis[pair.name] = used or "mixed"
        levels = have.by_basis[used] if used else have.native
        raw.append(relative_lines.log_ratio(levels[a], levels[b]))
    lines = np.array(raw).reshape(len(known), len(have.sessions))
    there = np.isfinite(lines).any(axis=0)
    start = int(there.argmax()) if there.any() else 0
    bench = place[market.benchmark]
    line_of = next(
        (
            have.by_basis[on][bench]
            for on in reversed(BASES)
            if np.isfinite(have.by_basis[on][bench]).any()
        ),
        have.native[bench],
    )
    flat = np.array(
        [
            relative_lines.beta_neutral(line, line_of)
            if pair.neutral
            else np.full(len(line), np.nan)
            for pair, line in zip(known.values(), lines, strict=True)
        ]
    ).reshape(lines.shape)
    both = np.concatenate([lines, flat])[:, start:]
    sizes = sorted({*barriers.LADDER, c - MARGIN, c, c + MARGIN})
    return RotationSet(
        have.sessions[start:],
        known,
        {n: k for k, n in enumerate(known)},
        both,
        barriers.ladder(both, sizes, step=step),
        basis,
    )


def basis_of(have: Levels, lead: str, against: str) -> Basis | None:
    """The basis of a pair's line: the last of both on which each leg has any value, else None.

    Of the whole history, not of today: a leg that ends must not change what was said before.
    """
    rows = [have.names.index(lead), have.names.index(against)]
    return next(
        (on for on in reversed(BASES) if np.isfinite(have.by_basis[on][rows]).any(axis=1).all()),
        None,
    )


def ended(market: Market, rotations: RotationSet) -> tuple[str, ...]:
    """The rotations whose line has no value today, and why, each in words."""
    gaps, told = market.moment.coverage.gaps, []
    for name, pair in rotations.pairs.items():
        if name not in rotations.live:
            basis = rotations.basis[name]
            ends = [g.end for n in (pair.lead, pair.against) if (g := gaps(n, basis)) and g.end]
            why = ", ".join(ends) or f"no value on {market.as_of}"
            told.append(f"{pair.label} is not judged: {why}")
    return tuple(told)


class Proxy(NamedTuple):
    """A factor-return series as a line, and row ``row`` of the turns on it."""

    days: Dates
    line: Array
    period: int
    turns: Turns
    row: int


def proxies(
    market: Market, also: Sequence[str] = (), c: float = C, step: int = STEP
) -> dict[str, Proxy]:
    """The proxies that the rotations declare (and ``also``), by name with sign, if stored.

    Those of one frequency share the days of all and are looked through in one pass; kept.
    """
    declared = [p.proxy for p in pairs(market).values()]
    names = [
        n for n in dict.fromkeys([*declared, *also]) if n and n.removeprefix("-") in market.series
    ]
    return market.memo(["proxies", names, c, step], lambda: _proxies(market, names, c, step))


def _proxies(market: Market, names: Sequence[str], c: float, step: int) -> dict[str, Proxy]:
    made: dict[str, Proxy] = {}
    periods = {n: relative_lines.period_of(market.series[n.removeprefix("-")][0]) for n in names}
    for period in sorted(set(periods.values())):
        mine = [n for n in names if periods[n] == period]
        series = [market.series[n.removeprefix("-")] for n in mine]
        days = np.unique(np.concatenate([when for when, _ in series]))
        lines = np.full((len(mine), len(days)), np.nan)
        for row, (name, (when, values)) in enumerate(zip(mine, series, strict=True)):
            sign = -1 if name[0] == "-" else 1
            lines[row, np.searchsorted(days, when)] = relative_lines.factor_line(values, sign)
        turns = barriers.ladder(lines, (c,), step=step, period=period)[c]
        made |= {n: Proxy(days, lines[row], period, turns, row) for row, n in enumerate(mine)}
    return made


def signals(market: Market, *, history: bool = False) -> pl.DataFrame:
    """What the detector says of every rotation today, or with ``history`` on every session.

    date        session of the value; known: the close at which it could be known (of prices, the
                same day)
    watch, episode, major   who leads at c = 1, 1.5, 2: +1 the lead, -1 the other leg, 0 no turn
                            known yet
    direction   that of "episode"; borderline: c = 1.25 and 1.75 do not agree with it
    pivot, turned   extreme of its last turn, and the day that turn became known
    to_turn     relative move of lead over against that would turn it
    """
    import polars as pl

    rotations = rotation_set(market)
    parts = []
    for name, pair in rotations.pairs.items():
        for line in ("raw", "neutral") if pair.neutral else ("raw",):
            row = rotations.row(name, line)
            here = rotations.ladder[C]
            known = np.isfinite(here.barrier[row])
            at = np.flatnonzero(known) if history else np.array([len(rotations.days) - 1])
            states = {
                n: rotations.ladder[c].state[row, at].astype(np.int64)
                for c, n in barriers.NAMED.items()
            }
            sides = [rotations.ladder[C + x].state[row, at] for x in (-MARGIN, MARGIN)]
            mine = np.flatnonzero(here.series == row)
            newest = np.searchsorted(here.known[mine], at, side="right") - 1

            dated = partial(_dated, rotations.days, mine, newest)
            gap = here.distance[row, at] * np.where(states["episode"] > 0, -1, 1)
            parts.append(
                pl.DataFrame(
                    {
                        "rotation": name,
                        "line": line,
                        "date": rotations.days[at],
                        "known": rotations.days[at],
                        "direction": states["episode"],
                        **states,
                        "borderline": ~(
                            (sides[0] == states["episode"]) & (sides[1] == states["episode"])
                        ),
                        "pivot": pl.Series(dated(here.extreme), dtype=pl.Date),
                        "turned": pl.Series(dated(here.known), dtype=pl.Date),
                        "to_turn": np.where(states["episode"] != 0, np.expm1(gap), np.nan),
                        "lead": pair.lead,
                        "against": pair.against,
                        "basis": rotations.basis[name],
                    }
                ).with_columns(
                    pl.col("date", "known").cast(pl.Date),
                    pl.col("to_turn").cast(pl.Float64).fill_nan(None),
                )
            )
    if not parts:
        raise NotEnoughData(
            f"{market.path} declares no rotation.",
            "Add a [rotations.NAME] table, or a sector group.",
        )
    return pl.concat(parts)


def _dated(days: Dates, mine: Ints, newest: Ints, sessions: Ints) -> list[dt.date | None]:
    """The days of ``sessions`` of the newest of a line's turns, at each session asked for."""
    return [None if k < 0 else days[sessions[mine[k]]].astype(object) for k in newest.tolist()]
