"""Claims proposed by a language model of the user's choice; off unless asked for, checked like all.

The model only points: it copies words of the text (the quote) and says each claim again in one
plain sentence that names its subject, its number and its dates. Paceline's own grammar reads that
sentence, and the same judges decide. A proposal is thrown out, with the reason, where its quote
does not stand in the text, its sentence holds a number that the quote does not, or a subject that
the text never names: what a model makes up does not get in.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from paceline.errors import SourceError
from paceline.factcheck import quantities, text
from paceline.factcheck.claims import Aside, Claim
from paceline.factcheck.reader import Reader
from paceline.factcheck.subjects import Names

#: Proposals read of one reply, and characters of each of their texts.
MOST, LONGEST = 1_000, 2_000
#: From a prompt to a reply: any language model.
Ask = Callable[[str], str]
PROMPT = """You read market commentary and point out its claims about past price moves; \
you judge none of them.
For every claim that prices up to {day} could confirm or refute (returns, records, streaks, \
ranks, comparisons, shares
above an average, levels), give an object with two texts:
  "quote": the words of the commentary that make the claim, copied letter by letter, one \
stretch, its number included
  "plain": the same claim as one plain English sentence with one subject, the number \
as written and explicit dates,
           for instance "The Russell 2000 rose 9.4% since November 20, 2025." or
           "The S&P 500 closed at a record high on December 4, 2025."
Leave out forecasts, opinions, causes, flows, earnings and economic figures. \
Never add or change a number.
Reply with a JSON array of such objects and nothing else.

The commentary, written on {day}:
<<<
{text}
>>>"""


@dataclass(frozen=True)
class Proposal:
    """Words of the text, and the model's plain sentence for them."""

    quote: str
    plain: str


def asked(ask: Ask, said: str, today: dt.date) -> list[Proposal]:
    """What the model proposes; ``SourceError`` for a reply that is no list of such things."""
    reply = ask(PROMPT.format(day=today.isoformat(), text=said))
    first, last = reply.find("["), reply.rfind("]")
    try:
        rows = json.loads(reply[first : last + 1] if 0 <= first < last else reply)
        if not isinstance(rows, list) or len(rows) > MOST:
            raise ValueError(f"no list of at most {MOST} claims")
        return [Proposal(*(_text(row, key) for key in ("quote", "plain"))) for row in rows]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SourceError(
            f"the model's reply is no list of claims ({type(error).__name__}: {reply[:80]!r}).",
            "Try another model, or leave out --reader: the grammar needs none.",
        ) from None


def _text(row: Mapping[str, object], key: str) -> str:
    value = row[key]
    if not isinstance(value, str) or len(value) > LONGEST:
        raise TypeError(key)
    return value


def read(
    proposed: Sequence[Proposal],
    whole: text.Text,
    names: Names,
    today: dt.date,
    known: Sequence[Claim],
) -> Iterator[tuple[Claim, str] | Aside]:
    """The claims that may be checked, each with its sentence; the others with the reason.

    ``known`` are the grammar's own: where both read the same words about the same subject, the
    grammar's stays.
    """
    clean = whole.clean
    named = {m.subject.name for m in names.find(clean, 0, len(clean))}
    taken = list(known)
    for one in proposed:
        start = clean.find(text.prepare(one.quote).clean.strip()) if one.quote.strip() else -1
        if start < 0:
            yield Aside(
                "unread",
                0,
                0,
                f"proposed by the model, but the text does not say {one.quote[:60]!r}",
            )
            continue
        end = start + len(text.prepare(one.quote).clean.strip())
        said = {round(abs(n.value), 9) for n in quantities.find(clean, start, end)}
        for claim in Reader(text.prepare(one.plain), names, today).read().claims:
            why = _refused(claim, said, named)
            if why:
                yield Aside("unread", start, end, f"proposed by the model, but {why}")
            elif not any(_same(claim, start, end, k) for k in taken):
                kept = replace(claim, start=start, end=end)
                taken.append(kept)
                yield kept, one.plain


def _refused(claim: Claim, said: set[float], named: set[str]) -> str:
    if claim.number is not None and round(abs(claim.number.value), 9) not in said:
        return f"its number {claim.number.value:g} does not stand there"
    for subject in (claim.subject, claim.against):
        if subject is not None and subject.name not in named:
            return f"the text never names {subject.name}"
    return ""


def _same(claim: Claim, start: int, end: int, known: Claim) -> bool:
    return (
        (claim.kind, claim.subject.name) == (known.kind, known.subject.name)
        and known.start < end
        and start < known.end
    )
