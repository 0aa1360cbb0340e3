"""``paceline episodes ROTATION``: one rotation now and before, what followed, and by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from paceline.cli.options import (
    When,
    flag,
    open_market,
    progress,
    prose,
    remember,
    say,
    say_age,
    say_json,
)
from paceline.cli.tables import say_table
from paceline.errors import UsageError
from paceline.wording import agreeing

if TYPE_CHECKING:
    from paceline.figures import Figure
    from paceline.methods.episode_table import Episode
    from paceline.studies.episodes import Study


def episodes(
    rotation: str,
    /,
    *,
    c: Annotated[
        float,
        Parameter(
            name="--c",
            help="Size of the barrier: 1 for a watch, 1.5 for an episode, 2 for a major one.",
        ),
    ] = 1.5,
    step: Annotated[
        int, Parameter(help="Sessions per return in the estimate of sigma: 5, or 1 for daily.")
    ] = 5,
    json: Annotated[bool, flag("Print every number as JSON rows.", "--json")] = False,
    where: When | None = None,
) -> int:
    """Show past changes of leadership in a rotation, and what followed them.

    Parameters
    ----------
    rotation
        A declared rotation, or a sector ("sectors:Energy") against the market; `paceline list
        rotations` names them.
    """
    if not 0.25 < c <= 100:
        size = "large" if c > 100 else "small"
        raise UsageError(f"--c: {c:g} is too {size} a barrier.", "Give more than 0.25, e.g. 1.5.")
    if not 1 <= step <= 126:
        raise UsageError(f"--step: {step} sessions.", "Give 1 to 126, e.g. 5.")
    market = open_market(where or When())
    with progress() as bar:
        market.ensure(bar)
        if bar:
            bar("what followed earlier episodes", 0.5)
        study = market.episodes(rotation, c=c, step=step)
        figures = study.figures
    remember(market, figures)
    if json:
        from paceline.market.age import with_age
        from paceline.report import tables

        say_json([with_age(tables.row(f), market.age) for f in figures])
        return 0
    _print(study)
    say_age(market)
    return 0


def _print(study: Study) -> None:
    say(f"{study.pair.label}, as of {study.market.as_of}: {study.basis} return, size {study.c:g}")
    _current(study)
    say_table(
        [
            "new leader",
            "turning point",
            "confirmed",
            "move by then",
            "sessions",
            "members ahead",
            "full move",
            "until",
        ],
        _episodes(study),
        "Episodes",
        keys=2,
    )
    say_table(
        ["observed", "driftless random walks", "own returns without drift"],
        [
            [
                f"{f.text} a year" if f.value is not None else "".join(f.caveats[-1:])
                for f in study.rates().values()
            ]
        ],
        "Episodes led by the first leg, and by chance",
    )
    _followed(study)
    _latest(study)


def _current(study: Study) -> None:
    """Who leads at several sizes of the barrier, and what would turn it."""
    sizes = sorted({1.0, 1.5, 2.0, study.c})
    say_table(
        [
            "line",
            *(f"leader at size {c:g}" for c in sizes),
            "reversal needed",
            "borderline",
            "since",
            "change of the ratio",
            "sessions",
            "members ahead",
        ],
        [_state(study, line, sizes) for line in study.lines],
        "Current state",
    )
    for caveat in dict.fromkeys(
        x for line in study.lines for x in study.state(study.c, line).caveats
    ):
        prose(f"! {caveat}")


#: Statistic of what followed -> its heading.
_FOLLOWED = {
    "n": "episodes",
    "n_effective": "independent",
    "mean": "mean change of the ratio",
    "base": "all days",
    "difference": "difference of the means",
    "low": "95% from",
    "high": "to",
    "hit_rate": "above zero",
    "base_hit_rate": "all days",
    "detectable": "detectable",
}


def _followed(study: Study) -> None:
    """What followed earlier episodes, beside all days."""
    from paceline.studies.episodes import ITSELF

    say("What followed: return of the first leg relative to the second\n")
    tables: dict[str, list[list[str]]] = {}
    for history in [*study.histories(1), *study.histories(-1)]:
        figures, note = study.after(history), history.outcome.evidence.note
        side = (
            study.name(history.direction)
            if history.name == ITSELF
            else ("first leg", "second leg")[history.direction < 0]
        )
        tables.setdefault(f"{history.name} since {history.first}", []).append(
            [
                side,
                f"{history.outcome.horizon}",
                *(
                    f.text if f.value is not None or not note else ""
                    for f in map(figures.__getitem__, _FOLLOWED)
                ),
                note,
            ]
        )
    for title, rows in tables.items():
        columns = ["new leader", "horizon", *_FOLLOWED.values(), "why no value"]
        say_table(columns, rows, title, keys=2)


def _latest(study: Study) -> None:
    """The move since the benchmark's low and of the last two weeks, beside earlier ones."""
    low, best = study.since_low(), study.superlative()
    if low and low["now"].value is not None:
        length, now, count = low["sessions"], low["now"], low["n"].text
        days = f" ({length.text} {agreeing(length.text, 'session', 'sessions')})"
        rank = (
            f", more than after {_share(low['rank'])} of "
            f"{count} earlier {agreeing(count, 'low', 'lows')}"
            if low["rank"].value is not None and low["n"].value
            else ""
        )
        prose(
            f"Since the benchmark's low of {now.start}{'' if length.value is None else days}, "
            f"the first leg returned {now.text} relative to the second{rank}."
        )
        about = study.market.moment.low
        for caveat in about.caveats(now.start, study.market.as_of) if about else []:
            prose(f"Note: {caveat}.")
    if best and best["now"].value is not None:
        since = (
            f"it was last as large on {best['since']}"
            if best["since"]
            else "it was never as large in this history"
        )
        count = best["n"].text
        rank = (
            f", more than in {_share(best['rank'])} of "
            f"{count} earlier two-week {agreeing(count, 'period', 'periods')}"
            if best["rank"].value is not None and best["n"].value
            else ""
        )
        prose(
            f"Over the last two weeks the first leg returned {best['now'].text} relative to the "
            f"second{rank}; {since}."
        )


def _share(figure: Figure) -> str:
    return {0.0: "none", 1.0: "any"}.get(float(figure.value or 0.0), figure.text)


def _state(study: Study, line: str, sizes: list[float]) -> list[str]:
    now = study.now(line)
    return [
        "raw" if line == "raw" else "beta removed",
        *(study.state(c, line).text for c in sizes),
        study.to_turn(study.c, line).text,
        study.borderline(line).text,
        str(now["far"].start) if now else "",
        *(now[k].text if k in now else "" for k in ("far", "sessions", "broad")),
    ]


def _until(study: Study, episode: Episode) -> str:
    """Day of the furthest point; of the last episode, that it is under way or not known."""
    if episode.open:
        return "not known" if study.silent else "under way"
    return str(study.days[episode.until])


def _episodes(study: Study) -> list[list[str]]:
    """One row per episode: who took the lead, when, by how much, how broadly."""
    rows = []
    for episode in study.table():
        figures = study.episode(episode)
        rows.append(
            [
                study.name(episode.direction),
                str(study.days[episode.pivot]),
                str(study.days[episode.known]),
                figures["far"].text,
                figures["sessions"].text,
                figures["broad"].text if "broad" in figures else "",
                figures["went"].text,
                _until(study, episode),
            ]
        )
    return rows
