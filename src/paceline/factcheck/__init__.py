"""Claims of market commentary, found by a grammar and checked against prices.

    from paceline.factcheck import factcheck
    said = "Since the November 20 low the Russell 2000 has surged 9.4%."
    for verdict in factcheck(market, said, date="2025-12-05"):
        print(verdict.verdict, verdict.quote, verdict.safe)

``text`` cleans and cuts; ``subjects``, ``quantities``, ``dates`` and ``windows`` find names,
numbers and periods; ``reader`` makes claims of them; ``proposals`` adds
a language model's where one is given; ``readings`` fetches levels; ``judges`` and ``verdicts``
decide; ``score`` measures all of it against answer keys.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, overload

from paceline import arguments
from paceline.errors import NotEnoughData, UsageError
from paceline.factcheck import dates, lexicon, parse, proposals, text, verdicts
from paceline.factcheck.claims import Aside, Claim, Reading
from paceline.factcheck.dates import Window
from paceline.factcheck.judges import Answer, Judge, Unclear
from paceline.factcheck.judges.closes import MAJOR
from paceline.factcheck.judges.returns import SUPPLY
from paceline.factcheck.reader import Reader
from paceline.factcheck.readings import Missing, Quotes
from paceline.factcheck.subjects import Names, Subject
from paceline.factcheck.verdicts import Verdict
from paceline.figures import Figure
from paceline.lineage import code_of

if TYPE_CHECKING:
    from paceline.market import Market

__all__ = ["Checked", "Unread", "Verdict", "factcheck"]

#: A text longer than this is refused, not half read.
LONGEST = 1_000_000


@dataclass(frozen=True)
class Unread:
    """Words with a number that were not understood, and why."""

    quote: str
    start: int
    end: int
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Words, place and reason."""
        return {"quote": self.quote, "start": self.start, "end": self.end, "reason": self.reason}


@dataclass(frozen=True)
class Checked(Sequence[Verdict]):
    """The verdicts on a text, in its order; ``unread`` lists what was not understood."""

    text: str
    date: dt.date
    dated: str
    as_of: str
    verdicts: tuple[Verdict, ...]
    unread: tuple[Unread, ...]
    notes: tuple[str, ...] = ()

    @overload
    def __getitem__(self, index: int) -> Verdict: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Verdict]: ...
    def __getitem__(self, index: int | slice) -> Verdict | Sequence[Verdict]:
        return self.verdicts[index]

    def __len__(self) -> int:
        return len(self.verdicts)

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self.verdicts)

    @property
    def claims(self) -> tuple[Verdict, ...]:
        """Those that prices can confirm or refute."""
        return tuple(v for v in self.verdicts if v.kind not in ASIDES)

    @property
    def counts(self) -> dict[str, int]:
        """Verdict -> how many there are of it."""
        return {
            name: n
            for name in verdicts.VERDICTS
            if (n := sum(v.verdict == name for v in self.verdicts))
        }

    @property
    def exit_code(self) -> int:
        """0: all hold or are close; 1: some do not; 4: numbers are unread; 3: data are missing."""
        found = {v.verdict for v in self.verdicts}
        if found & {verdicts.DIFFERS, verdicts.ONLY, verdicts.BORDERLINE, verdicts.UNCLEAR}:
            return 1
        if self.unread:
            return 4
        return 3 if verdicts.MISSING in found else 0

    def to_json(self) -> dict[str, Any]:
        """All of it, with the parser's name."""
        return {
            "date": str(self.date),
            "dated": self.dated,
            "as_of": self.as_of,
            "claims": len(self.claims),
            "counts": self.counts,
            "verdicts": [v.to_json() for v in self.verdicts],
            "not_understood": [u.to_json() for u in self.unread],
            "notes": list(self.notes),
            "parser": parse.name(),
        }


#: What a reader finds that is no claim about prices.
ASIDES = ("forecast", "opinion", "cause", "flow", "figure")


