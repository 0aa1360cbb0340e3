"""``paceline target LEVEL --by DATE``: what a level by a date asks for, and how likely it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from paceline.cli.blocks import say_blocks
from paceline.cli.options import (
    When,
    day,
    flag,
    note,
    open_market,
    progress,
    prose,
    remember,
    say_age,
    say_json,
)
from paceline.doors import check_target
from paceline.errors import UsageError
from paceline.wording import agreeing

if TYPE_CHECKING:
    from paceline.studies.target import Answer


def target(
    level: str,
    /,
    *,
    by: str,
    subject: str | None = None,
    drift: str = "history",
    vol: str = "history",
    since: str | None = None,
    draws: int = 10_000,
    seed: int = 0,
    json: Annotated[bool, flag("Print JSON; rates are fractions.", "--json")] = False,
    html: Annotated[
        Path | None, Parameter(help="Also write a page with the fan chart to this file.")
    ] = None,
    where: When | None = None,
) -> int:
    """Weigh a target: the return it requires by its date, and how likely it is.

    Parameters
    ----------
    level
        The target level, e.g. 8100.
    by
        The target date (YYYY-MM-DD); its close counts, or the last one before it.
    subject
        Basket or security. Default: the benchmark.
    drift
        The drift of the headline: zero, history or a rate per year such as 7%. The table shows
        every drift.
    vol
        Volatility: history, recent (last 252 sessions), current (last 21) or a rate per year
        such as 16%. Both the closed form and the bootstrap obey it.
    since
        First day of the history that is used (YYYY-MM-DD). Default: all of it.
    draws
        Number of simulated paths.
    seed
        Seed of the simulation.
    """
    number = _level(level)
    until = day(by, "--by")
    if since is not None:
        since = day(since, "--since")
    if html is not None:
        check_target(html, "--html", "target.html")
    market = open_market(where or When())
    with progress() as bar:
        market.ensure(bar)
        answer = market.target(
            number,
            until,
            subject=subject,
            drift=drift,
            volatility=vol,
            since=since,
            draws=draws,
            seed=seed,
        )
    remember(market, answer.figures.values())
    if html is not None:
        from paceline import report
        from paceline.record import single

        report.write(single.target(answer), html)
        note(f"Page: {html}")
    if json:
        say_json(
            {
                "subject": answer.subject,
                "level": number,
                "by": until,
                "as_of": market.as_of,
                "age": market.age.to_json(),
                "figures": [f.to_json() for f in answer.figures.values()],
                "sensitivity": answer.sensitivity().to_dicts(),
                "fan": answer.fan().to_dicts(),
            }
        )
    else:
        _print(answer)
        say_age(market)
    return 0


def _level(text: str) -> float:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        raise UsageError(f"{text!r} is not a level.", "Give a number, e.g. 8100.") from None


def _print(answer: Answer) -> None:
    from paceline.pages import target as page

    say_blocks(page.blocks(answer), without="Past windows")
    _say_past(answer)
    for caveat in dict.fromkeys(c for figure in answer.figures.values() for c in figure.caveats):
        prose(f"! {caveat}")
    from paceline.market.commands import line

    trace = line(("trace", answer.figures["implied_return"].id), answer.market)
    prose(f"Figures: `{trace}` and the ids in --json.")


def _say_past(answer: Answer) -> None:
    """How many windows of the past there are, and what share of them did as much."""
    f = {name: figure.text for name, figure in answer.figures.items() if figure.value is not None}
    count, length = f.get("past_windows"), f.get("sessions")
    if count is None or length is None:
        prose("How many past windows there are cannot be said.")
        return
    windows = (
        f"{count} past {agreeing(count, 'window', 'windows')} of "
        f"{length} {agreeing(length, 'session', 'sessions')}"
    )
    if worth := f.get("past_windows_independent"):
        windows += f", worth {worth} independent {agreeing(worth, 'one', 'ones')}"
    said = []
    if ended := f.get("past_share"):
        said.append(f"{ended} of them ended with at least that return")
    if reached := f.get("past_share_touch"):
        said.append(f"{reached} of them reached it at some close")
    prose(f"The history holds {windows}{': ' if said else ''}{', and '.join(said)}.")
