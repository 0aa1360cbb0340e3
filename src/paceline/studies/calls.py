"""A market's answer to a ledger of calls: each call scored, every number of it a figure.

book = calls.score(market, "calls.toml")
book.frame(); book.records()
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline.engine import Provenance, Question
from paceline.errors import UnknownName, UsageError
from paceline.figures import Figure, Value
from paceline.lineage import code_of
from paceline.methods.call import Call, Ledger
from paceline.methods.legs import Legs
from paceline.methods.proportions import WindowShare
from paceline.methods.scoring import CallScore, due_date, score_call
from paceline.methods.track_record import TrackRecord, track_records
from paceline.studies import ledger_file
from paceline.studies.target import FARTHEST, sessions_to

if TYPE_CHECKING:
    import polars as pl

    from paceline.market import Market

QUESTION = "What did they say, and what became of it?"
ABOUT = {
    "question": QUESTION,
    "definition": "Active return of a call's baskets over its yardstick from the first close "
    "after the call to its horizon, against the same bet made on all earlier sessions and against "
    "plain drift.",
    "never": "That somebody has skill, from a handful of calls.",
    "references": ["Wilson (1927), intervals of a share"],
}
#: The ledger that a report takes: beside the market file.
LEDGER = "calls.toml"
#: Numbers of a score that become figures: statistic -> unit.
PLAIN = {
    "active": "return",
    "basket_return": "return",
    "against_return": "return",
    "worst": "return",
    "drift": "return",
    "distance": "return",
    "base_active": "return",
    "base_triggered": "fraction",
    "chance": "fraction",
    "sessions": "sessions",
    "held": "sessions",
}
SHARES = ("base", "rank")


@dataclass(frozen=True)
class Scored:
    """A ledger scored: ``scores`` in the ledger's order, ``figures`` by (call id, statistic)."""

    market: Market = field(repr=False)
    ledger: Ledger
    scores: tuple[CallScore, ...] = field(repr=False)
    questions: Mapping[str, Question] = field(repr=False)  # by call id

    @cached_property
    def figures(self) -> dict[tuple[str, str], Figure]:
        """Every number of every call, with its lineage."""
        made = {}
        for s in self.scores:
            for name, unit in PLAIN.items():
                value = getattr(s, name)
                if value is not None:
                    made[s.call.id, name] = self._figure(s, name, value, unit)
            for name in SHARES:
                found = getattr(s, name)
                if found is not None and found.n:
                    made[s.call.id, name] = self._share(s, name, found)
            if s.call.level is not None:
                made[s.call.id, "level"] = self._figure(s, "level", s.call.level, "level")
            made[s.call.id, "status"] = self._figure(s, "status", s.status, "text")
        return made

    def figure(self, call: str, statistic: str) -> Figure | None:
        """One figure, or None where there is no value."""
        return self.figures.get((call, statistic))

    def _share(self, s: CallScore, name: str, found: WindowShare) -> Figure:
        short = (
            ()
            if found.enough
            else (
                f"only {found.n_effective:.1f} independent windows before the call: "
                "no share is given",
            )
        )
        evidence = {"n": found.n, "n_effective": found.n_effective}
        if found.enough:
            evidence |= {"low": found.low, "high": found.high}
        return self._figure(
            s, name, found.value if found.enough else None, "fraction", evidence, short
        )

    def _figure(
        self,
        s: CallScore,
        statistic: str,
        value: Value,
        unit: str,
        evidence: Mapping[str, Any] | None = None,
        more: tuple[str, ...] = (),
    ) -> Figure:
        call = s.call
        extra = {
            "call": call.id,
            "who": call.who,
            "house": call.house,
            "stance": call.stance,
            "date": str(call.date),
            "due": s.due,
            "worst_on": s.worst_on if statistic == "worst" else None,
        }
        return self.questions[call.id].figure(
            " + ".join(call.baskets) or call.id,
            value,
            unit,
            statistic=statistic,
            label=_who(call),
            against=" + ".join(self.yardstick(call)) or None,
            start=s.entry,
            end=s.end,
            caveats=more,
            evidence=evidence,
            extra={k: v for k, v in extra.items() if v},
        )

    def yardstick(self, call: Call) -> tuple[str, ...]:
        """What the call is measured against."""
        return yardstick(self.market, call)

    def count(self, what: str) -> Figure:
        """How many records in force there are ("calls"), are "running", or have a status."""
        running = ("open", "not started", "not triggered")
        hits = [
            s
            for s in self.in_force
            if what in ("calls", s.status)
            or (what == "running" and s.status in running and str(s.due) > self.market.as_of)
        ]
        rests = [q.step for q in self.questions.values()]
        question = self._known.question(
            "ledger",
            {
                "ledger": self.ledger.name,
                "checksum": self.ledger.checksum,
                "as_of": self.market.as_of,
            },
            code_of(__name__),
            parents=rests,
            measure="calls",
        )
        return question.figure(self.ledger.name, len(hits), "count", statistic=f"count {what}")

    @property
    def in_force(self) -> list[CallScore]:
        """Scores of the records nobody has corrected."""
        corrected = self.ledger.corrected
        return [s for s in self.scores if s.call.id not in corrected]

    def frame(self) -> pl.DataFrame:
        """One row per record, corrected ones included; shares of too few windows are null."""
        import polars as pl

        corrected = self.ledger.corrected
        rows = []
        for s in self.scores:
            row = {
                k: getattr(s.call, k)
                for k in ("id", "who", "house", "date", "stance", "conviction")
            }
            row |= {
                "baskets": ", ".join(s.call.baskets),
                "against": ", ".join(self.yardstick(s.call)),
                "basis": self.questions[s.call.id].basis,
                "level": s.call.level,
                "status": s.status,
                "reason": s.reason,
                "entry": s.entry,
                "end": s.end,
                "due": s.due,
            }
            row |= {k: getattr(s, k) for k in PLAIN} | {
                "worst_on": s.worst_on,
                "touched": s.touched,
            }
            for name in SHARES:
                found = getattr(s, name)
                row |= {
                    name: found.value if found and found.enough else None,
                    f"{name}_n": found.n if found else None,
                    f"{name}_n_effective": found.n_effective if found else None,
                    f"{name}_low": found.low if found and found.enough else None,
                    f"{name}_high": found.high if found and found.enough else None,
                }
            figure = self.figure(s.call.id, "active") or self.figure(s.call.id, "status")
            row |= {"words": s.call.words, "source": s.call.source, "note": s.call.note}
            row |= {
                "assumed": ", ".join(s.call.assumed),
                "corrects": s.call.corrects,
                "corrected_by": corrected.get(s.call.id),
                "caveats": "; ".join(self.questions[s.call.id].caveats),
                "figure": figure.id if figure else None,
            }
            rows.append(row)
        return pl.DataFrame(rows, infer_schema_length=None, strict=False)

    def records(self) -> pl.DataFrame:
        """One row per person and per house: calls, hits, interval, base rate."""
        import polars as pl

        return pl.DataFrame(
            [asdict(r) for kind in ("who", "house") for r in self.record(kind)],
            infer_schema_length=None,
        )

    def record(self, kind: str) -> list[TrackRecord]:
        """The track records of persons ("who") or houses ("house")."""
        return track_records(self.in_force, kind, self.market.sessions)

    def record_figures(self, record: TrackRecord) -> dict[str, Figure]:
        """The numbers of a record as figures, resting on its calls'."""
        own = [s for s in self.in_force if getattr(s.call, record.kind) == record.who]
        question = self._known.question(
            "record",
            {
                "ledger": self.ledger.name,
                "kind": record.kind,
                "name": record.who,
                "as_of": self.market.as_of,
            },
            code_of(__name__),
            parents=[self.questions[s.call.id].step for s in own],
            measure="calls",
        )
        units = {
            "calls": "count",
            "decided": "count",
            "hits": "count",
            "open": "count",
            "unscored": "count",
            "rate": "fraction",
            "low": "fraction",
            "high": "fraction",
            "expected": "fraction",
            "luck": "fraction",
        }
        made = {}
        for name, unit in units.items():
            value = getattr(record, name)
            if value is None:
                continue
            evidence = (
                {"n": record.decided, "n_effective": float(record.n_effective)}
                if name == "rate"
                else {}
            )
            made[name] = question.figure(
                record.who,
                value,
                unit,
                statistic=f"record {name}",
                evidence=evidence,
                extra={"kind": record.kind},
            )
        return made

    @cached_property
    def _known(self) -> Provenance:
        return self.market.provenance()


