"""How likely is it that the side now ahead leads later? A small model, or else the base rate.

The looks of all lines of all themes are pooled; the model's probability is given only where it has
beaten the base rate out of sample. Elsewhere the base rate is given, and that nothing better is
known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline.engine import Question
from paceline.evidence import Evidence
from paceline.figures import Figure
from paceline.lineage import code_of
from paceline.methods import lead_odds as methods
from paceline.methods.lead_looks import Looks, known_at, looks, pooled
from paceline.methods.lead_odds import Fit, Forecasts, Odds, Skill
from paceline.methods.outcomes import HORIZONS
from paceline.studies.kept import kept
from paceline.studies.line_moves import LineMoves
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.market import Market
    from paceline.store import Cache

NOTHING_BETTER = "nothing better is known"
#: Scores, as figures name them.
SCORES = tuple(methods.SCORES)

#: The subject of what is known of all lines together.
POOL = "lines"


@dataclass(frozen=True)
class Bin:
    """Forecasts in one tenth of probabilities, from ``at`` on: looks, said, came, low, high."""

    at: float
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class LeadOdds:
    """What is known of the lead after so many sessions.

    printed  "model", "base" where it has not beaten the base rate, "few" where too few independent
             looks try it, "" where not even a base rate is known
    figures  base, low, high, looks, independent (of this year's fit); brier_base, brier_model,
             log_base, log_model and gain_low, gain_high (of the log score) out of sample
    bins     the reliability of the forecasts out of sample
    """

    sessions: int
    printed: str
    figures: Mapping[str, Figure]
    bins: tuple[Bin, ...]
    found: Odds = field(repr=False)

    @property
    def why(self) -> str:
        """What stands beside the probability of a theme."""
        n = number_of(int(self.found.fit.independent), "independent look")
        return {
            "base": f"base rate of all lines: no model beats it, {NOTHING_BETTER}",
            "few": f"base rate of all lines: {n} are too few for a model, {NOTHING_BETTER}",
            "": f"no value: {self.found.base.note}",
        }.get(self.printed, "the model's, which has beaten the base rate out of sample")


def lead_odds(market: Market, lines: Sequence[LineMoves]) -> tuple[LeadOdds, ...]:
    """What is known of each horizon from the looks at all lines of a market."""
    parts = [looks(one.line.days, one.line.line, one.turns) for one in lines if len(one.line.line)]
    pool, year = pooled(parts), int(market.as_of[:4])
    question = market.provenance().question(
        "themes",
        {"odds": sorted(one.line.name for one in lines), "as_of": market.as_of},
        code_of(__name__),
        # a share of years: what a basket lacks today takes nothing from it
        parents=[one.figures["p"].step for one in lines],
    )
    cache = market.store.cache
    return tuple(_horizon(market, question, kept_odds(cache, pool, h, year)) for h in HORIZONS)


def kept_odds(cache: Cache, pool: Looks, horizon: int, year: int) -> Odds:
    """``methods.odds``, from the cache if it is there."""

    def make() -> dict[str, Any]:
        found = methods.odds(pool, horizon, year)
        model = {k: np.asarray(v).tolist() for k, v in vars(found.fit).items()}
        record = {k: np.asarray(v).tolist() for k, v in _arrays(found.record).items()}
        scores = {k: asdict(s) for k, s in found.scores.items()}
        return {"fit": model, "base": asdict(found.base), "record": record, "scores": scores}

    outcome = [pool.ahead[horizon], pool.ended[horizon]]
    v = kept(
        cache, "odds", methods.__name__, [pool.month, pool.known, *outcome, horizon, year], make
    )
    arrays = {k: np.array(x) for k, x in v["fit"].items() if isinstance(x, list)}
    record = {k: np.array(x, float) for k, x in v["record"].items()}
    return Odds(
        horizon,
        Fit(**{**v["fit"], **arrays}),
        Evidence(**v["base"]),
        Forecasts(horizon, record.pop("month").astype("datetime64[M]"), **record),
        {k: Skill(s["model"], s["base"], Evidence(**s["gain"])) for k, s in v["scores"].items()},
    )


def _arrays(record: Forecasts) -> dict[str, Any]:
    month = record.month.astype(np.int64)
    return {"month": month, "outcome": record.outcome, "chance": record.chance, "base": record.base}


def _printed(found: Odds) -> str:
    if found.base.effect is None:
        return ""
    return "model" if found.used else "base" if found.fit.fitted else "few"


def _horizon(market: Market, question: Question, found: Odds) -> LeadOdds:
    base, gain = found.base, found.scores["log"].gain
    note = gain.note or "too few forecasts out of sample"
    made: dict[str, tuple[float | int | None, str, Evidence]] = {
        "base": (base.effect, "fraction", base),
        "low": (base.low, "fraction", base),
        "high": (base.high, "fraction", base),
        "looks": (base.n, "count", base),
        "independent": (found.fit.independent, "count", base),
        "gain_low": (gain.low, "ratio", gain),
        "gain_high": (gain.high, "ratio", gain),
    }
    for name in SCORES:
        one = found.scores[name]
        made[f"{name}_base"] = (one.base, "ratio", one.gain)
        made[f"{name}_model"] = (one.model, "ratio", one.gain)
    what = f"ahead after {found.horizon}"
    bins = []
    for tenth in methods.reliability(found.record):
        came = tenth.came
        shares = {"said": tenth.said, "came": came.effect, "low": came.low, "high": came.high}
        own: dict[str, tuple[float | int | None, str, Evidence]] = {
            k: (v, "fraction", came) for k, v in shares.items()
        }
        own["looks"] = (came.n, "count", came)
        told = _figures(market, question, f"{what}, said {tenth.at:.0%} or more", own, note)
        bins.append(Bin(tenth.at, told))
    figures = _figures(market, question, what, made, note)
    return LeadOdds(found.horizon, _printed(found), figures, tuple(bins), found)


def _figures(
    market: Market,
    question: Question,
    what: str,
    made: Mapping[str, tuple[float | int | None, str, Evidence]],
    note: str,
) -> dict[str, Figure]:
    """Figures of all lines together from (value, unit, evidence); ``note`` says why there is none.

    The evidence's own reason comes first.
    """
    return {
        key: question.figure(
            POOL,
            value,
            unit,
            statistic=f"{what}, {key.replace('_', ' ')}",
            label=market.title,
            end=market.as_of,
            caveats=[f"no value: {evidence.note or note}"]
            if value is None or not np.isfinite(value)
            else [],
            evidence=evidence.to_json(),
        )
        for key, (value, unit, evidence) in made.items()
    }


def of_theme(
    market: Market, name: str, label: str, first: LineMoves | None, known: Sequence[LeadOdds]
) -> dict[str, Figure]:
    """ahead_21 to ahead_252: the probability that the side now ahead leads a theme then.

    first  the line whose state stands for the theme; nothing without a side ahead of it
    """
    if first is None or not first.direction:
        return {}
    at = np.array([len(first.line.line) - 1])
    state = known_at(first.line.line, first.turns, at)[0]
    asked = first.line.question(market, "themes")
    question = market.provenance(list(first.line.legs)).question(
        "themes",
        {"theme": name, "line": first.line.name, "as_of": market.as_of},
        code_of(__name__),
        names=list(first.line.legs),
        parents=[asked.step, *(one.figures["base"].step for one in known)],
    )
    return {
        f"ahead_{one.sessions}": question.figure(
            name,
            one.found.chance(state) if one.printed else None,
            "fraction",
            statistic=f"ahead after {one.sessions}",
            label=label,
            end=market.as_of,
            caveats=(one.why,),
            evidence=(one.found.scores["log"].gain if one.found.used else one.found.base).to_json(),
        )
        for one in known
    }
