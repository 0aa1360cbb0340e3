"""The report's sections on the future: what they said, and the target. Computed in ``run.calls`` and ``run.target``."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from paceline.document import Block, Chart, Document, Grid, Label, Part, Section, Sentence, Series
from paceline.errors import PacelineError
from paceline.figures import Figure
from paceline.methods.call import JOIN
from paceline.methods.level_odds import QUANTILES
from paceline.studies import calls, target
from paceline.studies.answers import Book, day

if TYPE_CHECKING:
    from paceline.methods.call import Call
    from paceline.methods.scoring import CallScore

#: Columns of a call's standing.
STANDING = ("status", "active", "worst", "drift", "base", "base_active", "chance")
#: Cards of these figures: for the manifest's ``measures``.
ABOUT = {"calls": calls.ABOUT, "target": target.ABOUT}
STANCES = {
    "over": "To do better",
    "under": "To do worse",
    "accumulate_on_dips": "Buy on dips",
    "level_target": "To reach a level",
    "lead_change": "To take the lead",
    "rotation": "Rotation into",
    "consolidation": "Consolidation",
    "headwind": "Headwind",
}
CASES = {
    "zero": "No drift",
    "history": "Its own history",
    "history, low end": "History, low end",
    "history, high end": "History, high end",
    "view": "As given",
}


def said(book: Book) -> Section | None:
    """Section "what they said": the calls of the ledger beside the market file; None without one."""
    found = _scored(book)
    return calls_section(found) if found is not None and found.scores else None


def targets(book: Book) -> Section | None:
    """Section "the target": every level target of the ledger that is still open; None without one."""
    found = _scored(book)
    blocks: list[Block] = []
    for s in found.in_force if found is not None else ():
        call = s.call
        if (
            call.stance != "level_target"
            or s.status not in ("open", "not started")
            or s.due is None
        ):
            continue
        assert call.level is not None
        try:
            by = call.horizon if isinstance(call.horizon, dt.date) else s.due
            answer = target.weigh(book.market, call.level, by, subject=call.baskets[0])
        except PacelineError as error:
            book.refused["target"] = str(error)
            continue
        blocks += target_blocks(answer)
    return Section("target", "The target", target.QUESTION, tuple(blocks)) if blocks else None


def _scored(book: Book) -> calls.Scored | None:
    """The ledger's scores, worked out once per report."""
    kept = book.__dict__
    if "_calls" not in kept:
        kept["_calls"] = None
        if calls.beside(book.market) is not None:
            try:
                kept["_calls"] = calls.score(book.market)
            except PacelineError as error:
                book.refused["calls"] = str(error)
    found: calls.Scored | None = kept["_calls"]
    return found


def asked_again(question: Mapping[str, Any]) -> list[str]:
    """The words after ``paceline`` that ask a stored question of these views again; none for other questions."""
    asked = question["params"]
    if question["name"] == "target":
        words = [
            "target",
            f"{asked['level']:.12g}",
            "--by",
            asked["by"],
            "--subject",
            asked["subject"],
        ]
        given = (
            ("--drift", "drift", "history"),
            ("--vol", "volatility", "history"),
            ("--since", "since", ""),
            ("--draws", "draws", target.DRAWS),
            ("--seed", "seed", 0),
        )
        return words + [
            w
            for option, key, usual in given
            if asked[key] != usual
            for w in (option, str(asked[key]))
        ]
    if question["name"] == "episodes":
        sizes = (("--c", "c", 1.5), ("--step", "step", 5))
        return [
            "episodes",
            asked["rotation"],
            *(
                w
                for option, key, plain in sizes
                if asked[key] != plain
                for w in (option, f"{asked[key]:g}")
            ),
        ]
    if question["name"] in ("verdict", "analogues"):
        return ["report"]
    if question["name"] in ("call", "record", "ledger"):
        return ["calls", "score", asked["ledger"]]
    return []


# ---- what they said
# ------------------------------------------------------------------------------------