def _who(call: Call) -> str:
    return f"{call.who}, {call.house}" if call.house else call.who


def yardstick(market: Market, call: Call) -> tuple[str, ...]:
    """What a call is measured against: as given, else the benchmark; a level target has none."""
    if call.stance == "level_target" or not call.scorable:
        return ()
    return call.against or (market.benchmark,)


def beside(market: Market) -> Path | None:
    """The ledger beside the market file, if there is one."""
    if not market.path.endswith(".toml"):
        return None
    path = Path(market.path).with_name(LEDGER)
    return path if path.is_file() else None


def score(market: Market, path: str | Path | None = None) -> Scored:
    """Score every call of a ledger that was made by the market's as-of day.

    path  default: ``calls.toml`` beside the market file
    Raises ``UsageError`` for a ledger that does not hold and ``UnknownName`` for a basket it names.
    """
    found = Path(path) if path is not None else beside(market)
    if found is None:
        raise UsageError(
            "no ledger of calls is given.", f"Name a file, or keep {LEDGER} beside the market file."
        )
    today = dt.date.fromisoformat(market.as_of)
    whole = ledger_file.read(found)
    ledger = whole.known(today)
    names = {c.id: _resolved(market, c, found) for c in ledger.calls if c.scorable}
    used = sorted({n for legs in names.values() for side in legs for n in side})
    market = market.including(used)
    have = market.all_levels if names else None
    calendar, stored = sessions_to(market, _last_due(ledger.calls, today))
    known = market.provenance(used, {n: have.basis[n] for n in used} if have is not None else {})
    scores, questions = [], {}
    for call in ledger.calls:
        sides, basis, legs = names.get(call.id), "", None
        rests: list[str] = []
        caveats: list[str] = []
        if sides is not None and have is not None:
            rests = [*sides[0], *sides[1]]
            basis, matrix = _basis(market, call, rests)
            lines = matrix[[have.names.index(n) for n in rests]]
            at = len(sides[0])
            legs = Legs(have.sessions, lines[:at], lines[at:], calendar)
            if "/" in basis:
                caveats.append(
                    f"its legs rest on different bases ({basis}): dividends count on one side only"
                )
        caveats += _remarks(call)
        due = None if legs is None else due_date(call, calendar)
        if stored is not None and due is not None and due > stored:
            caveats.append(f"sessions after {stored} are not stored yet: their number is estimated")
        questions[call.id] = known.question(
            "call",
            {
                "ledger": ledger.name,
                "call": call.model_dump(mode="json", exclude_defaults=True),
                "legs": sides,
                "basis": basis,
                "as_of": market.as_of,
            },
            code_of(__name__),
            names=rests,
            basis=basis,
            caveats=caveats,
            measure="calls",
        )
        scores.append(score_call(call, legs))
    return Scored(market, ledger, tuple(scores), questions)