def factcheck(
    market: Market,
    said: str,
    date: str | dt.date | None = None,
    *,
    ask: proposals.Ask | None = None,
) -> Checked:
    """Check the claims of a market commentary.

    said  the text: plain, Markdown or HTML
    date  the day it was written (ISO); default: the date the text gives itself
    ask   a language model that may propose further claims; see ``proposals``

    Raises ``UsageError`` for an empty text, one without a date, or one of more than a million
    characters, ``NotEnoughData`` for a text younger than the data, and ``SourceError`` for a model
    that gives no list of claims.
    """
    said = arguments.name(said, "text")
    arguments.function(ask, "ask")
    if not said.strip():
        raise UsageError(
            "the text is empty.", "Give a file with a commentary, or text on standard input."
        )
    if len(said) > LONGEST:
        raise UsageError(f"the text has {len(said):,} characters.", f"Give at most {LONGEST:,}.")
    read = text.prepare(said)
    today, dated = _date(read, market, date)
    names = Names(market)
    reader = Reader(read, names, today)
    reading = reader.read()
    plain = _proposed(ask, read, names, today, reading) if ask is not None else {}
    quotes = Quotes(market, names, today, _wanted(reading, names, market))
    judge = Judge(quotes, read.clean, _spoken(reading.claims, read.clean))
    against = _contradictions(reading.claims)
    proposed = {n: f"proposed by a language model as: {by}" for n, by in plain.items()}
    found = []
    for n, c in enumerate(reading.claims):
        beside = [why[n] for why in (against, proposed) if n in why]
        found.append(_verdict(c, read, quotes, judge, *beside))
    found += [_aside(a, read, quotes) for a in _worthwhile(reading.asides, reading.claims)]
    found.sort(key=lambda f: (f.start, f.end))
    unread = tuple(
        Unread(read.quote(u.start, u.end), *read.span(u.start, u.end), u.reason)
        for u in reading.unread
    )
    notes = _notes(market, reader.language, bool(found))
    return Checked(said, today, dated, _known_day(quotes), tuple(found), unread, notes)


def _wanted(reading: Reading, names: Names, market: Market) -> list[Subject]:
    """Whose levels the judges may ask for."""
    found = [s for c in reading.claims for s in (c.subject, c.against) if s is not None]
    if any(c.kind == "rank" for c in reading.claims):
        found += [s for s in names.subjects.values() if s.kind == "sector" or s.name in MAJOR]
    baskets = [b for group in market.file.groups.values() for b in group.baskets]
    labels = [market.file.baskets[b].label or b for b in baskets]
    return found + [s for label in labels if (s := names.lookup(label)) is not None]


def _notes(market: Market, language: str, found: bool) -> tuple[str, ...]:
    notes = ["SIMULATED market: no real security is meant"] if market.simulated else []
    if language != "English":
        notes.append(
            f"The text is {language}: only English is read, and its numbers are listed as not "
            f"understood."
        )
    elif not found:
        notes.append(
            "No claim was found. The reader knows English market commentary; see "
            "docs/factcheck.md for its words."
        )
    return tuple(notes)


def _proposed(
    ask: proposals.Ask, read: text.Text, names: Names, today: dt.date, reading: Reading
) -> dict[int, str]:
    """Adds what the model proposes to ``reading``; place of each claim -> its sentence."""
    plain: dict[int, str] = {}
    for found in proposals.read(
        proposals.asked(ask, read.clean, today), read, names, today, tuple(reading.claims)
    ):
        if isinstance(found, Aside):
            reading.unread.append(found)
            continue
        claim, plain[len(reading.claims)] = found
        reading.claims.append(claim)
        reading.unread = [u for u in reading.unread if u.end <= claim.start or u.start >= claim.end]
    return plain


def _known_day(quotes: Quotes) -> str:
    try:
        return quotes.as_of
    except NotEnoughData:
        return quotes.market.as_of


def _date(read: text.Text, market: Market, date: str | dt.date | None) -> tuple[dt.date, str]:
    if date is not None:
        return arguments.day(date), "given"
    found = dates.text_date(read)
    if found is None:
        raise UsageError(
            'the text does not say when it was written, so that its "Thursday" and "this year" '
            "cannot be dated.",
            f"Add --date YYYY-MM-DD (the data end on {market.as_of}).",
        )
    return found[0], f"found in the text: {found[1]}"


def _worthwhile(asides: Sequence[Aside], claims: Sequence[Claim]) -> list[Aside]:
    """Each span once; nothing that only repeats a claim."""
    kept: list[Aside] = []
    taken, claimed = _Spans(), _Spans()
    for c in claims:
        claimed.add(c.start, c.end)
    rank = {k: n for n, k in enumerate(("flow", "forecast", "figure", "opinion", "cause"))}
    for a in sorted(asides, key=lambda a: (rank[a.kind], a.start)):
        if taken.meets(a.start, a.end):
            continue
        if a.kind in ("opinion", "cause") and claimed.meets(a.start, a.end):
            continue
        kept.append(a)
        taken.add(a.start, a.end)
    return kept