def calls_section(found: calls.Scored) -> Section:
    """Every call with its standing, the paths of those that run or ran, and the records."""
    counted = {k: found.count(k) for k in ("calls", "running", "hit", "miss")}
    blocks: list[Block] = [
        Sentence(
            (
                counted["calls"],
                " calls are on file: ",
                counted["running"],
                " run, ",
                counted["hit"],
                " came right, ",
                counted["miss"],
                " did not. A call counts from the first close after it was made.",
            )
        )
        if found.scores
        else Sentence(("No call was on file by then.",))
    ]
    lines = [
        Series(_name(s.call), s.path_days, s.path, f)
        for s in found.in_force
        if len(s.path) > 1 and (f := found.figure(s.call.id, "active")) is not None
    ]
    if lines:
        blocks.append(
            Chart("line", "Active return since the call", tuple(lines), "return", reference=0.0)
        )
    priced = [s for s in found.in_force if s.call.scorable]
    blocks.append(
        Grid(
            "Calls and their standing",
            (
                "Who",
                "Said on",
                "Call",
                "What",
                "Against",
                "Due",
                "Standing",
                "Active return",
                "Worst on the way",
                "By drift",
                "Random days hit",
                "Random days, mean",
                "Asked before",
            ),
            tuple(_row(found, s) for s in priced),
            note=Sentence(
                (
                    "Active return: what was named minus what it is measured against. By drift: what the growth of both before "
                    "the call would have given. Random days: the same call on every earlier session. Asked before: chance "
                    "of a level under drift and volatility before the call.",
                )
            ),
        )
    )
    rest = [s for s in found.in_force if not s.call.scorable]
    if rest:
        blocks.append(
            Grid(
                "Not scorable by prices",
                ("Who", "Said on", "Call", "Words"),
                tuple(
                    (
                        Label(_who(s.call)),
                        day(s.call.date),
                        STANCES[s.call.stance],
                        Label(s.call.words),
                    )
                    for s in rest
                ),
            )
        )
    corrected = found.ledger.corrected
    old = [s for s in found.scores if s.call.id in corrected]
    if old:
        columns = ("Record", "Corrected by", "Who", "Standing as written")
        blocks.append(
            Grid(
                "Records that were corrected",
                columns,
                tuple(
                    (
                        Label(s.call.id),
                        Label(corrected[s.call.id]),
                        Label(_who(s.call)),
                        found.figure(s.call.id, "status"),
                    )
                    for s in old
                ),
            )
        )
    blocks.append(
        Grid(
            "The words",
            ("Who", "Words", "Chosen by the keeper", "Source"),
            tuple(
                (
                    Label(_who(s.call)),
                    Label(s.call.words),
                    Label(", ".join(s.call.assumed)),
                    Label(s.call.source),
                )
                for s in priced
            ),
        )
    )
    rows = []
    for kind in ("who", "house"):
        for record in found.record(kind):
            if record.decided:
                made = found.record_figures(record)
                rows.append(
                    (
                        Label(record.who),
                        *(
                            made.get(k)
                            for k in ("decided", "hits", "rate", "low", "high", "expected", "luck")
                        ),
                    )
                )
    if rows:
        note = Sentence(
            (
                "The interval counts only calls whose windows do not overlap. By luck: chance that random "
                "days would have hit as often.",
            )
        )
        blocks.append(
            Grid(
                "What the decided calls prove",
                (
                    "Person or house",
                    "Decided",
                    "Hits",
                    "Share",
                    "Interval from",
                    "to",
                    "Random days",
                    "By luck",
                ),
                tuple(rows),
                note=note,
            )
        )
    return Section("what_they_said", "What they said", calls.QUESTION, tuple(blocks))


def _who(call: Call) -> str:
    return f"{call.who} ({call.house})" if call.house and call.house != call.who else call.who


def _name(call: Call) -> str:
    return f"{call.who}: {call.id}"


def _labels(found: calls.Scored, names: tuple[str, ...]) -> Label:
    known = found.market.labels
    return Label(f"{JOIN} ".join(known.get(n, n) for n in names))


def _row(found: calls.Scored, s: CallScore) -> tuple[Part | None, ...]:
    call = s.call
    level = found.figure(call.id, "level")
    stance: Part = STANCES[call.stance] + (", by proxy" if call.proxy else "")
    return (
        Label(_who(call)),
        day(call.date),
        stance,
        _labels(found, call.baskets),
        level if level is not None else _labels(found, found.yardstick(call)),
        day(s.due) if s.due else None,
        *(found.figure(call.id, k) for k in STANDING),
    )


# ---- the target
# ----------------------------------------------------------------------------------------


def target_section(answer: target.Answer) -> Section:
    """One target as a section."""
    return Section("target", "The target", target.QUESTION, tuple(target_blocks(answer)))


