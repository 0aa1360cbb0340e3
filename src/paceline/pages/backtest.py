"""A backtest: what a rule would have earned after costs, and whether it is more than chance."""

from __future__ import annotations

from paceline.document import Block, Chart, Grid, Label, Magnitude, Part, Section, Sentence, Series
from paceline.pages.signs import direction, moved, plural
from paceline.pages.words import MONTHS, Clause, bar, day, missing, words
from paceline.studies.tilts import QUESTION, CallsEarned, Swept, TradedRule, drawn

#: Share of random rules that may do as well before a lead is no more than chance.
SELDOM = 0.05
#: Variants drawn at most.
DRAWN = 40
#: The table that only a page has room for.
BY_MONTH = "Month by month, net of costs"
#: Rows of the first table: title, set of returns.
SETS = (
    ("Before costs", "gross"),
    ("At half the costs", "half"),
    ("Net of costs", "net"),
    ("At twice the costs", "double"),
)
#: Rows of the table of numbers: title, statistic, whether the benchmark has one.
NUMBERS = (
    ("Growth a year", "growth", True),
    ("Volatility a year", "volatility", True),
    ("Sharpe ratio", "sharpe", True),
    ("Sortino ratio", "sortino", True),
    ("Deepest fall", "max_drawdown", True),
    ("Growth over deepest fall", "calmar", True),
    ("Beta", "beta", False),
    ("Alpha a year", "alpha", False),
    ("Tracking error", "tracking_error", False),
    ("Information ratio", "information_ratio", False),
    ("Capture of rising {}s", "up_capture", False),
    ("Capture of falling {}s", "down_capture", False),
    ("Share of {}s ahead, of those that differ", "ahead", False),
    ("Skew of returns by {}", "skew", True),
    ("Kurtosis of returns by {}", "kurtosis", True),
    ("Best {}", "best", True),
    ("Worst {}", "worst", True),
)


def section(answer: TradedRule | Swept) -> Section:
    """One rule as a section."""
    return Section("backtest", "A rule, traded", QUESTION, tuple(blocks(answer)))


def blocks(answer: TradedRule | Swept) -> list[Block]:
    """What it earned, whether that is chance, and what it hangs on; or all of its variants."""
    return _swept(answer) if isinstance(answer, Swept) else _one(answer)


def earned(answer: CallsEarned) -> list[Block]:
    """What each call on file would have earned."""
    there = [c for c in answer.calls if c.figures]
    said: list[Block] = [
        Grid(
            "What each call would have earned so far, or to its horizon",
            ("Who", "What", "From", "To", "Before costs", "Net", "What it was against", "Lead"),
            tuple(
                (
                    Label(c.who),
                    Label(c.words),
                    day(c.figures["net"].start),
                    day(c.figures["net"].end),
                    *(c.figures[k] for k in ("earned", "net", "against", "lead")),
                )
                for c in there
            ),
        )
    ]
    rest = [c for c in answer.calls if not c.figures]
    if rest:
        said.append(
            Grid(
                "Nothing to say of",
                ("Who", "What", "Why"),
                tuple((Label(c.who), Label(c.words), Label(c.reason)) for c in rest),
            )
        )
    return said


def _swept(answer: Swept) -> list[Block]:
    """Every variant, whether the choice of the best fools, and the choice made inside of time."""
    f = answer.figures
    best = drawn.variants(answer)[answer.best]
    said: list[Block] = [
        words(
            "With hindsight the best variant of ",
            Label(answer.label),
            ", by its active return against its risk, is ",
            Label(best.said),
            ".",
            (" Its lead a year: ", best.active, "."),
        ),
        words(
            (
                "The probability that choosing the best of them fools, because it falls behind the "
                "median of all outside the years it was chosen in, is ",
                f["fooled"],
                ".",
            )
            if not missing(f["fooled"])
            else ("The history is too short to say whether choosing the best of them fools.",)
        ),
        *_leads(answer),
        _surface(answer),
    ]
    if answer.walk is None:
        return [*said, words("The history is too short for a choice made inside of time.")]
    return [
        *said,
        words(
            "What follows is the choice made inside of time: each year what was best until then."
        ),
        *_one(answer.walk),
    ]