class _Spans:
    """Stretches of a text, kept by the thousand: whether another one meets any of them."""

    def __init__(self) -> None:
        self._at: dict[int, list[tuple[int, int]]] = {}

    def add(self, start: int, end: int) -> None:
        for part in range(start // 1000, end // 1000 + 1):
            self._at.setdefault(part, []).append((start, end))

    def meets(self, start: int, end: int) -> bool:
        parts = range(start // 1000, end // 1000 + 1)
        return any(start < b and end > a for part in parts for a, b in self._at.get(part, ()))


def _figure(
    kind: str, claim: Claim | Aside, quotes: Quotes, answer: Answer | None, verdict: str, quote: str
) -> Figure:
    """The verdict as a figure: it rests on the figures of its readings."""
    parents = [f.step for f in answer.figures] if answer is not None else []
    subject = claim.subject.name if claim.subject is not None else ""
    value = answer.value if answer is not None and answer.value is not None else None
    unit = answer.unit if answer is not None else "text"
    line, span = (answer.line, answer.span) if answer is not None else (None, None)
    caveats = [c for f in answer.figures for c in f.caveats] if answer is not None else []
    start = str(line.days[span.i]) if line is not None and span is not None else None
    end = str(line.days[span.j]) if line is not None and span is not None else None
    known = replace(quotes.market.provenance(), as_of=_known_day(quotes))
    question = known.question(
        "claim",
        {
            "kind": kind,
            "quote": quote,
            "date": str(quotes.today),
            "subject": subject,
            "lexicon": lexicon.CHECKSUM,
        },
        code_of(__name__),
        parents=parents,
        basis=line.basis if line is not None else "",
        caveats=caveats,
    )
    return question.figure(
        subject,
        value if value is not None else (verdict if unit == "text" else None),
        unit,
        statistic=kind,
        start=start,
        end=end,
        extra={"verdict": verdict},
        which={"statistic": kind},  # what was asked; the verdict is an answer and no part of the id
    )


def _spoken(claims: Sequence[Claim], clean: str) -> list[Window]:
    """The windows that a text names, where it names them; not those of a table's headings."""
    named = (
        c.window
        for c in claims
        if c.window is not None and not c.window.inherited and not c.window.unclear
    )
    there = {
        (w.start, w.key()): w for w in named if w.text.strip() and clean[w.start : w.stop] == w.text
    }
    return list(there.values())


def _contradictions(claims: Sequence[Claim]) -> dict[int, str]:
    """Claims that give one subject two returns over one window: place -> what the other says."""
    said: dict[object, list[int]] = {}
    for n, c in enumerate(claims):
        if (
            c.kind == "return"
            and c.number is not None
            and c.window is not None
            and not c.window.unclear
        ):
            said.setdefault((c.subject, c.window.key()), []).append(n)
    found = {}
    for places in said.values():
        plain = [n for n in places if (number := claims[n].number) is not None and not number.how]
        last = {
            (a.value, a.step): n for n in plain if (a := claims[n].number) is not None
        }  # of each number said
        latest = sorted(((n, *number) for number, n in last.items()), reverse=True)
        for n in plain:
            mine = claims[n].number
            assert mine is not None
            value, step = mine.value, mine.step
            for other, theirs, about in latest:
                if abs(value - theirs) > (step + about) / 2 + 1e-9:
                    found[n] = (
                        f"the text contradicts itself: it also says "
                        f"{verdicts.said_text(claims[other])}"
                    )
                    break
    return found


def _verdict(claim: Claim, read: text.Text, quotes: Quotes, judge: Judge, *notes: str) -> Verdict:
    quote = read.quote(claim.start, claim.end)
    answer: Answer | None = None
    try:
        if not claim.subject.candidates:
            raise Missing(f"{claim.subject.name!r} is not in this market. {SUPPLY}")
        answer = judge.answer(claim)
        verdict, reason = answer.verdict, answer.reason
    except Unclear as why:
        verdict, reason = verdicts.NOT_CHECKABLE, str(why)
    except (Missing, NotEnoughData) as why:
        unclear = claim.window is not None and claim.window.unclear
        verdict = verdicts.NOT_CHECKABLE if unclear else verdicts.MISSING
        reason = getattr(why, "message", str(why))
    figure = _figure(claim.kind, claim, quotes, answer, verdict, quote)
    a, b = read.span(claim.start, claim.end)
    ours = (
        verdicts.shown(answer.value, answer.unit)
        if answer is not None and answer.value is not None
        else ""
    )
    safe, dont = _advice(claim, verdict, answer, ours, figure)
    window = f"{figure.start} to {figure.end}" if figure.start and figure.end else ""
    return Verdict(
        verdict,
        claim.kind,
        quote,
        a,
        b,
        claim.subject.name,
        verdicts.said_text(claim),
        ours,
        reason,
        safe,
        dont,
        figure,
        claim.against.name if claim.against is not None else "",
        _stated(claim),
        window,
        answer.tried if answer is not None else (),
        (*(answer.notes if answer is not None else ()), *notes),
        answer.figures if answer is not None else (),
        read.sentence(claim.start),
    )


def _stated(claim: Claim) -> float | None:
    """The number said: of a run its length."""
    if claim.number is not None:
        return claim.number.value
    return (
        float(str(claim.params["n"]))
        if claim.kind == "streak" and not claim.params.get("vague")
        else None
    )


def _advice(
    claim: Claim, verdict: str, answer: Answer | None, ours: str, figure: Figure
) -> tuple[str, str]:
    """Safe to say, and what not to say."""
    who = claim.subject.name
    span = (
        f" from {figure.start} to {figure.end}"
        if figure.start
        and figure.end
        and claim.kind
        in ("return", "direction", "compare", "rank", "reversal", "points", "contribution")
        else f" on {figure.end}"
        if figure.end
        else ""
    )
    basis = {"price": ", price return", "total": ", total return"}.get(figure.basis, "")
    if answer is None or answer.value is None:
        return "", ""
    gap = (
        f"{answer.value * 100:+.2f} points against {claim.against.name}"
        if claim.against is not None and claim.kind in ("compare", "reversal")
        else ours
    )
    if claim.kind in (
        "record",
        "streak",
        "extreme",
        "rank",
        "average",
        "stalled",
        "turning",
        "breadth",
        "contribution",
        "implied",
        "level",
    ):
        safe = f"{who}{span}: {answer.reason or ours}."
    else:
        safe = f"{who}: {gap}{span}{basis}."
    said = verdicts.said_text(claim)
    dont = ""
    if verdict == verdicts.DIFFERS:
        dont = f"Don't say: {who} {said}."
    elif verdict == verdicts.ONLY:
        dont = f'Don\'t say "{said}" without saying: {answer.chosen}.'
    elif verdict == verdicts.UNCLEAR:
        dont = f'Don\'t say "{said}" without naming what it rests on: {answer.reason}.'
    elif verdict == verdicts.BORDERLINE:
        dont = (
            f'Don\'t say "{said}" without the figures: another basis or a tenth of a point turns '
            f"it round."
        )
    return safe, dont


def _aside(aside: Aside, read: text.Text, quotes: Quotes) -> Verdict:
    quote = read.quote(aside.start, aside.end).strip(" ,;:\u2014-")
    beside = ""
    figures: tuple[Figure, ...] = ()
    if aside.kind == "flow":
        beside, figures = _volume(aside, read, quotes)
    answer = Answer(verdicts.NOT_CHECKABLE, None, "text", figures=figures)
    figure = _figure(aside.kind, aside, quotes, answer, verdicts.NOT_CHECKABLE, quote)
    a, b = read.span(aside.start, aside.end)
    return Verdict(
        verdicts.NOT_CHECKABLE,
        aside.kind,
        quote,
        a,
        b,
        aside.subject.name if aside.subject is not None else "",
        aside.kind,
        "",
        aside.reason + (f"; beside it: {beside}" if beside else ""),
        "",
        "",
        figure,
        parents=figures,
    )


def _volume(aside: Aside, read: text.Text, quotes: Quotes) -> tuple[str, tuple[Figure, ...]]:
    """The share of dollar volume of the baskets a flow speaks of, where the market measures it."""
    baskets = [
        c.basket
        for m in quotes.names.find(read.clean, aside.start, min(len(read.clean), aside.end + 120))
        for c in m.subject.candidates
        if c.basket and not c.instrument
    ]
    if not baskets:
        return "", ()
    try:
        rows = quotes.measured(
            "dollar_volume_share", quotes.as_of, subjects=list(dict.fromkeys(baskets))[:3]
        )
    except (Missing, NotEnoughData):
        return "", ()
    first = {}
    for f in rows:
        if f.value is not None and f.subject not in first:
            first[f.subject] = f
    said = ", ".join(f"{f.label or f.subject} {f.text}" for f in first.values())
    return (f"share of dollar volume {said}" if said else ""), tuple(first.values())
