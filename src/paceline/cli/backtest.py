"""``paceline backtest RULE``: what a rule would have earned, and whether it is more than chance."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from paceline.cli.blocks import say_blocks
from paceline.cli.options import (
    When,
    flag,
    note,
    open_market,
    progress,
    prose,
    remember,
    say_age,
    say_json,
)
from paceline.cli.tables import say_table
from paceline.doors import check_target
from paceline.errors import UsageError

if TYPE_CHECKING:
    from paceline.api import OpenMarket
    from paceline.studies.tilts import Swept, TradedRule


def backtest(
    rule: str | None = None,
    /,
    *,
    set: Annotated[
        list[str] | None,
        Parameter(name="--set", help="A key of the rule with another value, e.g. c=1.0."),
    ] = None,
    random: int = 1000,
    seed: int = 0,
    json: Annotated[bool, flag("Print JSON; returns are fractions.", "--json")] = False,
    csv: Annotated[
        Path | None, Parameter(help="Also write the days, or all variants, to this file.")
    ] = None,
    html: Annotated[Path | None, Parameter(help="Also write a tear sheet to this file.")] = None,
    where: When | None = None,
) -> int:
    """Trade a rule: what it would have earned after costs, and whether it is more than chance.

    Parameters
    ----------
    rule
        A rule of the market file, or KIND:NAME of a rotation or group, e.g.
        leader:small_vs_large or momentum:sectors; or calls: every call of the ledger. Without
        one: the list of them.
    random
        Number of random rules it is compared with.
    seed
        Seed of their draws.
    """
    from paceline.studies.tilts import CALLS

    settings = _settings(set or [])
    if html is not None:
        check_target(html, "--html", "backtest.html")
    if csv is not None:
        check_target(csv, "--csv", "backtest.csv")
    market = open_market(where or When())
    with progress() as bar:
        market.ensure(bar)
        if rule is None:
            return _list(market, json=json)
        if rule == CALLS:
            return _calls(market, json=json)
        answer = market.backtest(rule, settings, draws=random, seed=seed)
    remember(market, answer.every)
    if html is not None:
        from paceline import report
        from paceline.record import single

        report.write(single.backtest(answer), html)
        note(f"Page: {html}")
    if csv is not None:
        from paceline.writing import write_text

        write_text(csv, answer.table().write_csv())
        note(f"Table: {csv}")
    if json:
        say_json(_as_json(answer))
    else:
        _print(answer)
        say_age(market)
    return 0


def _settings(pairs: list[str]) -> dict[str, Any]:
    """Keys and values of ``--set``: a value as TOML writes it, or text without quotes."""
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--set: {pair!r} is no KEY=VALUE.", "Write it like c=1.0.")
        found[key.strip()] = _value(value)
    return found


def _value(text: str) -> Any:  # noqa: ANN401 - whatever TOML holds
    """What TOML makes of it; values between commas are a list; else text, as dates are."""
    try:
        value = tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        parts = text.split(",")
        return [_value(part.strip()) for part in parts] if len(parts) > 1 else text
    return str(value) if isinstance(value, dt.date) else value


def _calls(market: OpenMarket, *, json: bool) -> int:
    """What each call of the ledger beside the market file would have earned."""
    from paceline.pages import backtest as page
    from paceline.studies import tilts

    found = tilts.earned(market)
    remember(market, found.every)
    if json:
        say_json({"ledger": found.ledger, "figures": [f.to_json() for f in found.every]})
        return 0
    say_blocks(page.earned(found))
    say_age(market)
    return 0


def _list(market: OpenMarket, *, json: bool) -> int:
    """The rules that can be named."""
    from paceline.studies import tilts

    rules = tilts.known(market)
    if json:
        say_json([{"name": n, "label": label} for n, label in rules.items()])
        return 0
    say_table(["Rule", "What it does"], [[name, label] for name, label in rules.items()])
    return 0


def _as_json(answer: TradedRule | Swept) -> dict[str, Any]:
    return {
        "rule": answer.name,
        "benchmark": answer.benchmark,
        "as_of": answer.market.as_of,
        "age": answer.market.age.to_json(),
        "figures": [f.to_json() for f in answer.every],
    }


def _print(answer: TradedRule | Swept) -> None:
    from paceline.market.commands import line
    from paceline.pages import backtest as page

    say_blocks(page.blocks(answer), without=page.BY_MONTH)
    for caveat in dict.fromkeys(c for figure in answer.every for c in figure.caveats):
        prose(f"! {caveat}")
    trace = line(("trace", answer.every[0].id), answer.market)
    prose(f"Figures: `{trace}` and the ids in --json.")
