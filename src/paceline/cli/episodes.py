"""``paceline episodes ROTATION``: one rotation now and before, what followed, and how often noise does the same."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import Parameter

from paceline.cli.options import (
    When,
    flag,
    open_market,
    progress,
    remember,
    say,
    say_json,
    say_table,
)
from paceline.errors import UsageError


def episodes(
    rotation: str,
    /,
    *,
    c: Annotated[
        float, Parameter(name="--c", help="Size: 1 a watch, 1.5 an episode, 2 a major one.")
    ] = 1.5,
    step: Annotated[
        int, Parameter(help="Sessions of the returns behind sigma: 5, or 1 for daily.")
    ] = 5,
    json: Annotated[bool, flag("Print every number as JSON rows.", "--json")] = False,
    where: When | None = None,
) -> int:
    """Show the episodes of a rotation.

    Parameters
    ----------
    rotation
        A declared rotation, or a sector ("sectors:Energy") against the market; `paceline list
        rotations` names them.
    """
    if not c > 0.25:
        raise UsageError(f"--c: {c:g} is too small a barrier.", "Give more than 0.25, e.g. 1.5.")
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
        from paceline.report import tables

        say_json([tables.row(f) for f in figures])
        return 0
    _print(study)
    return 0


def _print(study: Any) -> None:
    say(f"{study.pair.label}, as of {study.market.as_of}: {study.basis} return, size {study.c:g}")
    sizes = sorted({1.0, 1.5, 2.0, study.c})
    say_table(
        [
            "line",
            *(f"leads at {c:g}" for c in sizes),
            "move that would turn it",
            "borderline",
            "since",
            "moved",
            "sessions",
            "members ahead",
        ],
        [_state(study, line, sizes) for line in study.lines],
        "Now",
    )
    for caveat in dict.fromkeys(
        x for line in study.lines for x in study.state(study.c, line).caveats
    ):
        say(f"  {caveat}")
    say_table(
        [
            "took over",
            "turned",
            "known",
            "moved by then",
            "sessions",
            "members ahead",
            "went in all",
            "until",
        ],
        [_episode(study, e) for e in study.table()],
        "Episodes",
    )
    rates = study.rates()
    say_table(
        ["the pair", "driftless walks", "its returns without drift"],
        [[f"{f.text} a year" if f.value is not None else f.caveats[-1] for f in rates.values()]],
        "Episodes of the first leg",
    )
    rows = []
    for h in [*study.histories(1), *study.histories(-1)]:
        f = study.after(h)
        side = (
            study.name(h.direction)
            if h.name == "the pair itself"
            else ("first leg", "second leg")[h.direction < 0]
        )
        rows.append(
            [
                h.name,
                h.first,
                side,
                f"{h.outcome.horizon}",
                *(
                    f[k].text
                    for k in (
                        "n",
                        "n_effective",
                        "mean",
                        "base",
                        "difference",
                        "low",
                        "high",
                        "hit_rate",
                        "base_hit_rate",
                        "detectable",
                    )
                ),
                h.outcome.evidence.note,
            ]
        )
    say_table(
        [
            "line",
            "since",
            "took over",
            "sessions",
            "n",
            "independent",
            "mean",
            "all days",
            "difference",
            "from",
            "to",
            "above zero",
            "all days",
            "detectable",
            "why no number",
        ],
        rows,
        "What followed (return of the first leg over the second)",
    )
    low, best = study.since_low(), study.superlative()
    if low:
        say(
            f"Since the benchmark's low of {low['now'].start}, {low['sessions'].text} sessions: {low['now'].text}; "
            f"{low['rank'].text} of {low['n'].text} earlier lows were followed by less."
        )
    if best:
        since = (
            f"as wide last on {best['since']}" if best["since"] else "never as wide in this history"
        )
        say(
            f"Last two weeks: {best['now'].text}; {best['rank'].text} of {best['n'].text} earlier fortnights were "
            f"below, {since}."
        )


def _state(study: Any, line: str, sizes: list[float]) -> list[str]:
    now = study.now(line)
    return [
        "as it is" if line == "raw" else "without beta",
        *(study.state(c, line).text for c in sizes),
        study.to_turn(study.c, line).text,
        study.borderline(line).text,
        str(now["far"].start) if now else "",
        *(now[k].text if k in now else "" for k in ("far", "sessions", "broad")),
    ]


def _episode(study: Any, e: Any) -> list[str]:
    f = study.episode(e)
    return [
        study.name(e.direction),
        str(study.days[e.pivot]),
        str(study.days[e.known]),
        f["far"].text,
        f["sessions"].text,
        f["broad"].text if "broad" in f else "",
        f["went"].text,
        "under way" if e.open else str(study.days[e.until]),
    ]
