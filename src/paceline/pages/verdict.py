"""The verdict: is leadership changing, is the year's leader consolidating, and on what evidence?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paceline.document import Block, Chart, Grid, Label, Part, Section, Sentence, Series
from paceline.figures import Figure
from paceline.methods import grades as rules
from paceline.pages import page
from paceline.pages.signs import distance, plural, some
from paceline.pages.words import INTERVAL, Clause, bar, day, low_since, missing, reason, words
from paceline.studies import consolidation, leadership
from paceline.studies import verdict as study
from paceline.studies.answers import Answers
from paceline.studies.argument import Argument
from paceline.studies.pair_lines import study_of
from paceline.studies.verdict import Verdict

#: The members by fifths of their earlier return, as bars.
FIFTHS = ("Laggards", "Second quintile", "Middle quintile", "Fourth quintile", "Leaders")
#: Figures of one rotation by column.
Row = Mapping[str, Figure]


@page(place=20)
def verdict(ask: Answers) -> Section | None:
    """Both questions with their grades, the evidence, and how each rotation comes to its grade."""
    found = study.weigh(ask)
    if found is None:
        return None
    rows = [(found.rotations.pairs[g.case.name].label, found.row(g)) for g in found.graded]
    blocks: list[Block] = [
        _changing(found),
        _consolidating(ask, found),
        *_abnormal_returns(rows),
        *_fifths(ask, found),
        *_evidence("Evidence on a change of leadership", leadership.arguments(ask, found)),
        *_evidence(
            f"Evidence on a consolidation of {ask.name(found.sector).text}",
            consolidation.arguments(ask, found),
        ),
        *_grades(rows),
        *_reversals(ask),
    ]
    return Section("verdict", "The verdict", "Is the baton really changing hands?", tuple(blocks))


def _changing(found: Verdict) -> Sentence:
    grade = found.figure("changing", found.grade, "text")
    if missing(grade):
        cannot = "Whether leadership is changing cannot be judged"
        return words(cannot, _because(reason(grade)), ".")
    n, k = found.counts()
    since: tuple[Part, ...] = ("since the low of " if found.is_low else "since ", day(found.date))
    head = (rules.claim("changing", found.grade), " (grade: ", grade, "). ")
    if not n.value:
        return words(*head, "No rotation ", *since, " has enough history to be judged.")
    return words(
        *head,
        "Of ",
        n,
        plural(n, " rotation", " rotations"),
        " judged ",
        *since,
        ", ",
        some(k),
        " made a new turn with a move larger than chance explains.",
        *(low_since(found.market.low_broken, found.market.low_hidden) if found.is_low else ()),
    )


def _consolidating(ask: Answers, found: Verdict) -> Sentence:
    d, made = found.consolidation, found.consolidation_figures
    high, above = made.get("drawdown"), made.get("above")
    cannot = "Whether the year's leader is consolidating cannot be judged"
    if d is None or high is None or above is None or missing(high) or missing(above):
        return words(cannot, _because(found.reason), ".")
    grade = found.figure("consolidating", d.grade, "text", subject=found.sector)
    if missing(grade):
        return words(cannot, _because(reason(grade)), ".")
    share = made.get("share")
    return words(
        ask.name(found.sector),
        " ",
        rules.claim("consolidating", d.grade),
        " (grade: ",
        grade,
        "). It is ",
        *distance(high, ("its ", Label("252-day"), " high")),
        " and ",
        *distance(above, ("its ", Label("200-day"), " moving average")),
        (", with ", share, " of its members above theirs"),
        ": its trend is intact." if d.intact else ": its trend is broken.",
        *(
            (
                " Whether it lags the market in earnings seasons cannot be tested",
                _because(d.lift.note),
                ".",
            )
            if d.lift.effect is None
            else ()
        ),
    )


def _because(why: str) -> Clause:
    """The reason in brackets; nothing where none is known."""
    return (" (", Label(why), ")") if why else ()


def _interval(row: Row) -> tuple[float | None, float | None]:
    low, high = (None if row[k].value is None else row[k].number for k in ("low", "high"))
    return low, high


def _abnormal_returns(rows: Sequence[tuple[str, Row]]) -> list[Chart]:
    drawn = tuple(
        Series(name, [name], [r["effect"].number], r["effect"], _interval(r))
        for name, r in rows
        if r["effect"].value is not None
    )
    if not drawn:
        return []
    title = "Change of each rotation since the date less its usual one, with its interval"
    return [Chart("interval", title, drawn, "return")]


def _fifths(ask: Answers, found: Verdict) -> list[Chart]:
    charts = []
    for adjusted, title in (
        ("raw", "Members' return since the date by quintile of year-to-date return before it"),
        ("beta removed", "The same, beta-adjusted"),
    ):
        returns = leadership.fifths(ask, found, adjusted)
        if returns:
            bars = tuple(bar(name, f) for name, f in zip(FIFTHS, returns, strict=True))
            charts.append(Chart("bar", title, bars, "return", reference=0.0))
    return charts


def _evidence(title: str, arguments: Sequence[Argument]) -> list[Grid]:
    if not arguments:
        return []
    rows = tuple((_worded(a), a.figure, a.speaks) for a in arguments)
    return [Grid(Label(title), ("Evidence", "Figure", "Speaks"), rows)]


def _worded(a: Argument) -> Part:
    """An argument in words."""
    adjusted = "beta-adjusted " if a.about.get("adjusted") == "beta removed" else ""
    order = a.about.get("sign", "")
    match a.kind:
        case "rank":
            formation = FORMATIONS[a.about["formation"]]
            return f"Members: rank correlation of {formation} with {adjusted}return since ({order})"
        case "fifths":
            passed = order == "falling"
            end = "" if passed else ", so the lead did not pass from one end to the other"
            return f"Members: {adjusted}return since of leaders less laggards ({order}{end})"
        case "low":
            return Label(
                f"{a.about['pair']}: share of earlier lows after which the first leg did worse"
            )
        case "season":
            return f"Session of the quarter: {a.about['season']} the earnings season (a proxy)"
    return ARGUMENTS[a.kind]


#: What members are sorted by before the date.
FORMATIONS = {"ytd": "year-to-date return", "12-2": "momentum"}
#: Arguments whose words do not vary.
ARGUMENTS: dict[str, Part] = {
    "sectors": "Sectors that changed sides against the market (weak evidence)",
    "episodes": "Declared rotations with a new episode since the date",
    "intervals": "Declared rotations whose interval excludes zero",
    "high": Label(f"Distance from its high (a pause is at least {consolidation.PAUSE:.0%} below)"),
    "long": "Distance from its long moving average (a pause is above it)",
    "short": "Distance from its short moving average (a pause is below it)",
    "members": "Share of members above their long moving average",
    "sessions": "Sessions since its high",
    "lift": "Relative return per session in earnings seasons less outside",
}
#: Columns of the two tables of rotations: heading, and the figure of a rotation.
MOVES: tuple[tuple[str | Label, str], ...] = (
    ("Change of the ratio since", "move"),
    ("Line", "line"),
    ("Less its usual change", "effect"),
    (INTERVAL[0], "low"),
    (INTERVAL[1], "high"),
    ("Adjusted p", "p"),
    ("Independent windows", "n_effective"),
)
GRADED: tuple[tuple[str | Label, str], ...] = (
    ("New turn", "turn"),
    ("Effect", "grade_effect"),
    ("Significance", "grade_significance"),
    ("Persistence", "grade_persistence"),
    ("Grade", "grade"),
)


def _grades(rows: Sequence[tuple[str, Row]]) -> list[Grid]:
    """What every rotation did since the date, and how its grade comes about."""
    moves = (
        "What is less its usual change is the change since the date less the mean of all earlier "
        "windows of that length, of the line that is named: as it is or without beta, whichever is "
        "the weaker evidence. p is adjusted for every question asked of the same date."
    )
    graded = "The grade is the lowest of the three; a single sector is graded weak at most."
    return [
        Grid(
            title,
            ("Rotation", *(heading for heading, _ in columns)),
            tuple((Label(name), *(r[key] for _, key in columns)) for name, r in rows),
            note=words(note),
        )
        for title, columns, note in (
            ("Every rotation since the date", MOVES, moves),
            ("How each grade comes about", GRADED, graded),
        )
    ]


def _reversals(ask: Answers) -> list[Grid]:
    """Both legs of every pair in the last full month and in the year before it."""
    month = ask.one("performance", ask.benchmark, "last_month")
    if month is None or not month.start or not month.end:
        return []
    rows: list[tuple[Part | None, ...]] = []
    for name in ask.market.file.rotations:
        s = study_of(ask, name)
        found = s.reversal(month.start, month.end) if s is not None else {}
        if s is not None and found:
            rows.append((Label(s.pair.label), *found.values()))
    return [
        Grid(
            "The last full month against the year before it",
            (
                "Pair",
                "First leg before",
                "Second leg before",
                "First leg in the month",
                "Second leg in the month",
                "Did the lead change sides?",
            ),
            tuple(rows),
            note=words(
                "A reversal is a change in the sign of the difference. If months had nothing to "
                "do with the year before them, every other month would be one."
            ),
        )
    ]
