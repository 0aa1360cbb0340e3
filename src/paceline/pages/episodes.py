"""Episodes of rotation: the state of each declared pair, its past, and what followed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from paceline.document import Block, Chart, Grid, Label, Magnitude, Part, Section, Sentence, Series
from paceline.figures import Figure
from paceline.methods.barriers import NAMED
from paceline.methods.episode_table import Episode
from paceline.pages import page
from paceline.pages.signs import direction
from paceline.pages.words import INTERVAL, Clause, day, missing, words
from paceline.signals import french
from paceline.studies import analogues
from paceline.studies.answers import Answers
from paceline.studies.asking import attempt
from paceline.studies.episodes import ITSELF, History, Study
from paceline.studies.pair_lines import declared, price_relative
from paceline.studies.rotations import C

#: Past episodes listed for each pair; sessions of the line that is drawn.
LISTED, DRAWN = 6, 1260
#: The lines of a pair.
LINES = {"raw": "as it is", "neutral": "beta-neutral"}


@page(place=50)
def episodes(ask: Answers) -> Section | None:
    """Each declared rotation: its state, its episodes, how often noise makes one, what followed."""
    studies = declared(ask)
    if not studies:
        return None
    blocks: list[Block] = [
        _head(ask, studies[0]),
        _states(studies),
        _fortnights(studies),
        _rates(studies),
    ]
    for s in studies:
        blocks += [*_line(s), *_past(s), *_followed(s)]
    blocks += _analogues(ask)
    return Section(
        "episodes",
        "Episodes of rotation",
        "Has one side taken over before, and what came next?",
        tuple(blocks),
    )


def _head(ask: Answers, s: Study) -> Sentence:
    """The state of the first declared pair, and the move that would turn it."""
    v = s.turn_state()
    lead, against, turn = ask.name(s.pair.lead), ask.name(s.pair.against), s.to_turn(C)
    now = s.state(C)
    if (why := s.silent or v.reason) or missing(now):
        because: Clause = (" (", Label(why), ")") if why else ()
        return words(Label(s.pair.label), ": who leads cannot be said", because, ".")
    if not v.direction or turn.value is None:
        return words(
            Label(s.pair.label), ": neither leg has taken the lead at the size of an episode yet."
        )
    return words(
        Label(s.pair.label),
        ": ",
        now,
        " leads by the rule of episodes. ",
        *(
            (lead, way, Magnitude(turn), " against ", against, " for the lead to change.")
            if (way := direction(turn, " would have to gain ", " would have to lose ", ""))
            else ("The next move of ", lead, " against ", against, " may change the lead.")
        ),
        " With a threshold a quarter smaller or larger, ",
        "the leader is another one: this is borderline."
        if v.borderline
        else "the leader is the same.",
    )


def _states(studies: Sequence[Study]) -> Grid:
    rows: list[tuple[Part | None, ...]] = []
    for s in studies:
        for line in s.lines:
            now = s.now(line)
            rows.append(
                (
                    Label(s.pair.label),
                    LINES[line],
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
            "Change of the ratio since",
            "Sessions",
            "Members ahead",
        ),
        tuple(rows),
    )


def _fortnights(studies: Sequence[Study]) -> Grid:
    return Grid(
        "The last two weeks among all earlier fortnights",
        (
            "Pair",
            "Change of the ratio",
            "Share of fortnights below",
            "Earlier fortnights",
            "Last time as wide to this side",
        ),
        tuple(
            (
                Label(s.pair.label),
                f["now"],
                f["rank"],
                f["n"],
                day(f["since"]) if f["since"] else "never in this history",
            )
            for s in studies
            if (f := s.superlative())
        ),
    )


def _rates(studies: Sequence[Study]) -> Grid:
    return Grid(
        "Episodes a year: the pair and noise",
        (
            "Pair",
            "The pair",
            "Random walks without drift",
            "Its own returns without drift, resampled",
        ),
        tuple(
            (Label(s.pair.label), r["own"], r["walks"], r["resampled"])
            for s in studies
            if (r := s.rates())
        ),
        note=words(
            "Pairs turn about as often as noise made of their own returns: an episode by itself "
            "is no evidence that it will last."
        ),
    )


def _line(s: Study) -> list[Chart]:
    drawn = price_relative(s, DRAWN)
    if drawn is None:
        return []
    label = s.pair.label
    return [
        Chart(
            "line",
            Label(f"{label}: price relative over the last five years"),
            (Series(label, drawn.days, drawn.values, drawn.figure),),
            "level",
        )
    ]


def _until(s: Study, e: Episode) -> str | Label:
    """Day of the furthest point; of the last episode, that it is under way or not known."""
    if e.open:
        return "not known" if s.silent else "under way"
    return day(str(s.days[e.until]))


def _past(s: Study) -> list[Grid]:
    """The newest episodes, latest first."""
    rows: list[tuple[Part | None, ...]] = []
    for e in s.table()[-LISTED:][::-1]:
        f = s.episode(e)
        rows.append(
            (
                Label(s.name(e.direction)),
                day(str(s.days[e.pivot])),
                day(str(s.days[e.known])),
                f["far"],
                f["sessions"],
                f.get("broad"),
                f["went"],
                _until(s, e),
            )
        )
    if not rows:
        return []
    return [
        Grid(
            Label(f"{s.pair.label}: latest episodes"),
            (
                "Took over",
                "Turned on",
                "Known on",
                "Change of the ratio by then",
                "Sessions",
                "Members ahead",
                "Change of the ratio in all",
                "Furthest on",
            ),
            tuple(rows),
        )
    ]


#: Columns of the table of what followed: heading, and the figure of a history.
COLUMNS: tuple[tuple[str | Label, str], ...] = (
    ("Episodes", "n"),
    ("Independent", "n_effective"),
    ("Mean change of the ratio", "mean"),
    ("Mean of all days", "base"),
    ("Difference of the means", "difference"),
    (INTERVAL[0], "low"),
    (INTERVAL[1], "high"),
    ("Share above zero", "hit_rate"),
    ("All days above zero", "base_hit_rate"),
    ("Smallest detectable difference", "detectable"),
)


def _followed(s: Study) -> list[Block]:
    """What followed when the first leg took over, or why that cannot be judged."""
    title = f"{s.pair.label}: what followed when the first leg took over"
    histories = [(h, s.after(h)) for h in s.histories()]
    reasons = dict.fromkeys(h.outcome.evidence.note for h, _ in histories)
    why = Label(_together(r for r in reasons if r))
    if not histories:
        return []
    if all(f["difference"].value is None for _, f in histories):
        return [words(Label(f"{title} cannot be judged"), " (", why, ").")]
    return [
        Grid(
            Label(title),
            ("Line", "Since", "Sessions after", *(heading for heading, _ in COLUMNS)),
            tuple(_history(s, h, f) for h, f in histories),
            note=words("Where a number is missing: ", why, ".") if why.text else None,
        )
    ]


def _together(reasons: Iterable[str]) -> str:
    """Reasons that differ by their first word, a number, as one: "8 and 5 observations ..."."""
    numbers: dict[str, list[str]] = {}
    for reason in reasons:
        number, _, rest = reason.partition(" ")
        numbers.setdefault(rest, []).append(number)
    return "; ".join(f"{' and '.join(several)} {rest}" for rest, several in numbers.items())


def _history(s: Study, h: History, f: dict[str, Figure]) -> tuple[Part | None, ...]:
    real = s.market.simulated and h.name.removeprefix("-").startswith("real/")
    name = h.name if h.name == ITSELF else french.spoken(h.name)
    return (
        Label(f"REAL: {name}" if real else name),
        day(h.first),
        Label(str(h.outcome.horizon)),
        *(f[key] for _, key in COLUMNS),
    )


#: Columns of the table of what followed days like today: heading, and the figure.
FOLLOWED: tuple[tuple[str | Label, str], ...] = (
    ("Mean change of the ratio", "mean"),
    ("Mean of all days", "base"),
    ("Difference of the means", "difference"),
    (INTERVAL[0], "low"),
    (INTERVAL[1], "high"),
    ("p", "p"),
    ("Days", "n"),
    ("Independent", "n_effective"),
)


def _analogues(ask: Answers) -> list[Block]:
    """The days most like today, and what followed them."""
    found = attempt(ask, "analogues", partial(analogues.nearest, ask.market))
    if found is None:
        return []
    after = (Label(f"{name} three months later") for name in found.series)
    return [
        Grid(
            "Days most like today",
            ("Day", "Distance", *after),
            tuple((day(d.date), d.distance, *d.after) for d in found.days),
            note=words(
                "Nearest first. Compared with ",
                day(found.last),
                " on factor returns since ",
                day(found.first),
                ".",
            ),
        ),
        Grid(
            "What followed days like today",
            ("Series", "After", *(heading for heading, _ in FOLLOWED), "Why no number"),
            tuple(
                (
                    Label(f.series),
                    f.after,
                    *(f.figures[key] for _, key in FOLLOWED),
                    Label(f.reason),
                )
                for f in found.followed
            ),
        ),
    ]