def _leads(answer: Swept) -> list[Chart]:
    """The lead of each variant, drawn; nothing where there are more than a page has room for."""
    rows = [v for v in drawn.variants(answer) if not missing(v.active)]
    if not 1 < len(rows) <= DRAWN:
        return []
    bars = tuple(bar(v.said, v.active) for v in rows)
    return [Chart("bar", "Lead a year of each variant, net of costs", bars, "return", reference=0)]


def _surface(answer: Swept) -> Grid:
    rows = drawn.variants(answer)
    return Grid(
        "Every variant, net of costs",
        ("", "Growth a year", "Lead a year", "Information ratio", "Deepest fall", "Turnover"),
        tuple((Label(v.said), v.growth, v.active, v.ratio, v.fall, v.turnover) for v in rows),
        heat=(2, 3),
    )


def _one(answer: TradedRule) -> list[Block]:
    """One rule."""
    return [
        _earned(answer),
        _honest(answer),
        *_tried(answer),
        *_alarms(answer),
        _wealth(answer),
        _by_costs(answer),
        _trades(answer),
        *_exposure(answer),
        _numbers(answer),
        _held(answer),
        *_carried(answer),
        _falls(answer),
        _years(answer),
        _months(answer),
    ]


def _earned(answer: TradedRule) -> Sentence:
    f = answer.figures
    own, theirs, lead = f["net_growth"], f["benchmark_growth"], f["net_active"]
    if any(map(missing, (own, theirs, lead))):
        return words("What ", Label(answer.label), " would have earned cannot be said.")
    way = direction(lead, " more than ", " less than ", "")
    return words(
        Label(answer.label),
        " would have ",
        *moved(own, "grown by ", "shrunk by ", "stood still"),
        " a year net of costs from ",
        day(answer.first),
        " to ",
        day(own.end),
        ": ",
        *((Magnitude(lead), way) if way else ("as much as ",)),
        Label(answer.benchmark_label),
        ", which ",
        *moved(theirs, "grew by ", "shrank by ", "stood still"),
        " a year.",
    )


def _honest(answer: TradedRule) -> Sentence:
    """How often chance did as well, in one sentence."""
    share = answer.figures["as_good"]
    if missing(share):
        return words("It was not compared with random rules.")
    verdict = (
        "chance seldom does as well." if share.number <= SELDOM else "that is no more than chance."
    )
    if answer.result.random.method == "no_edge":
        return words(
            "It always wants the same, so that there is no timing to test. Of histories with the "
            "same ups and downs against the benchmark but without an edge, ",
            share,
            " ended at least as far ahead: ",
            verdict,
        )
    return words(
        "Of random rules that make the same trades at other times, ",
        share,
        " did at least as well net of costs: ",
        verdict,
    )


def _tried(answer: TradedRule) -> list[Sentence]:
    """What the number of variants tried leaves of it; nothing where they cannot be counted."""
    f = answer.figures
    if missing(f["variants"]) or missing(f["deflated"]):
        return []
    count = f["variants"]
    return [
        words(
            count,
            plural(count, " variant of a rule has", " variants of rules have"),
            " been tried in this store. The probability that this one is better than the luckiest "
            "of so many without merit would look is ",
            f["deflated"],
            ".",
        )
    ]


def _alarms(answer: TradedRule) -> list[Sentence]:
    """What the result hangs on, where it hangs on little."""
    f, said = answer.figures, []
    one = answer.period
    late, count, gone = f["late_active"], f["carried"], f["unfilled"]
    if answer.result.lag_alarm and not missing(late):
        said.append(
            words(
                f"Alarm: traded one {one} later, more than half of the lead is gone. ",
                "Its lead a year is then ",
                late,
                ".",
            )
        )
    if answer.result.handful_alarm and not missing(count):
        best: Clause = (one,) if count.value == 1 else (count, f" {one}s")
        said.append(words("Alarm: without its best ", *best, " the lead is gone; see below."))
    if answer.result.run.unfilled and not missing(gone):
        who = plural(gone, " order was", " orders were")
        said.append(words(gone, who, " for what was gone by then: that part stayed in cash."))
    return said


def _wealth(answer: TradedRule) -> Chart:
    lines = [Series(w.name, w.days, w.values, w.figure) for w in drawn.wealth(answer)]
    return Chart(
        "line",
        "What one would have become",
        tuple(lines),
        "level",
        note=words("Wealth, from the close of the first trade on."),
    )


