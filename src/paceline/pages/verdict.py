"""The report's verdict page and its page of episodes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from paceline.document import Block, Chart, Grid, Label, Part, Section, Sentence, Series
from paceline.errors import PacelineError
from paceline.figures import Figure
from paceline.methods import grades as rules
from paceline.methods.barriers import NAMED
from paceline.pages.rotation import words
from paceline.signals import french
from paceline.studies import analogues, verdict
from paceline.studies.answers import Book, day
from paceline.studies.episodes import Study, study
from paceline.studies.rotations import C

#: Past episodes listed for each pair; sessions of the line that is drawn.
LISTED, DRAWN = 6, 1260
#: Members in the order of the year before.
FIFTHS = ("Laggards", "Second fifth", "Middle fifth", "Fourth fifth", "Leaders")


def page(book: Book) -> Section | None:
    """Both questions with their grades, evidence for and against, and every rotation's three grades."""
    found = verdict.weigh(book)
    if found is None:
        return None
    book.__dict__["_verdict"] = found
    grade = found.figure("changing", found.grade, "text")
    blocks: list[Block] = [_changing(book, found, grade), *_digesting(book, found)]
    rows = [(found.row(g), g) for g in found.graded]
    blocks += _pictures(book, found, [(found.shelf.pairs[g.case.name].label, r) for r, g in rows])
    name = book.name(found.sector).text
    for title, asked in (
        ("For and against: leadership is changing", _leadership_rows(book, found)),
        (f"For and against: {name} is digesting", _digestion_rows(book, found)),
    ):
        if asked:
            blocks.append(Grid(Label(title), ("Evidence", "Figure", "Speaks"), tuple(asked)))
    blocks.append(
        Grid(
            "Every rotation since the date, and how its grade comes about",
            (
                "Rotation",
                "Moved",
                "Less the usual",
                Label("95% from"),
                "to",
                "Adjusted p",
                "Independent windows",
                "New turn",
                "Effect",
                "Significance",
                "Persistence",
                "Grade",
            ),
            tuple(
                (
                    Label(found.shelf.pairs[g.case.name].label),
                    r["move"],
                    r["effect"],
                    r["low"],
                    r["high"],
                    r["p"],
                    r["n_effective"],
                    r["turn"],
                    r["grade_effect"],
                    r["grade_significance"],
                    r["grade_persistence"],
                    r["grade"],
                )
                for r, g in rows
            ),
            note=Sentence(
                (
                    "The grade is the lowest of the three; a sector alone is weak at most. Less the usual: against all earlier "
                    "windows of the same length, with or without beta, whichever is weaker. Adjusted for every question that "
                    "shares the date.",
                )
            ),
        )
    )
    month_ = book.one("performance", book.benchmark, "last_month")
    if month_ is not None and month_.start and month_.end:
        turns = [
            (s, s.reversal(month_.start, month_.end))
            for n in book.market.file.rotations
            if (s := _study(book, n)) is not None
        ]
        blocks.append(
            Grid(
                "The last full month against the year before it",
                (
                    "Pair",
                    "First leg before",
                    "Second leg before",
                    "First leg in the month",
                    "Second leg in the month",
                    "The lead changed sides",
                ),
                tuple((Label(s.pair.label), *r.values()) for s, r in turns if r),
                note=Sentence(
                    (
                        "A reversal is a change of sign of the difference. Where nothing links a month to the year before it, "
                        "every other month is one.",
                    )
                ),
            )
        )
    return Section("verdict", "The verdict", "Is the baton really changing hands?", tuple(blocks))


def _pictures(
    book: Book, found: verdict.Verdict, rows: Sequence[tuple[str, dict[str, Any]]]
) -> list[Block]:
    """Every rotation's move less the usual with its interval; the members' returns by fifths of the year before."""
    drawn = tuple(
        Series(name, [name], [r["effect"].value], r["effect"], (r["low"].value, r["high"].value))
        for name, r in rows
        if r["effect"] is not None
        and r["effect"].value is not None
        and r["low"] is not None
        and r["high"] is not None
    )
    blocks: list[Block] = []
    if drawn:
        blocks.append(
            Chart(
                "interval",
                "Each rotation since the date, less the usual, with its interval",
                drawn,
                "return",
            )
        )
    for adjusted, title in (
        ("raw", "Members since the date, by how they did in the year before"),
        ("beta removed", "The same without beta"),
    ):
        mine = _fifths(book, found, adjusted)
        if mine:
            blocks.append(
                Chart(
                    "bar",
                    title,
                    tuple(
                        Series(name, [name], [f.value], f)
                        for name, f in zip(FIFTHS, mine, strict=True)
                    ),
                    "return",
                    reference=0.0,
                )
            )
    return blocks


