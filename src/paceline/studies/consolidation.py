"""Is the year's leader pausing, and how did earlier pauses end?

found = consolidation.weigh(ask)
found.word, found.figures["recovered"]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR, Array
from paceline.evidence import Evidence
from paceline.figures import Figure, Value
from paceline.lineage import code_of
from paceline.market import Market
from paceline.methods import pause as rules
from paceline.methods import words
from paceline.methods.relative_lines import log_ratio
from paceline.studies.answers import Answers
from paceline.studies.line_moves import LineMoves, looked_at
from paceline.studies.rotations import C
from paceline.studies.theme_lines import pair_line, turns_of
from paceline.studies.themes import noise_rates

ABOUT = {
    "question": "Is the year's leader pausing, and how did earlier pauses end?",
    "definition": "Distance from the high of 252 sessions and from the mean of 200, share of "
    "members above theirs, who leads against the market by the detector, relative return in "
    "earnings seasons less outside, and how earlier pauses as deep ended: a new high before a "
    "close below the mean. See docs/themes.md.",
    "never": "That a pause ends well: the share that did, with its interval, is all that is known.",
    "references": [],
}
#: The averages and the high of a trend, whatever a market file sets.
TREND = {"high": SESSIONS_PER_YEAR, "short": 50, "long": rules.LONG}


@dataclass(frozen=True)
class Consolidation:
    """What is known of one sector or basket.

    subject   the basket; ``history`` the one whose longer history stands in for it, or the same
    word      where it stands
    figures   drawdown, above, below_short, share, sessions (since the high), leader, p (of its
              largest relative move), lift, inside, outside, recovered; those that are missing are
              left out
    judged    lift, inside, outside and recovered: low, high, n and effective n of each, as figures
    speaks    which of them is "for" a pause, "against" it or "neither"
    tally     "for", "against", "neither": how many, as figures
    """

    subject: str
    history: str
    word: Figure
    figures: Mapping[str, Figure]
    judged: Mapping[str, tuple[Figure, ...]]
    speaks: Mapping[str, str]
    tally: Mapping[str, Figure]
    market: Market = field(repr=False)


def leader(ask: Answers) -> str:
    """The sector, else the basket of a group, that contributed most to this year; "" for none."""
    rows = [f for f in ask.of_broad("contributions", since="ytd") if f.extra.get("group")]
    group = ask.sector_group()
    chosen = [f for f in rows if f.extra["group"] == group] or rows
    return str(max(chosen, key=lambda f: f.number).extra["part"]) if chosen else ""


def weigh(ask: Answers, subject: str | None = None) -> Consolidation | None:
    """Whether a basket pauses; None where none can be asked or a year of closes is missing.

    subject  default: the sector that earned most of the year's gain, else the basket that did
    """
    subject = subject or leader(ask)
    drawdown = ask.one("trend_state", subject, "off_high", how=TREND) if subject else None
    above = ask.one("trend_state", subject, "from_long", how=TREND) if subject else None
    if drawdown is None or above is None:
        return None
    market = ask.market
    stand_in = market.file.report.history.get(subject, subject)
    wide = market.including([history := market.resolve([stand_in])[0]])
    share = ask.one("percent_above_average", subject, how={"window": rules.LONG, "basis": None})
    short = ask.one("trend_state", subject, "from_short", how=TREND)
    made = {"drawdown": drawdown, "above": above, "below_short": short, "share": share}
    figures = {k: f for k, f in made.items() if f is not None}
    maker = _Maker(wide, subject, history)
    line = maker.against_market()
    more, judged = maker.figures(line, drawdown.number)
    figures |= more
    said = rules.stands(drawdown.number, above.number, None if share is None else share.number)
    speaks = {k: _side(k, f, line) for k, f in figures.items()}
    parents = list(figures.values())
    tally = {
        k: maker.figure(k, list(speaks.values()).count(k), "count", parents=parents)
        for k in ("for", "against", "neither")
    }
    word = maker.figure("where it stands", said, "text", parents=parents)
    return Consolidation(subject, history, word, figures, judged, speaks, tally, wide)


def _side(name: str, figure: Figure, line: LineMoves | None) -> str:
    """What a figure says of a pause: not known, or not significant, is neither."""
    value = figure.value
    if not isinstance(value, (int, float)):
        return "neither"
    match name:
        case "drawdown":
            return "for" if -value >= rules.PAUSE else "against"
        case "above":
            return "for" if value > 0 else "against"
        case "below_short":
            return "for" if value < 0 else "neither"
        case "share":
            return "for" if value > rules.MAJORITY else "against"
        case "p" if line is not None:  # behind the market by more than noise: a pause
            return words.speaks(float(value), line.way, -1)
        case "lift":
            low, high = (figure.evidence.get(k) for k in ("low", "high"))
            if low is None or high is None or low <= 0 <= high:
                return "neither"
            return "for" if value < 0 else "against"
    return "neither"


@dataclass(frozen=True)
class _Maker:
    """The figures of one basket, with the basket whose history stands in for it."""

    market: Market
    subject: str
    history: str

    def against_market(self) -> LineMoves | None:
        """The history against the benchmark; None where it is the benchmark."""
        if self.history == self.market.benchmark:
            return None
        label = f"{self.name(self.history)} against {self.name(self.market.benchmark)}"
        line = pair_line(self.market, "consolidating", label, self.history, self.market.benchmark)
        (turns,) = turns_of([line], C)
        return looked_at(self.market, line, turns, noise_rates(self.market, [line])[line.name])

    def name(self, basket: str) -> str:
        """A basket as people call it."""
        return self.market.moment.called(basket)

    def figures(
        self, line: LineMoves | None, drawdown: float
    ) -> tuple[dict[str, Figure], dict[str, tuple[Figure, ...]]]:
        """Its high, relative state, season and base rates; and what is judged of them."""
        have = self.market.all_levels
        level = have.native[have.names.index(self.subject)]
        made = {"sessions": self.figure("sessions since high", rules.since_high(level), "sessions")}
        if line is not None:
            made |= {k: line.figures[k] for k in ("leader", "p")}
        long = have.native[have.names.index(self.history)]
        there = np.isfinite(long)
        start = int(there.argmax()) if there.any() else len(long)
        days, long = have.sessions[start:], long[start:]
        earlier = rules.pauses(long, days, -drawdown)
        found = {
            "lift": self._lift(start),
            "inside": earlier.inside,
            "outside": earlier.outside,
            "recovered": earlier.recovered,
        }
        first = str(days[0]) if len(days) else None
        judged = {k: self.judged(k, e, first) for k, e in found.items()}
        return made | {k: row[0] for k, row in judged.items()}, {
            k: row[1:] for k, row in judged.items()
        }

    def _lift(self, start: int) -> Evidence:
        have = self.market.all_levels
        a, b = (have.native[have.names.index(n)] for n in (self.history, self.market.benchmark))
        line: Array = log_ratio(a, b)[start:]
        return rules.season_lift(line, have.sessions[start:])

    def judged(self, name: str, e: Evidence, start: str | None) -> tuple[Figure, ...]:
        """A number, its interval, n and effective n; or the reason why there is none."""
        unit = "return" if name == "lift" else "fraction"
        made: list[tuple[str, Value, str]] = [
            (name, e.effect, unit),
            (f"{name}, low", e.low, unit),
            (f"{name}, high", e.high, unit),
            (f"{name}, n", e.n, "count"),
            (f"{name}, effective n", e.n_effective, "estimate"),
        ]
        why = (f"no value: {e.note}",) if e.note else ()
        return tuple(
            self.figure(s, v, u, start=start, evidence=e, caveats=why if v is None else ())
            for s, v, u in made
        )

    def figure(
        self,
        statistic: str,
        value: Value,
        unit: str,
        *,
        start: str | None = None,
        evidence: Evidence | None = None,
        caveats: tuple[str, ...] = (),
        parents: list[Figure] | None = None,
    ) -> Figure:
        """One figure of the basket."""
        names = list(dict.fromkeys([self.subject, self.history, self.market.benchmark]))
        question = self.market.provenance(names).question(
            "consolidation",
            {"subject": self.subject, "history": self.history, "as_of": self.market.as_of},
            code_of(__name__),
            names=names,
            caveats_of=names,
            parents=[f.step for f in parents or ()],
        )
        stands_in = f"the history is that of {self.name(self.history)}"
        told = (stands_in,) if evidence is not None and self.history != self.subject else ()
        return question.figure(
            self.subject,
            value,
            unit,
            statistic=statistic,
            label=self.name(self.subject),
            start=start,
            end=self.market.as_of,
            caveats=(*caveats, *told),
            evidence=evidence.to_json() if evidence is not None else {},
        )
