"""A ledger scored: every number of its calls and of its speakers a figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from paceline.engine import Provenance, Question
from paceline.figures import Figure, Value
from paceline.lineage import code_of
from paceline.methods.call import Call, Ledger
from paceline.methods.proportions import WindowShare
from paceline.methods.scoring import CallScore
from paceline.methods.track_record import TrackRecord, track_records

if TYPE_CHECKING:
    import polars as pl

    from paceline.market import Market

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
                share = getattr(s, name)
                if share is not None and share.n:
                    made[s.call.id, name] = self._share(s, name, share)
            if s.call.level is not None:
                made[s.call.id, "level"] = self._figure(s, "level", s.call.level, "level")
            made[s.call.id, "status"] = self._figure(s, "status", s.status, "text")
        return made

    def figure(self, call: str, statistic: str) -> Figure | None:
        """One figure, or None where there is no value."""
        return self.figures.get((call, statistic))

    def _share(self, s: CallScore, name: str, share: WindowShare) -> Figure:
        short = (
            ()
            if share.enough
            else (
                f"only {share.n_effective:.1f} independent windows before the call: "
                "no share is given",
            )
        )
        evidence = {"n": share.n, "n_effective": share.n_effective}
        if share.enough:
            evidence |= {"low": share.low, "high": share.high}
        return self._figure(
            s, name, share.value if share.enough else None, "fraction", evidence, short
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
        question = self.questions[call.id]
        if statistic == "status" and s.status == "no data":
            question, more = replace(question, gaps=()), (*more, s.reason)  # no number of a level
        return question.figure(
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
        question = self._provenance.question(
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
                share = getattr(s, name)
                row |= {
                    name: share.value if share and share.enough else None,
                    f"{name}_n": share.n if share else None,
                    f"{name}_n_effective": share.n_effective if share else None,
                    f"{name}_low": share.low if share and share.enough else None,
                    f"{name}_high": share.high if share and share.enough else None,
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
        question = self._provenance.question(
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
            "luck": "estimate",
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
    def _provenance(self) -> Provenance:
        return self.market.provenance()


def _who(call: Call) -> str:
    return f"{call.who}, {call.house}" if call.house else call.who


def yardstick(market: Market, call: Call) -> tuple[str, ...]:
    """What a call is measured against: as given, else the benchmark; a level target has none."""
    if call.stance == "level_target" or not call.scorable:
        return ()
    return call.against or (market.benchmark,)