def _legs(book: Book, found: verdict.Verdict) -> list[Figure]:
    """Figures of ``leadership`` since the date."""
    since = "low" if found.is_low else found.date
    return (
        [f for f in book.rows("leadership", since=since) if f.value is not None]
        if book.broad
        else []
    )


def _fifths(book: Book, found: verdict.Verdict, adjusted: str) -> list[Figure]:
    """Members' mean returns since the date by fifths of the year before, laggards first; empty if one is missing."""
    by = {
        f.statistic: f
        for f in _legs(book, found)
        if f.subject == book.broad
        and not f.extra.get("group")
        and f.extra.get("formation") == "ytd"
        and f.extra.get("adjusted") == adjusted
    }
    fifths = [by[f"quintile_{k}"] for k in range(1, 6) if f"quintile_{k}" in by]
    return fifths if len(fifths) == len(FIFTHS) else []


def _changing(book: Book, found: verdict.Verdict, grade: Figure) -> Sentence:
    judged = [g for g in found.graded if g.evidence.effect is not None]
    clear = [g for g in judged if g.significance != "none"]
    n = found.figure("rotations judged", len(judged), "count")
    k = found.figure("rotations beyond noise", len(clear), "count") if clear else None
    since: tuple[Part, ...] = ("since the low of " if found.is_low else "since ", day(found.date))
    return words(
        rules.claim("changing", found.grade),
        " (grade: ",
        grade,
        "). Of ",
        n,
        " rotations judged ",
        *since,
        ", ",
        *([k] if k else ["none"]),
        " moved by more than chance allows",
        " in the direction of a new turn." if clear else " together with a new turn.",
    )


def _digesting(book: Book, found: verdict.Verdict) -> list[Block]:
    d, made = found.digestion, found.digest_figures
    if d is None:
        return [
            words("Whether the year's leader digests cannot be asked: ", Label(found.reason), ".")
        ]
    grade = found.figure("digesting", d.grade, "text", subject=found.sector)
    trend = "its trend is not broken" if d.intact else "its trend is broken"
    parts: list[Part | None] = [
        book.name(found.sector),
        " ",
        rules.claim("consolidating", d.grade),
        " (grade: ",
        grade,
        "). It stands ",
        made["drawdown"],
        " from its ",
        Label("252-day"),
        " high and ",
        made["above"],
        " from its ",
        Label("200-day"),
        " mean",
    ]
    if made.get("share") is not None:
        parts += ["; ", made["share"], " of its members are above theirs"]
    parts += [": ", trend, "."]
    if d.lift.effect is None:
        parts += [
            " That it falls behind in earnings seasons cannot be tested here: ",
            Label(d.lift.note),
            ".",
        ]
    return [words(*parts)]


def _side(yes: bool | None) -> str:
    return "neither" if yes is None else "for" if yes else "against"


def _leadership_rows(book: Book, found: verdict.Verdict) -> list[tuple[Part | None, ...]]:
    rows: list[tuple[Part | None, ...]] = []
    legs, broad = _legs(book, found), book.broad
    for formation, said in (("ytd", "the year before"), ("12-2", "twelve months but the last")):
        for adjusted in ("raw", "beta removed"):
            mine = {
                f.statistic: f
                for f in legs
                if f.subject == broad
                and not f.extra.get("group")
                and f.extra.get("formation") == formation
                and f.extra.get("adjusted") == adjusted
            }
            rho, mono = mine.get("rank_correlation"), mine.get("monotone")
            beta = "" if adjusted == "raw" else ", beta removed"
            if rho is not None:
                sign = str(rho.extra.get("sign"))
                rows.append(
                    (
                        f"Members: rank correlation of {said} with the days since{beta} ({sign})",
                        rho,
                        _side({"past losers ahead": True, "past winners ahead": False}.get(sign)),
                    )
                )
            if mono is not None and formation == "ytd":
                order = str(mono.extra.get("sign"))
                baton = order == "falling"  # the further behind before, the further ahead now
                rows.append(
                    (
                        f"Members by fifths{beta}: {order}"
                        + ("" if baton else "; no handing over from one end to the other")
                        + " (leaders less laggards)",
                        mine.get("spread"),
                        _side(baton),
                    )
                )
    rows += [
        ("Sectors that changed side against the market (weak evidence)", f, _side(None))
        for f in legs
        if f.statistic == "changed_side"
        and f.extra.get("group") == book.sector_group()
        and f.extra.get("adjusted") == "raw"
        and f.extra.get("formation") == "ytd"
    ]
    new = [g for g in found.declared if g.case.size >= C]
    count = found.figure("new episodes", len(new), "count")
    rows.append(("Declared rotations with a new episode since the date", count, _side(bool(new))))
    clear = [
        g
        for g in found.declared
        if g.evidence.low is not None
        and g.evidence.high is not None
        and not g.evidence.low <= 0 <= g.evidence.high
    ]
    rows.append(
        (
            "Declared rotations whose interval excludes zero",
            found.figure("declared beyond noise", len(clear), "count"),
            _side(bool(clear)),
        )
    )
    for name in list(book.market.file.rotations)[:3]:
        study = _study(book, name)
        low = study.since_low() if study is not None else {}
        if low:
            label = found.shelf.pairs[name].label
            rows.append(
                (
                    Label(f"{label}: share of earlier lows after which it did less"),
                    low["rank"],
                    _side(
                        _extreme(float(low["rank"].value), int(low["n"].value))
                        if low["rank"].value is not None
                        else None
                    ),
                )
            )
    return rows


