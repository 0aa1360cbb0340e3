"""Facts on returns: of the day, since the low, of the last full month, of the year."""

from __future__ import annotations

from collections.abc import Sequence

from paceline.figures import Figure
from paceline.studies.extremes import Unit, last_as_extreme
from paceline.write.desk import TOGETHER, Desk, way
from paceline.write.facts import (
    LONG,
    MEDIUM,
    SHORT,
    Bare,
    Claim,
    Fact,
    Parts,
    Window,
    dated,
    on,
    the,
)

#: Neighbours closer than a tenth of a point are level: neither is first.
TIE = 0.001
#: A run of so many sessions is worth a sentence.
RUN = 3
#: Rivals of a rank, at least.
RIVALS = 3


def title(desk: Desk) -> Fact:
    """What the day was for the benchmark."""
    figure = desk.value(desk.market.benchmark, "1d")
    window = desk.when("1d")
    subject = the(desk.name(desk.market.benchmark))
    if figure is None:
        kind = "title_flat" if desk.known(desk.market.benchmark, "1d") else "title_none"
        return Fact(kind, {"subject": subject, "window": window}, SHORT)
    parts: Parts = {"subject": subject, "value": figure, "window": window}
    return Fact(f"title_{way(figure)}", parts, SHORT, (desk.returned(figure),))


def day(desk: Desk) -> list[Fact]:
    """The benchmark, how seldom its like is, its run; the first pair; the sectors."""
    benchmark = desk.market.benchmark
    figure = desk.value(benchmark, "1d")
    made: list[Fact] = []
    if figure is not None:
        made.append(desk.move(figure, "1d", SHORT))
    elif desk.known(benchmark, "1d"):
        flat: Parts = {"subject": the(desk.name(benchmark)), "window": desk.when("1d")}
        made.append(Fact("move_flat", flat, SHORT))
    made += [f for unit in ("day", "week") for f in _extreme(desk, benchmark, unit)]
    made += _run(desk, benchmark)
    for leg in dict.fromkeys(n for pair in desk.pairs[:1] for n in pair if n != benchmark):
        figure = desk.plain(leg, "1d")
        made += [] if figure is None else [desk.move(figure, "1d", MEDIUM)]
    return made + ranked(desk, "1d", LONG)


def _extreme(desk: Desk, subject: str, unit: Unit) -> list[Fact]:
    """That no day, or week, was like this one for long."""
    figure = last_as_extreme(desk.market, subject, unit)
    if figure is None:
        return []
    best = figure.number > 0
    return [
        Fact(
            "best_since" if best else "worst_since",
            {
                "subject": the(desk.name(subject)),
                "window": Window(unit, on(desk.today, desk.today)),
                "period": unit,
                "since": dated(str(figure.extra["since"]), desk.today),
            },
            SHORT,
            (Claim("extreme", desk.name(subject), figure),),
        )
    ]


def _run(desk: Desk, subject: str) -> list[Fact]:
    """The run of gains or losses that ends today, where every basis has the same."""
    found = [
        f
        for f in desk.on_every_basis("streaks", subject)
        if (f.against, f.statistic) == (None, "current")
    ]
    if not found or len({f.value for f in found}) > 1 or abs(found[0].number) < RUN:
        return []
    figure = found[0]
    parts: Parts = {"subject": the(desk.name(subject)), "sessions": figure}
    claim = Claim("streak", desk.name(subject), figure, abs(figure.number))
    return [Fact(f"run_{way(figure)}", parts, MEDIUM, (claim,))]


def low(desk: Desk) -> list[Fact]:
    """The first pair since the benchmark's low, then the strongest and the weakest."""
    if desk.market.low is None:
        return []
    made = [f for pair in desk.pairs[:1] for f in desk.two(*pair, "since_low", SHORT)]
    said = {n for pair in desk.pairs[: len(made)] for n in pair}
    made += _ends(desk, "since_low", said)
    if desk.market.low_broken is not None and made:
        made.append(Fact("low_broken", {}, SHORT))
    return made + ahead(desk)


def _ends(desk: Desk, window: str, said: set[str]) -> list[Fact]:
    """The strongest baskets, and in a long story all others."""
    held = [f for n in desk.chosen if n not in said and (f := desk.plain(n, window)) is not None]
    held.sort(key=lambda f: -f.number)
    first, rest = held[:TOGETHER], held[TOGETHER:]
    return desk.several(first, window) + desk.several(rest, window, LONG)