def _last_due(made: Sequence[Call], today: dt.date) -> dt.date:
    """A day by which every call is due, as far as anybody looks ahead."""
    far = today + dt.timedelta(days=366 * FARTHEST)
    ends = [
        c.horizon
        if isinstance(c.horizon, dt.date)
        else max(c.date, c.begins or c.date)
        + dt.timedelta(days=min(3 * (c.horizon or 0), 366 * FARTHEST) + 14)
        for c in made
    ]
    return min(far, max(ends, default=today))


def _remarks(call: Call) -> list[str]:
    said = []
    if call.assumed:
        said.append(
            f"{', '.join(call.assumed)}: not stated by the speaker, chosen by the ledger's keeper"
        )
    if call.proxy:
        said.append("measured by a proxy of the keeper's choice; does not count in a record")
    if call.recorded is not None and call.corrects is None and (call.recorded - call.date).days > 7:
        said.append(f"written down on {call.recorded}, after it was made")
    if call.corrects is not None:
        said.append(f"corrects {call.corrects}, recorded on {call.recorded}")
    return said


def _resolved(market: Market, call: Call, path: Path) -> tuple[list[str], list[str]]:
    sides = []
    for given in (call.baskets, yardstick(market, call)):
        try:
            sides.append(market.resolve(given) if given else [])
        except UnknownName as error:
            raise UsageError(f"{path}: call {call.id!r}: {error.message}", error.remedy) from None
    if call.stance == "level_target" and len(sides[0]) != 1:
        raise UsageError(
            f"{path}: call {call.id!r}: {call.baskets[0]!r} is a group of baskets.",
            "Name one basket.",
        )
    return sides[0], sides[1]


def _basis(market: Market, call: Call, names: Sequence[str]) -> tuple[str, Any]:
    """One basis for all legs: total return where all have it today, else price; a level is a price.

    Where no basis serves all legs each takes its own, and the figure says so.
    """
    have = market.all_levels
    rows = [have.names.index(n) for n in names]
    order = ("price", "total") if call.stance == "level_target" else ("total", "price")
    for basis in order:
        if np.isfinite(have.by_basis[basis][rows, -1]).all():
            return basis, have.by_basis[basis]
    own = [have.basis[n] for n in names]
    return own[0] if len(set(own)) == 1 else "/".join(own), have.native