def _extreme(share: float, n: int) -> bool:
    """Whether a value with that share of n earlier ones below it is among the outermost 5% (both sides together)."""
    return 2 * (1 + n * min(share, 1 - share)) / (1 + n) <= 0.05


def _digestion_rows(book: Book, found: verdict.Verdict) -> list[tuple[Part | None, ...]]:
    d, made = found.digestion, found.digest_figures
    if d is None:
        return []
    number, _ = rules.season(book.market.all_levels.sessions)
    today = float(number[-1])
    short = made.get("below_short")
    rows: list[tuple[Part | None, ...]] = [
        ("Off its high by enough to be a pause", made["drawdown"], _side(-d.drawdown >= 0.02)),
        ("Above its long mean", made["above"], _side(d.above > 0)),
        (
            "Against its short mean (a pause is below it)",
            made.get("below_short"),
            _side(None if short is None else float(short.value) < 0),
        ),
    ]
    if made.get("share") is not None:
        rows.append(("Share of members above their long mean", made["share"], _side(d.share > 0.5)))
    since = found.figure("sessions since high", d.sessions, "sessions", subject=found.sector)
    rows.append(("Sessions since its high", since, _side(d.sessions >= rules.SESSIONS[-1][0])))
    if math.isfinite(today):
        inside = rules.SEASON[0] <= today <= rules.SEASON[1]
        rows.append(
            (
                "Session of the quarter: "
                + (
                    "inside the earnings season (a proxy)"
                    if inside
                    else "outside the earnings season (a proxy)"
                ),
                found.figure("session of quarter", int(today), "count", subject=found.sector),
                _side(inside),
            )
        )
    lift = found.figure(
        "earnings season lift",
        d.lift.effect,
        "return",
        subject=found.sector,
        evidence=d.lift,
        caveats=(d.lift.note,),
    )
    rows.append(
        (
            "Relative return a session in earnings seasons less outside",
            lift,
            _side(None if d.lift.effect is None else d.significance != "none"),
        )
    )
    return rows


def _study(book: Book, name: str) -> Study | None:
    """A rotation's study, made once for a report."""
    kept = book.__dict__.setdefault("_studies", {})
    if name not in kept:
        try:
            kept[name] = study(book.market, name)
        except PacelineError as error:
            book.refused[f"episodes {name}"] = str(error)
            kept[name] = None
    made: Study | None = kept[name]
    return made


def episodes(book: Book) -> Section | None:
    """Each declared rotation: its state, its episodes, how often noise does the same, and what followed."""
    studies = [s for n in book.market.file.rotations if (s := _study(book, n)) is not None]
    if not studies:
        return None
    _warm(studies)
    blocks: list[Block] = [_head(book, studies), _states(studies)]
    best = [s.superlative() for s in studies]
    blocks.append(
        Grid(
            "The last two weeks, by rank",
            (
                "Pair",
                "Moved",
                "Share of earlier fortnights below",
                "Fortnights",
                "As wide to this side before",
            ),
            tuple(
                (
                    Label(s.pair.label),
                    f["now"],
                    f["rank"],
                    f["n"],
                    day(f["since"]) if f["since"] else "never in this history",
                )
                for s, f in zip(studies, best, strict=True)
                if f
            ),
        )
    )
    rates = [(s, s.rates()) for s in studies]
    blocks.append(
        Grid(
            "Episodes a year, and how often noise makes one",
            ("Pair", "The pair", "Driftless walks", "Its own returns without drift, resampled"),
            tuple((Label(s.pair.label), r["own"], r["walks"], r["resampled"]) for s, r in rates),
            note=Sentence(
                (
                    "Pairs turn about as often as noise made of their own returns: an episode by itself is no "
                    "evidence that it lasts.",
                )
            ),
        )
    )
    for s in studies:
        blocks += _pair(s)
    blocks += analogues.blocks(book)
    return Section(
        "episodes",
        "Episodes of rotation",
        "Has one side taken over before, and what came next?",
        tuple(blocks),
    )


