"""Page one: what a reader sees in a minute, on one screen and on one sheet of paper.

The record calls it when the other sections are made, since it says what has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from paceline.document import FirstPage, Grid, Label, Part, Sentence, Tile
from paceline.figures import Figure
from paceline.pages.changes import spoken
from paceline.pages.signs import plural
from paceline.pages.words import Clause, day, low_since, missing, reason, words
from paceline.studies import page_one as study
from paceline.studies import themes as themes_study
from paceline.studies.answers import Answers
from paceline.studies.asking import attempt
from paceline.studies.news import Change
from paceline.studies.page_one import Row, Standing
from paceline.studies.records import whole
from paceline.studies.themes import ThemeFound, Themes

#: Headings of the windows.
HEADINGS = {
    "1d": "Day",
    "1w": "Week",
    "1m": "Month",
    "since_low": "Since low",
    "ytd": "Year to date",
}
BASES = {"total": "Returns with dividends", "price": "Returns without dividends"}
#: Moving averages of the rows of breadth; changes of the last report that are listed.
AVERAGES, LISTED = (50, 200), 1
#: Rules of breadth thrusts as people name them.
RULES = {"zweig_thrust": "Zweig", "deemer_thrust": "Deemer", "whaley_thrust": "Whaley"}
#: What a market file can declare, as a reader calls it.
ROLES = {
    "equal_weight": "equal weight",
    "small": "small caps",
    "mega": "mega caps",
    "value": "value",
    "growth": "growth",
    "momentum": "momentum",
}


def page_one(ask: Answers, before: str | None, changes: Sequence[Change]) -> FirstPage:
    """The first page.

    before   day of the last report, None without one; ``changes`` since then, most telling first
    """
    found = attempt(ask, "themes", partial(themes_study.weigh, ask.market))
    rows = study.rows(ask)
    return FirstPage(
        returns=_returns(ask, rows),
        tiles=() if found is None else tuple(_tile(ask, found, t) for t in found.themes),
        tiles_note=_note(found),
        state=_state(ask),
        changed=(*_session(ask, rows, found), _report(before, changes)),
    )


# ---- returns -------------------------------------------------------------------------------------


def _returns(ask: Answers, rows: Sequence[Row]) -> Grid:
    windows = [w for w in study.WINDOWS if w != "since_low" or ask.market.low is not None]
    columns: list[str | Label] = ["Basket"]
    for window in windows:
        columns += [HEADINGS[window], f"{HEADINGS[window]}, percentile"]
    return Grid(
        BASES[study.basis_of(ask.market)],
        (*columns, "Since"),
        tuple(_row(ask, row, windows) for row in rows),
        note=_read(ask, rows),
        beneath=tuple(range(2, len(columns), 2)),
    )


def _row(ask: Answers, row: Row, windows: Sequence[str]) -> tuple[Part | None, ...]:
    cells: list[Part | None] = []
    for window in windows:
        cells += [row.returns.get(window), row.places.get(window)]
    short = not any(isinstance(p, Figure) and p.value is not None for p in row.places.values())
    since = f"{'only ' * short}{row.history[:4]}" if row.history else row.reason
    return (ask.name(row.name), *cells, Label(since))


def _read(ask: Answers, rows: Sequence[Row]) -> Sentence:
    """How the table is read, and what it lacks."""
    ranked = any(not missing(p) for row in rows for p in row.places.values())
    low = ask.market.low
    lacking = study.lacking(ask.market.file.report.page_one)
    named = ", ".join(ROLES[role] for role in lacking)
    begun: Clause = (" The low is the benchmark's of ", day(low[0]), ".") if low else ()
    unknown = "" if low else " No low of the benchmark is known yet."
    how: list[Part] = ["No percentiles: too few earlier windows."]
    if ranked:
        how = [
            "With each return its percentile: how many in a hundred of all windows of as many "
            "sessions, overlapping, since ",
            Label("1990"),
            " or the year on the right returned less.",
        ]
    return words(
        *how,
        begun,
        unknown,
        *low_since(ask.market.low_broken, ask.market.low_hidden),
        (" Not in the market file: ", Label(named), ".") if named else (),
    )


# ---- themes --------------------------------------------------------------------------------------


def _tile(ask: Answers, found: Themes, theme: ThemeFound) -> Tile:
    f = theme.figures
    word = None if missing(f["word"]) else f["word"]
    if theme.spread is not None:
        return Tile(Label(theme.label), word, (_ends(ask, theme),))
    line = study.drawn(theme)
    if missing(f["leader"]):
        why = reason(f["leader"]) or reason(f["word"]) or "no turn is known yet"
        return Tile(Label(theme.label), word, (words("Nobody leads: ", Label(why), "."),), line)
    since = str(f["leader"].start)
    said = [
        words(
            f["leader"],
            " since ",
            day(since),
            (", ", f["sessions"], plural(f["sessions"], " session", " sessions")),
            (", known for ", f["known"]),
            ".",
        )
    ]
    chance = study.chance(found, theme)
    if chance is not None:
        rate = " (base rate)." if chance.base else "."
        said.append(words("Still leads in a quarter: ", chance.figure, rate))
    return Tile(
        Label(theme.label),
        word,
        tuple(said),
        line,
        since,
        f["leader"],
        f["sessions"],
        None if chance is None else chance.figure,
    )


def _ends(ask: Answers, theme: ThemeFound) -> Sentence:
    """Who is at the two ends of a spread among many."""
    assert theme.spread is not None
    spread = theme.spread
    known = [n for n in spread.members if not missing(spread.figures.get(n))]
    if spread.found.reason:
        return words("Nothing can be judged: ", Label(spread.found.reason), ".")
    if not known:
        return words("Who is at the two ends cannot be said: data lack.")
    best = max(known, key=lambda n: spread.figures[n].number)
    worst = min(known, key=lambda n: spread.figures[n].number)
    horizon = spread.figures["horizon"]
    return words(
        ("In ", horizon, plural(horizon, " session", " sessions"), ", less the mean: "),
        ask.name(best),
        " ",
        spread.figures[best],
        (", ", ask.name(worst), " ", spread.figures[worst]) if worst != best else (),
        ".",
    )


def _note(found: Themes | None) -> Sentence | None:
    """What the base rate rests on."""
    if found is None:
        return words("No theme and no rotation is declared in the market file.")
    lines = (
        "The lines show each ratio over a year, in colour since the leader took over. The word "
        "says how seldom noise moves so."
    )
    odds = study.quarter(found)
    if odds is None:
        return words(lines, " How likely a lead lasts is not known: too few looks at it.")
    if odds.printed == "model":
        return words(lines, " How likely a lead lasts is said by a model of all lines.")
    f = odds.figures
    return words(
        lines,
        " The base rate is how often the side ahead still led a quarter later, of all lines",
        (": on ", f["looks"], plural(f["looks"], " look", " looks")),
        (", ", f["independent"], " of them independent"),
        ".",
    )


# ---- breadth, rates, credit, volatility ----------------------------------------------------------


def _state(ask: Answers) -> Grid:
    breadth, why = _breadth(ask), []
    if not breadth:
        why.append("No breadth: the market file declares no basket with members.")
    macro = _macro(ask)
    if not macro:
        why.append("No rates, credit or volatility: [report.page_one] macro names no series.")
    return Grid(
        "Breadth, rates and volatility",
        ("What", "Now", "Day", "Month", "Percentile", "Since"),
        (*breadth, *macro),
        note=words(" ".join(why)) if why else None,
    )


def _breadth(ask: Answers) -> list[tuple[Part | None, ...]]:
    """Members above averages, highs less lows, the last thrust."""
    if ask.broad is None:
        return []
    named: list[tuple[Label, Standing | None]] = [
        (Label(f"Above {w}-day average"), study.above(ask, w)) for w in AVERAGES
    ]
    highs = ask.setting("new_highs_lows", "window")
    year = "52-week" if highs == 252 else f"{highs}-day"
    named.append((Label(f"{year} highs less lows"), study.net_highs(ask)))
    made = [(name, *_standing(s)) for name, s in named if s is not None]
    last = study.thrust(ask)
    none: tuple[Part | None, ...] = (Label("Breadth thrust: none"), *[None] * 5)
    thrust: tuple[Part | None, ...] = none
    if last is not None:
        name = Label(f"Last thrust ({RULES.get(last.statistic, last.statistic)})")
        thrust = (name, last, None, None, None, Label(str(last.end)))
    return [*made, thrust]


def _standing(s: Standing) -> tuple[Part | None, ...]:
    short = s.place is None or missing(s.place)
    return (s.now, s.day, s.month, s.place, Label(f"{'only ' * short}{s.history[:4]}"))


def _macro(ask: Answers) -> list[tuple[Part | None, ...]]:
    """The series that the market file names."""
    declared = ask.market.file.report.page_one.macro
    if not declared:
        return []
    found = ask.rows("macro", series=tuple(declared.values()))
    made: list[tuple[Part | None, ...]] = []
    for label, series in declared.items():
        of = {f.statistic: f for f in found if f.subject == series}
        value = of.get("value")
        if value is None or missing(value):
            made.append((Label(label), *[None] * 4, Label(f"no value by {ask.market.as_of}")))
            continue
        late = value.end != ask.market.as_of
        history = f"last on {value.end}" if late else str(value.extra["history"])[:4]
        cells = (of.get(k) for k in ("value", "change_1d", "change_1m", "percentile"))
        made.append((Label(label), *cells, Label(history)))
    return made


# ---- what has changed ----------------------------------------------------------------------------


def _session(ask: Answers, rows: Sequence[Row], found: Themes | None) -> list[Sentence]:
    """What is new since the session before."""
    said: list[Sentence] = []
    low, as_of = ask.market.low, ask.market.as_of
    if low is not None and str(low[1]) == as_of:
        said.append(words("A low of the benchmark was confirmed: that of ", day(low[0]), "."))
    if low is not None and str(ask.market.low_broken) == as_of:
        said.append(words("The benchmark closed below its low of ", day(low[0]), "."))
    for theme in study.turned(found) if found is not None else []:
        leader = theme.figures["leader"]
        said.append(words(Label(theme.label), ": ", leader, " took over."))
    for window, what in (("since_low", " since the low"), ("ytd", " this year")):
        moved = study.first_now_and_before(rows, window)
        if moved is not None:
            now, before = map(ask.name, moved)
            said.append(words(now, " passed ", before, f" as the strongest{what}."))
    highs = study.records(ask, rows)
    said += _records(ask, [f for f in highs if f.value == 1])
    head = "Since the session before: "
    if not said:
        return [words(head, *_quiet(ask, rows, found, highs))]
    return [words(head, *said[0].parts), *said[1:]]


def _quiet(
    ask: Answers, rows: Sequence[Row], found: Themes | None, highs: Sequence[Figure]
) -> list[Part]:
    """What has not changed, of that which could be judged; else why nothing could be."""
    judged = {
        "no theme changed hands": study.judged(found),
        "no record": any(not missing(f) for f in highs),
        "the same leaders": any(len(study.led(rows, w)) > 1 for w in ("since_low", "ytd")),
    }
    if any(judged.values()):
        return [", ".join(said for said, known in judged.items() if known), "."]
    why: list[Part] = ["no theme is declared" if found is None else "no theme can be judged"]
    for row in (r for r in rows if r.reason):
        why += ["; ", ask.name(row.name), Label(f": {row.reason}")]
    return ["nothing could be compared (", *why, ")."]


def _records(ask: Answers, highs: Sequence[Figure]) -> list[Sentence]:
    """Who closed at a record, those of one history together; since when, where it is short."""
    kept = ", dividends reinvested" if study.basis_of(ask.market) == "total" else ""
    names: dict[str, list[str | Label]] = {}
    for f in highs:
        since = "" if whole(ask.market, f) else str(f.extra["since"])
        names.setdefault(since, []).append(ask.name(f.subject))
    said = []
    for since, who in names.items():
        one, own = len(who) == 1, "its" if len(who) == 1 else "their"
        parts: list[Part] = []
        for at, name in enumerate(who):
            parts += [" and " if at == len(who) - 1 else ", "] if at else []
            parts.append(name)
        if since:
            parts += [f" closed at {own} highest since ", day(since)]
            parts += [f", the first day of {own} data{kept}."]
        else:
            parts += [" closed at a record" if one else " closed at records", f"{kept}."]
        said.append(words(*parts))
    return said


def _report(before: str | None, changes: Sequence[Change]) -> Sentence:
    """What is new since the last report."""
    if before is None:
        return words("Since the last report: no earlier one lies beside this one.")
    changes = [c for c in changes if not missing(c.now) and not missing(c.then)]
    if not changes:
        return words("Since the report of ", day(before), ": no word, leader or rank has changed.")
    parts: list[Part] = []
    for change in changes[:LISTED]:
        now: Figure = change.now
        parts += ["; " if parts else "", Label(now.label or now.subject), ", ", Label(spoken(now))]
        parts += [": ", now, " (before: ", change.then, ")"]
    more = len(changes) - LISTED
    further: Clause = ("; and ", Label(str(more)), " more") if more > 0 else ()
    return words("Since the report of ", day(before), ": ", *parts, further, ".")
