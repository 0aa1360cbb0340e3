"""``paceline scenario [NAME]``: what a scenario would do to themes and sectors, and how sure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from paceline.cli.blocks import say_grid
from paceline.cli.options import (
    When,
    flag,
    note,
    open_market,
    progress,
    prose,
    remember,
    say,
    say_age,
    say_json,
)
from paceline.cli.tables import say_table
from paceline.doors import check_target
from paceline.errors import UsageError
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.api import OpenMarket
    from paceline.config import Driver
    from paceline.figures import Figure
    from paceline.market import Market
    from paceline.studies.scenario import Catalyst, ScenarioAnswer


def scenario(
    name: str | None = None,
    /,
    *,
    every: Literal["month", "week"] = "month",
    subject: list[str] | None = None,
    driver: list[str] | None = None,
    event: str | None = None,
    json: Annotated[bool, flag("Print JSON; returns are fractions.", "--json")] = False,
    csv: Annotated[
        Path | None, Parameter(help="Also write every number as CSV to this file.")
    ] = None,
    html: Annotated[
        Path | None, Parameter(help="Also write a page with all tables to this file.")
    ] = None,
    where: When | None = None,
) -> int:
    """Show what a scenario would do to themes and sectors, and how sure that is.

    Parameters
    ----------
    name
        A scenario of the market file. Left out: they are listed, with drivers and events.
    every
        The periods whose returns are explained: month or week.
    subject
        Only this rotation or basket (repeatable). Default: rotations, pairs of themes, sectors.
    driver
        Only this driver (repeatable). Default: all that the market file declares.
    event
        In place of a scenario: what themes and sectors did around the days of this [[events]].
    """
    for path, option, usual in ((csv, "--csv", "scenario.csv"), (html, "--html", "scenario.html")):
        if path is not None:
            if name is None and event is None:
                raise UsageError(f"{option} writes one scenario.", "Name it: scenario NAME.")
            check_target(path, option, usual)
    if name is not None and event is not None:
        raise UsageError("a scenario and --event are two questions.", "Ask for one of them.")
    if event is not None and driver is not None:
        raise UsageError("--driver says nothing of an event.", "Leave it out.")
    market = open_market(where or When())
    with progress() as bar:
        market.ensure(bar)
        if event is not None:
            return _around(market, market.catalyst(event, subjects=subject), csv, html, json=json)
        if name is None:
            return _listed(market, json=json)
        answer = market.scenario(name, every=every, subjects=subject, drivers=driver)
    remember(market, answer.figures.values())
    _files(answer, csv, html)
    if json:
        say_json(_json(market, answer))
    else:
        _print(answer)
        say_age(market)
    return 0


def _around(
    market: OpenMarket, answer: Catalyst, csv: Path | None, html: Path | None, *, json: bool
) -> int:
    """What themes and sectors did around the days of one kind."""
    remember(market, answer.figures.values())
    _files(answer, csv, html)
    if json:
        say_json(
            {
                "event": answer.event.name,
                "label": answer.label,
                "window": list(answer.event.window),
                "next": answer.next or None,
                "as_of": market.as_of,
                "age": market.age.to_json(),
                "figures": [f.to_json() for f in answer.figures.values()],
            }
        )
        return 0
    from paceline.pages import catalysts as page

    prose(page.asked(answer).text)
    say_grid(page.table(answer), missing="")
    shown = [answer.figure(one.name, "effect") for one in answer.lines]
    _caveats([list(figure.caveats) for figure in shown])
    _trace(shown[0], answer.market)
    say_age(market)
    return 0


def _files(answer: ScenarioAnswer | Catalyst, csv: Path | None, html: Path | None) -> None:
    if csv is not None:
        from paceline.report import tables
        from paceline.writing import write_text

        rows = [tables.row(figure) for figure in answer.figures.values()]
        note(f"Table: {write_text(csv, tables.csv_text(rows, tables.FIGURE))}")
    if html is not None:
        from paceline import report
        from paceline.record import single

        report.write(single.scenario(answer), html)
        note(f"Page: {html}")


def _json(market: OpenMarket, answer: ScenarioAnswer) -> dict[str, Any]:
    return {
        "scenario": answer.name,
        "label": answer.label,
        "source": answer.spec.source,
        "months": answer.spec.months,
        "every": answer.every,
        "as_of": market.as_of,
        "age": market.age.to_json(),
        "refused": [{"subject": s.name, "why": why} for s, why in answer.found.by.refused],
        "untested": [
            {
                "what": u.label,
                "past": [f.to_json() for f in u.past.figures.values()] if u.past else [],
            }
            for u in answer.untested
        ],
        "nearest": [{"start": start, "end": end} for start, end in answer.periods],
        "figures": [f.to_json() for f in answer.figures.values()],
    }


def _listed(market: OpenMarket, *, json: bool) -> int:
    """The scenarios and the drivers that the market file declares."""
    declared = market.file
    if json:
        say_json(declared.model_dump(mode="json", include={"scenarios", "drivers", "events"}))
        return 0
    if not declared.scenarios:
        say("No scenario is declared: [drivers.NAME], [scenarios.NAME]; see docs/scenario.md.")
        return 0
    rows = [
        [name, s.label, str(s.months), ", ".join(f"{d} {x:+g}" for d, x in s.shocks.items())]
        for name, s in declared.scenarios.items()
    ]
    say_table(["Scenario", "", "Months", "Drivers"], rows)
    drivers = [
        [name, d.label, str(d.series or d.basket), _way(d)] for name, d in declared.drivers.items()
    ]
    say_table(["Driver", "", "Series or basket", "Change"], drivers)
    events = [[e.name, e.label, e.rule or number_of(len(e.dates), "day")] for e in declared.events]
    if events:
        say_table(["Event", "", "Days"], events)
    return 0


def _way(driver: Driver) -> str:
    """How a change of a driver is counted."""
    way = "return" if driver.is_return else "difference"
    return f"surprise, as {way}" if driver.surprise else way


def _print(answer: ScenarioAnswer) -> None:
    from paceline.pages import scenario as page

    prose(page.stated(answer).text)
    prose(page.assumed(answer).text)
    say_grid(page.effects(answer), missing="")
    prose(page.honest(answer).text)
    prose(page.like_it(answer).text)
    for sentence in page.unsaid(answer):
        prose(sentence.text)
    shown = [answer.figure(s.name, "effect") for s in answer.subjects]
    _caveats([list(figure.caveats) for figure in shown])
    _trace(shown[0], answer.market)


def _trace(figure: Figure, market: Market) -> None:
    from paceline.market.commands import line

    prose(f"Figures: `{line(('trace', figure.id), market)}` and the ids in --json.")


def _caveats(of_each: list[list[str]]) -> None:
    """What weakens every row, and how much more there is to say of single ones."""
    for caveat in of_each[0]:
        if all(caveat in caveats for caveats in of_each):
            prose(f"! {caveat}")
    own = {c for caveats in of_each for c in caveats if not all(c in o for o in of_each)}
    if own:
        more = number_of(len(own), "further caveat")
        prose(f"! {more} of single rows: see the page (--html) or --json")