def _warm(studies: Sequence[Study]) -> None:
    """The false alarms of all pairs in one pass; each study then finds its own."""
    from paceline.methods.turns import false_alarms

    false_alarms(
        [np.diff(s.shelf.line(s.pair.name)) for s in studies],
        studies[0].c,
        step=studies[0].step,
        folder=studies[0].market.store.path / "cache",
    )


def _head(book: Book, studies: Sequence[Study]) -> Sentence:
    s = studies[0]
    v = s.verdict()
    line = (
        "borderline"
        if v.borderline and not v.reason
        else "the same with a barrier a quarter smaller or larger"
    )
    return words(
        Label(s.pair.label),
        ": at the size of an episode ",
        s.state(C),
        " leads",
        *(
            (" (", Label(v.reason), ")")
            if v.reason
            else (", ", line, "; a relative move of ", s.to_turn(C), " would turn it")
        ),
        ".",
    )


def _states(studies: Sequence[Study]) -> Grid:
    rows = []
    for s in studies:
        for line, title in (("raw", "as it is"), ("neutral", "without beta")):
            if line in s.lines:
                now = s.now(line)
                rows.append(
                    (
                        Label(s.pair.label),
                        title,
                        *(s.state(c, line) for c in NAMED),
                        s.to_turn(C, line),
                        s.borderline(line),
                        day(now["far"].start) if now else None,
                        now.get("far"),
                        now.get("sessions"),
                        now.get("broad"),
                    )
                )
    return Grid(
        "Who leads, at three sizes of the barrier",
        (
            "Pair",
            "Line",
            "Watch",
            "Episode",
            "Major",
            "Move that would turn it",
            "Borderline",
            "Since",
            "Moved",
            "Sessions",
            "Members ahead",
        ),
        tuple(rows),
    )


def _pair(s: Study) -> list[Block]:
    label = s.pair.label
    past = []
    for e in s.table()[-LISTED:][::-1]:
        f = s.episode(e)
        past.append(
            (
                Label(s.name(e.direction)),
                day(str(s.days[e.pivot])),
                day(str(s.days[e.known])),
                f["far"],
                f["sessions"],
                f.get("broad"),
                f["went"],
                "under way" if e.open else day(str(s.days[e.until])),
            )
        )
    blocks: list[Block] = []
    line = s.shelf.line(s.pair.name)[-DRAWN:]
    seen = np.flatnonzero(np.isfinite(line))
    if len(seen):
        base = line[seen[0]]
        shown = [float(100 * np.exp(v - base)) if np.isfinite(v) else None for v in line.tolist()]
        last = s.figure(
            "line", shown[-1], "level", start=s.days[len(s.days) - len(line) + int(seen[0])]
        )
        blocks.append(
            Chart(
                "line",
                Label(f"{label}: first leg over second, the last five years"),
                (Series(label, [str(d) for d in s.days[-len(line) :]], shown, last),),
                "level",
            )
        )
    if past:
        blocks.append(
            Grid(
                Label(f"{label}: the newest episodes"),
                (
                    "Took over",
                    "Turned on",
                    "Known on",
                    "Moved by then",
                    "Sessions",
                    "Members ahead",
                    "Went in all",
                    "Furthest on",
                ),
                tuple(past),
            )
        )
    rows = []
    for h in s.histories():
        f = s.after(h)
        real = (
            "REAL: " if s.market.simulated and h.name.removeprefix("-").startswith("real/") else ""
        )
        rows.append(
            (
                Label(
                    real
                    + ("the pair itself" if h.name == "the pair itself" else french.spoken(h.name))
                ),
                day(h.first),
                Label(f"{h.outcome.horizon} sessions"),
                f["n"],
                f["n_effective"],
                f["mean"],
                f["base"],
                f["difference"],
                f["low"],
                f["high"],
                f["hit_rate"],
                f["base_hit_rate"],
                f["detectable"],
            )
        )
    why = list(
        dict.fromkeys(h.outcome.evidence.note for h in s.histories() if h.outcome.evidence.note)
    )
    if rows and all(r[7].value is None for r in rows):
        blocks.append(
            words(
                Label(f"{label}: what followed when the first leg took over cannot be said"),
                ": ",
                Label("; ".join(why)),
                ".",
            )
        )
    elif rows:
        blocks.append(
            Grid(
                Label(f"{label}: what followed when the first leg took over"),
                (
                    "Line",
                    "Since",
                    "After",
                    "Episodes",
                    "Independent",
                    "Mean",
                    "All days",
                    "Difference",
                    Label("95% from"),
                    "to",
                    "Above zero",
                    "All days",
                    "Detectable",
                ),
                tuple(rows),
                note=words("Where there is no number: ", Label("; ".join(why)), ".")
                if why
                else None,
            )
        )
    return blocks
