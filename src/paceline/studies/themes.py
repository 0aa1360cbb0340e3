"""Who leads in each theme, since when, and how unusual is it?

found = themes.weigh(market)
found.themes[0].word, found.themes[0].figures["p"]

A theme is a question about leadership: size, style, concentration. Every line that asks it is
looked at from its *own* last pivot and over a week to a year, with one p for the largest move; the
p of a theme's lines become one (Simes), those of all themes are corrected together. There is never
one answer for all themes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from paceline.config.baskets import Theme
from paceline.errors import NotEnoughData
from paceline.evidence import adjust, simes
from paceline.figures import Figure, Value
from paceline.lineage import code_of
from paceline.methods import words
from paceline.methods.calibration import Calibration
from paceline.methods.unusual import whole_years
from paceline.studies import theme_lines
from paceline.studies.false_alarms import clustered_alarms, false_alarms
from paceline.studies.lasting import Lasting, lasting
from paceline.studies.lead_odds import LeadOdds, lead_odds, of_theme
from paceline.studies.line_moves import LineMoves, looked_at
from paceline.studies.rotations import C
from paceline.studies.spreads import SpreadFound, spread_of
from paceline.studies.theme_lines import Line

if TYPE_CHECKING:
    from paceline.market import Market

ABOUT = {
    "question": "Who leads in each theme, since when, and how unusual is it?",
    "definition": "Per line z = (change of ln(A/B) less its mean) / (sigma sqrt(sessions)) over "
    "5, 21, 63, 126 and 252 sessions and since the line's own last pivot; p of the largest against "
    "the largest of 1,000 lines made of its own demeaned returns. Per theme one p (Simes), "
    "corrected over all themes (Benjamini and Hochberg). The word follows from these two: unusual "
    "at p of at most 2.5%, rare at 0.3% and 5% corrected, stirring at 15%, else quiet. The odds "
    "that the side ahead leads later are the base rate of all lines, or a model's where that beats "
    "the base rate out of sample. See "
    "docs/themes.md, and docs/calibration.md for what the words are worth.",
    "never": "That an unusual move goes on: turns go further a little more often than back.",
    "references": [
        "Politis, Romano (1994), The stationary bootstrap",
        "Simes (1986), An improved Bonferroni procedure for multiple tests of significance",
        "Benjamini, Hochberg (1995), Controlling the False Discovery Rate",
        "Adams, MacKay (2007), Bayesian Online Changepoint Detection",
    ],
}


@dataclass(frozen=True)
class ThemeFound:
    """One theme: its lines, its word, and every number as a figure.

    lines     what each line says; empty for the spread among many
    spread    of a theme that asks it, else None
    p, adjusted  NaN where nothing can be judged
    way       +1 where the move that counts goes the first side's way, -1 the other, 0 unknown
    figures   word, leader, since (relative return since the pivot), sessions, known, size (since
              the pivot, in sigmas), to_turn, p, adjusted_p, "for", "against", "neither" (lines)
    """

    name: str
    label: str
    question: str
    lines: tuple[LineMoves, ...]
    spread: SpreadFound | None
    p: float
    adjusted: float
    way: int
    figures: Mapping[str, Figure]

    @property
    def word(self) -> str:
        """The word for the theme; empty where nothing can be judged."""
        return words.word(self.p, self.adjusted)

    @property
    def first(self) -> LineMoves | None:
        """The line whose state stands for the theme: the first that can be judged today."""
        return next((one for one in self.lines if one.found.largest is not None), None)

    @property
    def telling(self) -> LineMoves | None:
        """The line with the smallest p."""
        judged = [one for one in self.lines if one.p is not None]
        return min(judged, key=lambda one: one.p or 0.0, default=None)


@dataclass(frozen=True)
class Themes:
    """The themes of a market, in their order, and what followed the turns of all their lines."""

    market: Market = field(repr=False)
    themes: tuple[ThemeFound, ...]
    lasting: tuple[Lasting, ...]
    clustered: Figure
    shared: tuple[str, ...] = ()  # caveats of whatever is said of all themes together
    odds: tuple[LeadOdds, ...] = ()  # how likely the side ahead leads later

    @property
    def lines(self) -> list[LineMoves]:
        """Every line of every theme once, in order."""
        found = {one.line.name: one for theme in self.themes for one in theme.lines}
        return list(found.values())

    @property
    def judged(self) -> list[ThemeFound]:
        """The themes with a word."""
        return [theme for theme in self.themes if theme.word]

    def counts(self) -> tuple[Figure, Figure]:
        """How many themes were judged, and how many are unusual or rare."""
        far = [theme for theme in self.judged if words.reaches(theme.word)]
        return self._count("judged", len(self.judged)), self._count("unusual", len(far))

    def _count(self, statistic: str, value: int) -> Figure:
        market = self.market
        question = market.provenance().question(
            "themes",
            {"counted": [theme.name for theme in self.themes], "as_of": market.as_of},
            code_of(__name__),
            parents=[theme.figures["adjusted_p"].step for theme in self.themes],
        )
        return question.figure(
            "themes", value, "count", statistic=statistic, label="themes", caveats=self.shared
        )


def weigh(market: Market) -> Themes:
    """Every theme of a market; kept.

    Raises ``NotEnoughData`` for a market that declares no theme, no rotation and no sectors.
    """
    return market.memo(["themes"], lambda: _weigh(market))


def _weigh(market: Market) -> Themes:
    asked = theme_lines.declared(market)
    if not asked:
        raise NotEnoughData(
            f"{market.path} declares no theme and no rotation.",
            "Add a [themes.NAME] or a [rotations.NAME] table.",
        )
    wide = theme_lines.widened(market)
    lines = {
        name: tuple(theme_lines.lines_of(wide, theme))
        for name, theme in asked.items()
        if theme.among is None
    }
    every = {line.name: line for own in lines.values() for line in own}
    turns = dict(zip(every, theme_lines.turns_of(list(every.values()), C), strict=True))
    rates = noise_rates(wide, list(every.values()))
    moves = {n: looked_at(wide, line, turns[n], rates[n]) for n, line in every.items()}
    spreads = {
        name: spread_of(wide, name, theme_lines.members(wide, theme))
        for name, theme in asked.items()
        if theme.among is not None
    }
    p = [_own_p(spreads.get(n), [moves[x.name] for x in lines.get(n, ())]) for n in asked]
    adjusted = adjust(p)
    shared = _shared(asked, p, [*moves.values(), *spreads.values()])
    found = [
        _theme(
            wide,
            name,
            theme,
            tuple(moves[line.name] for line in lines.get(name, ())),
            spreads.get(name),
            (own, float(corrected)),
            shared,
        )
        for (name, theme), own, corrected in zip(asked.items(), p, adjusted, strict=True)
    ]
    rate = clustered_alarms(market.store.cache, C, year=market.stored.sessions_of_year)
    # a year has as many sessions as the market's own
    benchmark = [market.benchmark]
    question = market.provenance(benchmark).question(
        "themes", {"noise": rate.method}, code_of(__name__), names=benchmark
    )
    clustered = question.figure(
        "noise", rate.rate, "estimate", statistic="turns a year", label=rate.method
    )
    followed = lasting(wide, list(every.values()), list(turns.values()))
    odds = lead_odds(wide, list(moves.values()))
    found = [_with_odds(wide, theme, odds) for theme in found]
    return Themes(market, tuple(found), tuple(followed), clustered, shared, odds)


def _with_odds(market: Market, theme: ThemeFound, odds: Sequence[LeadOdds]) -> ThemeFound:
    """A theme with the probabilities that the side now ahead of it leads later."""
    chances = of_theme(market, theme.name, theme.label, theme.first, odds)
    return replace(theme, figures={**theme.figures, **chances})


def _shared(
    asked: Mapping[str, Theme], p: Sequence[float], found: Sequence[LineMoves | SpreadFound]
) -> tuple[str, ...]:
    """The caveats of every p that is corrected, and the themes that are left out of it."""
    out = [
        f"{label_of(name, theme)} cannot be judged: not counted among the themes"
        for (name, theme), own in zip(asked.items(), p, strict=True)
        if not np.isfinite(own)
    ]
    return tuple(dict.fromkeys([*out, *(c for one in found for c in _caveats(one))]))


def _caveats(found: LineMoves | SpreadFound) -> list[str]:
    """Those of its p; of a line that cannot be judged, that it is left out and why."""
    if isinstance(found, LineMoves) and found.p is None:
        return [f"without {found.line.label}: {found.found.reason}"]
    return [c for c in found.figures["p"].caveats if not c.startswith("no value")]


def label_of(name: str, theme: Theme) -> str:
    """What people call a theme."""
    return theme.label or name.replace("_", " ").capitalize()


def _own_p(spread: SpreadFound | None, lines: Sequence[LineMoves]) -> float:
    """P of a theme before it is corrected; NaN where nothing of it can be judged."""
    own = [spread.p] if spread is not None else [one.p for one in lines]
    return simes([np.nan if p is None else p for p in own])


def noise_rates(market: Market, lines: Sequence[Line]) -> dict[str, Calibration]:
    """Episodes a year that noise of each line makes, worked out in one pass."""
    rates = false_alarms(
        market.store.cache,
        [whole_years(np.diff(line.line)) for line in lines],
        C,
        year=market.stored.sessions_of_year,
    )
    return {line.name: rate for line, rate in zip(lines, rates, strict=True)}


def _theme(
    market: Market,
    name: str,
    theme: Theme,
    lines: tuple[LineMoves, ...],
    spread: SpreadFound | None,
    chances: tuple[float, float],
    shared: tuple[str, ...],
) -> ThemeFound:
    """One theme with its figures; ``chances`` are its p and that corrected for all themes."""
    (p, adjusted), label = chances, label_of(name, theme)
    bare = ThemeFound(name, label, theme.question, lines, spread, p, adjusted, 0, {})
    telling, first = bare.telling, bare.first
    way = 0 if telling is None else telling.way
    names = list(dict.fromkeys(leg for one in lines for leg in one.line.legs))
    names = names or (list(spread.members) if spread is not None else [])
    asking: list[LineMoves | SpreadFound] = [*lines, *([] if spread is None else [spread])]
    question = market.provenance(names).question(
        "themes",
        {"theme": name, "asked": list(theme_lines.declared(market)), "as_of": market.as_of},
        code_of(__name__),
        names=names,
        parents=[one.figures["p"].step for one in asking],
        caveats=[c for one in asking for c in _caveats(one)] if np.isfinite(p) else (),
    )
    why = _why_not(lines, spread)

    def made(
        statistic: str,
        value: Value,
        unit: str,
        start: str | None = None,
        caveats: tuple[str, ...] = (),
    ) -> Figure:
        unknown = value is None or (isinstance(value, float) and not np.isfinite(value))
        caveats = (f"no value: {why}",) if unknown and why else caveats
        return question.figure(
            name, value, unit, statistic=statistic, label=label, start=start, caveats=caveats
        )

    said = bare.word
    figures = {
        "word": made("word", said or None, "text", caveats=shared),
        "p": made("p", p, "estimate"),
        "adjusted_p": made("adjusted p", adjusted, "estimate", caveats=shared),
    }
    told = [words.speaks(one.p, one.way, way) for one in lines if one.p is not None]
    figures |= {k: made(k, told.count(k), "count") for k in ("for", "against", "neither")}
    state = {} if first is None else first.figures
    for key in ("sessions", "known", "since", "size", "to_turn"):
        like = state.get(key)
        figures[key] = made(key, None, "sessions") if like is None else like
    leader = None
    if first is not None and first.direction:
        sides = theme.sides or (first.line.lead, first.line.against)
        leader = sides[0 if first.direction > 0 else 1]
    start = None if first is None else first.figures["leader"].start
    figures["leader"] = made("leader", leader, "text", start)
    return ThemeFound(name, label, theme.question, lines, spread, p, adjusted, way, figures)


def _why_not(lines: Sequence[LineMoves], spread: SpreadFound | None) -> str:
    """Why a theme cannot be judged; empty where it can."""
    if spread is not None:
        return spread.found.reason
    if any(one.p is not None for one in lines):
        return ""
    reasons = [f"{one.line.label}: {one.found.reason}" for one in lines]
    return "; ".join(dict.fromkeys(reasons))