def target_blocks(answer: target.Answer) -> list[Block]:
    """Sentence, fan chart, drifts, history and what it all rests on."""
    t, f = answer.target, answer.figures
    name = answer.market.labels.get(answer.subject, answer.subject)
    stated = t.stated.name
    blocks: list[Block] = [
        Sentence(
            (
                f["level"],
                " by ",
                day(t.by),
                " asks of ",
                Label(name),
                " a return of ",
                f["implied_return"],
                " from ",
                f["last_close"],
                ": ",
                f["required_growth"],
                " a year over ",
                f["sessions"],
                " sessions. Under a drift of ",
                f["drift"],
                " a year (",
                _case(stated),
                ") the chance of closing there at the end is ",
                f[f"end {stated}"],
                ", of touching it before ",
                f[f"touch {stated}"],
                "; without drift ",
                f["end zero"],
                " and ",
                f["touch zero"],
                ". Of all past windows of that length ",
                f["past_share"],
                " ended with as much.",
            )
        ),
        _fan(answer, name),
    ]
    ranked = answer.cases
    blocks.append(
        Chart(
            "bar",
            "Chance of closing there at the end, by drift",
            tuple(
                Series(_case(c.name).text, [_case(c.name).text], [c.closed.end], f[f"end {c.name}"])
                for c in ranked
            ),
            "fraction",
            reference=0.0,
        )
    )
    blocks.append(
        Grid(
            "The answer is mostly the drift",
            (
                "Drift",
                "Per year",
                "At the end",
                "Touched before",
                "Touched at a close",
                "At the end, bootstrap",
                "Touched at a close, bootstrap",
            ),
            tuple(
                (_case(c.name), f[f"drift {c.name}"], *(f[f"{k} {c.name}"] for k in target.CASE))
                for c in ranked
            ),
            heat=(2, 3, 4, 5, 6),
            note=Sentence(
                (
                    "Drift: continuous, of the price index, dividends apart. The ends of history are the ends of its interval "
                    "at ",
                    Label("95%"),
                    ". Volatility ",
                    f["volatility"],
                    " a year (whole history ",
                    f["volatility_history"],
                    ", last year ",
                    f["volatility_recent"],
                    ").",
                )
            ),
        )
    )
    blocks.append(
        Grid(
            "Its own daily returns, drawn in blocks",
            ("Returns", "At the end", "Touched at a close"),
            tuple(
                (title, f[f"bootstrap_end {name}"], f[f"bootstrap_touch {name}"])
                for title, name in (
                    ("As they were", "raw"),
                    ("With zero mean", "zero mean"),
                    ("With the mean the target needs", "target mean"),
                )
            ),
            note=Sentence(
                (Label(f"{t.draws:,}"), " paths of blocks of ", f["block"], " sessions on average.")
            ),
        )
    )
    blocks.append(
        Grid(
            "Past windows of that length",
            (
                "History from",
                "Windows",
                "Independent",
                "Ended with as much",
                "Touched it at a close",
            ),
            (
                (
                    day(t.history_from),
                    f["past_windows"],
                    f["past_windows_independent"],
                    f["past_share"],
                    f["past_share_touch"],
                ),
            ),
        )
    )
    return blocks


def _case(name: str) -> Label:
    return Label(CASES.get(name, name))


def _fan(answer: target.Answer, name: str) -> Chart:
    t, f = answer.target, answer.figures
    days = [str(d) for d in answer.days[-target.DRAWN :]]
    lines = [
        Series(name, days, [float(c) for c in answer.closes[-target.DRAWN :]], f["last_close"])
    ]
    for q, row in reversed(list(zip(QUANTILES, t.fan, strict=True))):
        title = "Median" if q == 0.5 else f"{q:.0%} of paths below"
        lines.append(Series(title, t.fan_dates, [float(v) for v in row], f[f"quantile {q:.0%}"]))
    return Chart(
        "line",
        "Where the draws lead, and the target",
        tuple(lines),
        "level",
        reference=t.level,
        note=Sentence(("The level line is the target; the fan follows the stated drift.",)),
    )


def document(answer: target.Answer) -> Document:
    """A page of one target."""
    market, section = answer.market, target_section(answer)
    steps = [s.to_json() for s in market.steps.behind(f.step for f in answer.figures.values())]
    file = ["--market", market.path] if market.path.endswith(".toml") else []
    first = section.blocks[0]
    assert isinstance(first, Sentence)
    return Document(
        market.title,
        market.name,
        market.as_of,
        market.simulated,
        (first,),
        (section,),
        {
            "market": market.name,
            "as_of": market.as_of,
            "measures": {"target": target.ABOUT},
            "sources": market.stored.loads,
            "steps": steps,
            "figures": [f.to_json() for f in section_figures(section)],
            "command": shlex.join(
                [
                    "paceline",
                    *asked_again(answer.question.step.to_json()),
                    *file,
                    "--as-of",
                    market.as_of,
                ]
            ),
        },
    )


def section_figures(section: Section) -> list[Figure]:
    """The figures of a section, each once."""
    return list(Document("", "", "", False, (), (section,)).figures())
