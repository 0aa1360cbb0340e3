"""Facts on where things stand: records, breadth, who leads, what was said, what cannot be."""

from __future__ import annotations

import datetime as dt
from functools import partial

from paceline.document import Label
from paceline.figures import Figure
from paceline.methods.scoring import CallScore
from paceline.studies import ledger, page_one
from paceline.studies import themes as themes_study
from paceline.studies.asking import attempt
from paceline.studies.calls import Scored
from paceline.studies.implied import implied
from paceline.studies.records import whole
from paceline.write.desk import LEAST, Desk
from paceline.write.facts import (
    LONG,
    MEDIUM,
    NAMED,
    SHORT,
    Claim,
    Fact,
    Parts,
    Window,
    dated,
    on,
    the,
)

#: Days of history before a high of a year can be known: a year and its holidays.
YEAR = 400
#: Calls that are quoted where a story is not long.
QUOTED = 3
#: Words of themes that are news in a story of middle length.
TELLING = ("stirring", "unusual", "rare")
#: Sessions after which a change of leader is no news.
FRESH = 63


def records(desk: Desk) -> list[Fact]:
    """Who closed at a record today or within the week, on every basis that it has."""
    made = []
    for at, subject in enumerate(dict.fromkeys([desk.market.benchmark, *desk.chosen])):
        figures = desk.on_every_basis("record_highs", subject)
        own = [f for f in figures if f.statistic == "last_record"]
        if not own or len({f.start for f in own}) > 1:
            continue
        day = dt.date.fromisoformat(str(own[0].start))
        if 0 <= (desk.today - day).days <= NAMED:
            made += _high(desk, own[0], day, SHORT if at < 2 else MEDIUM)
    return made


def _high(desk: Desk, figure: Figure, day: dt.date, length: int) -> list[Fact]:
    """A record where the history is long enough for one, else the high of a year."""
    name, window = desk.name(figure.subject), Window("day", on(day, desk.today))
    claim = Claim("record", name, figure)
    if whole(desk.market, figure):
        return [Fact("record", {"subject": the(name), "window": window}, length, (claim,))]
    since = dt.date.fromisoformat(str(figure.extra["since"]))
    if figure.basis != "price" or (day - since).days < YEAR:
        return []
    parts: Parts = {"subject": the(name), "span": Label("52-week"), "window": window}
    return [Fact("high", parts, length, (claim,))]


def breadth(desk: Desk) -> list[Fact]:
    """How many members stand above their moving average: of the market, of its ends last month."""
    broad = desk.ask.broad
    if broad is None:
        return []
    average = Label(f"{desk.ask.setting('percent_above_average', 'window')}-day")
    made = []
    share = desk.ask.one("percent_above_average", broad)
    if share is not None:
        parts: Parts = {"share": share, "group": the(desk.name(broad)), "average": average}
        made.append(Fact("breadth", parts, SHORT, (_share(desk, share),)))
    order = next(iter(desk.everywhere(desk.sectors, "last_month").values()), [])
    for at, figure in enumerate(order):
        share = desk.ask.one("percent_above_average", figure.subject)
        if share is None:
            continue
        parts = {"share": share, "group": Label(desk.name(figure.subject)), "average": average}
        end = at in (0, len(order) - 1)
        made.append(Fact("breadth_sector", parts, MEDIUM if end else LONG, (_share(desk, share),)))
    return made


def _share(desk: Desk, share: Figure) -> Claim:
    return Claim("breadth", desk.name(share.subject), share, share.number)


def changed(desk: Desk) -> list[Fact]:
    """Who leads in each theme since when, and what its word lets one say of it."""
    found = attempt(desk.ask, "themes", partial(themes_study.weigh, desk.market))
    made = []
    for theme in found.themes if found is not None else ():
        leader, word = theme.figures.get("leader"), theme.figures["word"]
        if leader is None or leader.value is None or word.value is None or not leader.start:
            continue
        held = theme.figures["sessions"].value
        fresh = isinstance(held, (int, float)) and held <= FRESH
        parts: Parts = {
            "theme": Label(theme.label),
            "leader": Label(str(leader.value)),
            "date": dated(leader.start, desk.today),
            "judgement": str(word.value),
        }
        news = fresh or word.value in TELLING
        made.append(Fact("lead", parts, MEDIUM if news else LONG))
    return made


# ---- what was said -------------------------------------------------------------------------------


def calls(desk: Desk) -> list[Fact]:
    """The calls on file with their standing: levels first, then the words of others."""
    found = ledger.scored(desk.ask)
    if found is None:
        return []
    made = [f for s in found.in_force for f in _target(desk, found, s)]
    quoted = [f for s in found.in_force if s.call.level is None for f in _quoted(desk, s)]
    return made + [
        Fact(f.kind, f.parts, MEDIUM if at < QUOTED else LONG) for at, f in enumerate(quoted)
    ]


def _target(desk: Desk, found: Scored, score: CallScore) -> list[Fact]:
    """A target above the last close that is still to come, with the rise that it takes."""
    call, level = score.call, found.figure(score.call.id, "level")
    if score.status not in ledger.UNDECIDED or score.due is None:
        return []
    if level is None or level.value is None:
        return []
    rise = implied(desk.market, call.baskets[0], level)
    if rise is None or rise.value is None or rise.number < LEAST:
        return []
    name = desk.name(call.baskets[0])
    parts: Parts = {
        "who": Label(_who(score)),
        "value": rise,
        "subject": Label(name),
        "level": level,
        "date": dated(score.due, desk.today),
        "standing": score.status,
    }
    claim = Claim("implied", name, rise, rise.number)
    return [Fact("target_up", parts, MEDIUM, (claim,))]


def _quoted(desk: Desk, score: CallScore) -> list[Fact]:
    """A call in its own words; nothing of one whose words hold numbers, which nobody checks."""
    if any(c.isdigit() for c in score.call.words):
        return []
    parts: Parts = {
        "who": Label(_who(score)),
        "date": dated(score.call.date, desk.today),
        "words": Label(score.call.words),
        "standing": score.status,
    }
    return [Fact("call", parts)]


def _who(score: CallScore) -> str:
    call = score.call
    return f"{call.who} ({call.house})" if call.house and call.house != call.who else call.who


# ---- what cannot be said -------------------------------------------------------------------------


def unsaid(desk: Desk) -> list[Fact]:
    """What no price shows, and what this market's data lack."""
    made = [Fact("unsaid_cause", {}, SHORT), Fact("unsaid_lasting", {}, SHORT)]
    names = dict.fromkeys([desk.market.benchmark, *desk.chosen])
    missing = [desk.name(n) for n in names if not desk.known(n, "1d")]
    if missing:
        made.append(Fact("unsaid_value", {"names": Label(listed(missing))}, MEDIUM))
    roles = [r.replace("_", " ") for r in page_one.lacking(desk.market.file.report.page_one)]
    if roles:
        made.append(Fact("unsaid_roles", {"names": Label(listed(roles, "or"))}, LONG))
    return [*made, Fact(f"basis_{desk.own}", {}, SHORT)]


def listed(names: list[str], last: str = "and") -> str:
    """Names in a row: A, B and C."""
    return " ".join([", ".join(names[:-1]), last, names[-1]] if len(names) > 1 else names)