def _exposure(answer: TradedRule) -> list[Chart]:
    """What it held through time; nothing for a rule of many lines."""
    lines = [Series(w.name, w.days, w.values, w.figure) for w in drawn.exposure(answer)]
    note = words("Weights after the trades of each close; the number is the mean.")
    return [Chart("line", "What it held", tuple(lines), "fraction", note=note)] if lines else []


def _by_costs(answer: TradedRule) -> Grid:
    f = answer.figures
    keys = ("growth", "volatility", "sharpe", "max_drawdown", "active")
    rows: list[tuple[Part | None, ...]] = [
        (title, *(f[f"{group}_{k}"] for k in keys)) for title, group in SETS
    ]
    own = [f[f"benchmark_{k}"] for k in keys[:-1]]
    rows.append((Label(answer.benchmark_label), *own, None))
    return Grid(
        "What is left after costs",
        ("", "Growth a year", "Volatility", "Sharpe", "Deepest fall", "Lead a year"),
        tuple(rows),
    )


def _trades(answer: TradedRule) -> Sentence:
    """How much it trades, and what a trade may cost."""
    f = answer.figures
    cost, trades, turnover = f["break_even"], f["trades"], f["turnover"]
    said: list[tuple[Part, ...]] = []
    if not missing(trades):
        one = answer.period
        said.append(("It trades on ", trades, plural(trades, f" {one}.", f" {one}s.")))
    if not missing(turnover):
        said.append(("Its one-way turnover, in parts of its value, is ", turnover, " a year."))
    if not missing(cost):
        gone = "The lead would be gone at a cost of a one-way trade, in basis points, of "
        none = "There is no lead even before costs."
        said.append((gone, cost, ".") if cost.number > 0 else (none,))
    parts = [p for clause in said for p in (" ", *clause)]
    return words(*parts[1:]) if said else words("How much it trades cannot be said.")


def _numbers(answer: TradedRule) -> Grid:
    f = answer.figures
    return Grid(
        "In numbers, net of costs",
        ("", "The rule", "The benchmark"),
        tuple(
            (title.format(answer.period), f[f"net_{key}"], f[f"benchmark_{key}"] if both else None)
            for title, key, both in NUMBERS
        ),
    )


def _held(answer: TradedRule) -> Grid:
    f = answer.figures
    return Grid(
        "What it held, and what that added",
        ("", "Mean weight", "Added to the whole lead"),
        (
            *((Label(label), weight, effect) for label, weight, effect in drawn.held(answer)),
            ("Costs", None, f["paid"]),
        ),
        note=words(
            "Added is what holding another weight than the benchmark's brought, linked over time: "
            "the column adds up to the difference of the whole returns."
        ),
    )


def _carried(answer: TradedRule) -> list[Grid]:
    """The days that make the lead; nothing where there is none."""
    days = drawn.days(answer)
    if not days:
        return []
    count = answer.figures["carried"]
    one = answer.period
    best: Clause = (f"its best {one}",) if count.value == 1 else ("its ", count, f" best {one}s")
    return [
        Grid(
            f"The {one}s that make the lead",
            (one.capitalize(), "Ahead by"),
            tuple((day(f.end), f) for f in days),
            note=words(("Without ", *best, " there would be no lead.")),
        )
    ]


def _falls(answer: TradedRule) -> Grid:
    return Grid(
        "Its deepest falls",
        ("From", "To", "Fall", "Back at the high"),
        tuple(
            (day(f.start), day(f.end), f, _back(str(f.extra["of"]))) for f in drawn.falls(answer)
        ),
    )


def _back(over: str) -> Part:
    return over if over == "not yet" else day(over)


def _months(answer: TradedRule) -> Grid:
    return Grid(
        BY_MONTH,
        ("Year", *(name[:3] for name in MONTHS)),
        tuple((Label(year), *row) for year, row in drawn.months(answer)),
        heat=tuple(range(1, 13)),
    )


def _years(answer: TradedRule) -> Grid:
    return Grid(
        "Year by year, net of costs",
        ("Year", "The rule", "The benchmark"),
        tuple((Label(year), own, theirs) for year, own, theirs in drawn.years(answer)),
        note=words("The first and the last year may be parts of one."),
    )