def ahead(desk: Desk) -> list[Fact]:
    """The longest run of one leg of a rotation ahead of the other this quarter."""
    made = []
    for at, (lead, against) in enumerate(desk.pairs):
        if any(desk.published(leg) != leg or not desk.distinct(leg) for leg in (lead, against)):
            continue  # a copy's run is not the index's
        bases = desk.everywhere((lead, against), "1d")
        runs = [
            f
            for f in desk.on_every_basis("streaks", lead)
            if (f.against, f.statistic) == (against, "longest_ahead")
            and f.basis in bases  # where a leg has no returns, no session is a run of none
        ]
        if not runs or len({(f.value, f.end) for f in runs}) > 1 or runs[0].number < RUN:
            continue
        figure = runs[0]
        if str(figure.start) <= _eve(desk, str(figure.extra["first"])):
            continue  # it may have begun before the sessions in which it was looked for
        parts: Parts = {
            "subject": the(desk.name(lead)),
            "against": the(desk.name(against)),
            "sessions": figure,
            "first": dated(str(figure.extra["first"]), desk.today),
            "last": dated(str(figure.end), desk.today),
        }
        names = (desk.name(lead), desk.name(against))
        run = Claim("streak", names[0], figure, figure.number, names[1])
        whole = Claim("compare", names[0], figure, None, names[1], optional=True)  # it follows
        made.append(Fact("ahead", parts, LONG if at else MEDIUM, (run, whole)))
    return made


def _eve(desk: Desk, first: str) -> str:
    """The close before the sessions in which the longest run of a pair is looked for."""
    days: list[str] = [str(day) for day in desk.market.all_levels.sessions]
    window = desk.market.settings("streaks")["window"]
    if window is not None:
        return days[max(len(days) - int(window) - 1, 0)]
    quarter = (int(first[5:7]) - 1) // 3 * 3 + 1
    begin = f"{first[:4]}-{quarter:02d}-01"
    return max((day for day in days if day < begin), default=days[0])


def month(desk: Desk) -> list[Fact]:
    """The last full month: pair by pair, then the sectors."""
    made = []
    of_headline = len(desk.market.file.report.headline) or TOGETHER
    for at, pair in enumerate(desk.pairs):
        made += desk.two(*pair, "last_month", MEDIUM if at < of_headline else LONG)
    return made + ranked(desk, "last_month", MEDIUM)


def year(desk: Desk) -> list[Fact]:
    """The benchmark's year, then the strongest and the weakest."""
    benchmark = desk.market.benchmark
    figure = desk.value(benchmark, "ytd")
    made = [] if figure is None else [desk.move(figure, "ytd", SHORT)]
    return made + _ends(desk, "ytd", {benchmark}) + ranked(desk, "ytd", LONG)


def ranked(desk: Desk, window: str, length: int) -> list[Fact]:
    """The best and the worst sector, where every basis has them so and by more than a tie."""
    found = list(desk.everywhere(desk.sectors, window).values())
    if not found or len(found[0]) < RIVALS:
        return []
    made = []
    for end, kind, second in ((0, "first", 1), (-1, "last", -2)):
        if len({order[end].subject for order in found}) > 1:
            continue
        if any(abs(order[end].number - order[second].number) <= TIE for order in found):
            continue
        figure = desk.value(found[0][end].subject, window)
        if figure is None:
            continue
        name = desk.name(figure.subject)
        parts: Parts = {"subject": the(name), "value": figure, "window": desk.when(window, figure)}
        claims = (Claim("rank", name, figure), desk.returned(figure))
        made.append(Fact(f"{kind}_{way(figure)}", parts, length, claims))
    return made


def dividends(desk: Desk) -> list[Fact]:
    """What is measured with dividends where the market is not: funds, above all."""
    if desk.own == "total":
        return []
    made = []
    for window in ("since_low", "ytd"):
        if window == "since_low" and desk.market.low is None:
            continue
        held = [f for n in desk.chosen if (f := desk.value(n, window)) and f.basis == "total"]
        held.sort(key=lambda f: -f.number)
        length = MEDIUM if window == "since_low" else LONG
        made += desk.several(held[:TOGETHER], window, length, "dividends")
        made += desk.several(held[TOGETHER:], window, LONG, "dividends")
    return _gaps(desk) + made


def _gaps(desk: Desk) -> list[Fact]:
    """By how much one leg beat the other in the last full month, both with dividends."""
    made: list[Fact] = []
    for lead, against in desk.pairs:
        legs = [desk.ask.one("performance", n, "last_month") for n in (lead, against)]
        if any(f is None or f.basis != "total" or not desk.distinct(f.subject) for f in legs):
            continue
        how = {"subjects": (lead,), "against": (against,), "basis": "total"}
        how |= {"horizons": ("last_month",)}
        gap = desk.ask.one("performance", lead, against=against, how=how)
        if gap is None or abs(gap.number) < TIE:
            continue
        a, b = (lead, against) if gap.number > 0 else (against, lead)
        made.append(_gap(desk, gap, a, b, LONG if len(made) >= 2 else MEDIUM))
    return made


def _gap(desk: Desk, gap: Figure, ahead_: str, behind: str, length: int) -> Fact:
    parts: Parts = {
        "subject": the(desk.name(ahead_)),
        "against": the(desk.name(behind)),
        "gap": Bare(gap),
        "window": desk.when("last_month", gap),
    }
    claim = Claim("compare", desk.name(ahead_), gap, abs(gap.number), desk.name(behind))
    return Fact("gap", parts, length, (claim,))


def all_of(facts: Sequence[Fact], length: int) -> list[Fact]:
    """Those that a story of this length has."""
    return [f for f in facts if f.length <= length]
