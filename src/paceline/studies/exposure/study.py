"""A book of holdings against a market: read, matched, set beside its benchmark, regressed."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

from paceline import arguments, calendars
from paceline.errors import UsageError
from paceline.sources import FRAME
from paceline.studies import theme_lines
from paceline.studies.exposure import active, betas, positions, reading, style, trades
from paceline.studies.exposure.answer import Exposure
from paceline.studies.exposure.betas import WINDOW, Past

if TYPE_CHECKING:
    from paceline.market import Market


def read(market: Market, holdings: object, sheet: str | None = None) -> reading.Handed:
    """The books of a file, a frame or a dictionary; ``weigh`` takes what this gives."""
    if isinstance(holdings, reading.Handed):
        return holdings
    if sheet is not None and not isinstance(holdings, (str, os.PathLike)):
        raise UsageError(f"sheet: found {sheet!r}, and what is given is no file.", "Leave it out.")
    return reading.read(holdings, lambda: calendars.zone(market.file.market.calendar), sheet)


def _called(handed: reading.Handed) -> str:
    return "book" if handed.what.startswith(FRAME) else PurePath(handed.what).stem


def weigh(
    market: Market,
    holdings: object,
    *,
    fund: str | None = None,
    against: str | None = None,
    unit: Literal["auto", "fraction", "percent"] = "auto",
    window: int = WINDOW,
    past: Past = "shares",
    tilt: str | None = None,
    value: float | None = None,
    sheet: str | None = None,
) -> Exposure:
    """A book against a market as of its day.

    holdings  a CSV, Excel or Parquet file, a frame of polars or pandas, or {ticker: weight}; with
              columns for ticker and weight, value or shares, and if they are there price, fund,
              date and name
    fund      which book of several in one file
    against   a basket with members; default: the market's whole by cap
    unit      of weights: "fraction", "percent", or "auto", which their sum tells
    window    sessions that betas look back over
    past      what the book's own past is made of, where the file has no history: "shares", today's
              shares held all along, or "weights", today's weights on every session
    tilt      "small +5%": a basket, size bucket, sector, security or CASH, and a part of the book
    value     what the book is worth, for shares to trade
    sheet     of a workbook with several

    Raises ``SourceError`` and ``UsageError`` for a book that cannot be read, with file and row,
    ``NotEnoughData`` where nothing of it is in the market or its history is too short.
    """
    _check(window, past, value, {"fund": fund, "against": against, "sheet": sheet})
    market = theme_lines.widened(market)
    handed = read(market, holdings, sheet)
    held = positions.matched(market, handed, fund, unit, max(window + 1, positions.HISTORY))
    whole = active.against_of(market, against)
    beside = active.beside(market, held, whole)
    drivers, without = betas.drivers(market, held.days)
    found = tuple(betas.betas(market, held, whole, drivers, window, past))
    moved, after = None, None
    if tilt is not None:
        moved = trades.tilt(market, held, beside, tilt, value)
        after = (
            active.beside(market, moved.moved, whole),
            tuple(betas.betas(market, moved.moved, whole, drivers, window, past)),
        )
    name = fund or next(iter(handed.books)) or _called(handed)
    params = {
        "holdings": handed.what,
        "checksum": handed.checksum,
        "fund": fund or "",
        "against": whole,
        "unit": unit,
        "window": window,
        "past": past,
        "tilt": tilt or "",
        "value": value,
        "sheet": sheet or "",
        "costs": market.file.costs.model_dump(mode="json", exclude_defaults=True) if tilt else {},
        "as_of": market.as_of,
    }
    return Exposure(
        market,
        name,
        held,
        beside,
        found,
        style.mix_of(market, held, past),
        moved,
        after,
        tuple(without),
        params,
    )


def _check(window: int, past: str, value: float | None, names: Mapping[str, str | None]) -> None:
    """Raise ``UsageError`` for an option that cannot be."""
    arguments.whole(window, "window", 1)
    for option, named in names.items():
        if named is not None:
            arguments.name(named, option)
    if past not in ("shares", "weights"):
        raise UsageError(f"past: found {past!r}.", "Accepted: shares, weights.")
    if value is not None and not 0 < arguments.number(value, "value") < math.inf:
        raise UsageError(
            f"value: {value:g} is no worth above zero.", "Give what the book is worth."
        )


def asked_again(market: Market, params: Mapping[str, Any]) -> Exposure:
    """A book weighed once more as its ``params`` say.

    Raises ``UsageError`` for a book that was handed in as a frame, or whose file is another one.
    """
    how: dict[str, Any] = {key: params[key] or None for key in ("fund", "tilt", "value", "sheet")}
    how |= {key: params[key] for key in ("against", "unit", "window", "past")}
    if str(params["holdings"]).startswith(FRAME):
        raise UsageError(
            "the book was handed in from Python, and only there can it be asked again.",
            "Call market.exposure(holdings) with the same frame.",
        )
    answer = weigh(market, params["holdings"], **how)
    if answer.params["checksum"] != params["checksum"]:
        raise UsageError(
            f"{params['holdings']}: the file is not the one the book was read from.",
            "Put the earlier file back, or weigh the book anew.",
        )
    return answer
