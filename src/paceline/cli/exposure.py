"""``paceline exposure HOLDINGS``: a book of holdings against a market."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

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
from paceline.doors import check_folder, check_target

if TYPE_CHECKING:
    from paceline.document import Part
    from paceline.studies.exposure import Exposure


def exposure(
    holdings: Path,
    /,
    *,
    fund: str | None = None,
    against: str | None = None,
    unit: Literal["auto", "fraction", "percent"] = "auto",
    window: int = 252,
    past: Literal["shares", "weights"] = "shares",
    tilt: str | None = None,
    value: float | None = None,
    sheet: str | None = None,
    json: Annotated[bool, flag("Print JSON; rates are fractions.", "--json")] = False,
    csv: Annotated[
        Path | None, Parameter(help="Also write one CSV per table into this folder.")
    ] = None,
    html: Annotated[
        Path | None, Parameter(help="Also write a page with every row to this file.")
    ] = None,
    where: When | None = None,
) -> int:
    """Hold a book of holdings against the market: active weights, betas, a tilt and its cost.

    Parameters
    ----------
    holdings
        A CSV, Excel or Parquet file with columns for ticker and weight, value or shares; price,
        fund, date and name are read where they are there.
    fund
        Which book, where the file holds several.
    against
        Basket with members to compare with. Default: the market's whole by cap.
    unit
        What the weights are: fraction, percent, or auto, which their sum tells.
    window
        Sessions that betas look back over.
    past
        The book's own past, where the file has no history: today's shares held all along, or
        today's weights on every session.
    tilt
        What to tilt to, and by how much of the book: "small +5%" or "transports=-0.02". A basket,
        a size (mega, large, small, micro), a sector, a security or CASH.
    value
        What the book is worth, for the numbers of shares to trade.
    sheet
        Sheet of a workbook with several.
    """
    if html is not None:
        check_target(html, "--html", "book.html")
    if csv is not None:
        check_folder(csv, "--csv")
    market = open_market(where or When())
    with progress() as bar:
        market.ensure(bar)
        answer = market.exposure(
            holdings,
            fund=fund,
            against=against,
            unit=unit,
            window=window,
            past=past,
            tilt=tilt,
            value=value,
            sheet=sheet,
        )
    remember(market, answer.figures.values())
    if html is not None or csv is not None:
        _write(answer, html, csv)
    if json:
        say_json(
            {
                "book": answer.name,
                "as_of": market.as_of,
                "age": market.age.to_json(),
                "caveats": answer.caveats,
                "not_matched": dict(answer.book.why),
                "without_beta": answer.without,
                "figures": [f.to_json() for f in answer.figures.values()],
            }
        )
    else:
        _print(answer)
        say_age(market)
    return 0


def _write(answer: Exposure, html: Path | None, csv: Path | None) -> None:
    from paceline import report
    from paceline.record import single

    document = single.exposure(answer)
    if html is not None:
        report.write(document, html)
        note(f"Page: {html}")
    if csv is not None:
        report.to_csv(document, csv)
        note(f"Tables: {csv}")


def _print(answer: Exposure) -> None:
    from paceline.document import Grid, Sentence
    from paceline.market.commands import line
    from paceline.pages import exposure as page

    def text(part: Part | None) -> str:
        return "" if part is None else part if isinstance(part, str) else part.text

    for block in page.blocks(answer, short=True):
        if isinstance(block, Sentence):
            prose(block.text)
        elif isinstance(block, Grid):
            rows = [[text(cell) for cell in row] for row in block.rows]
            say_table([text(c) for c in block.columns], rows, text(block.title), keys=2)
            if block.note is not None:
                prose(block.note.text)
    for caveat in (*answer.book.said, *answer.looked_through):
        prose(f"! {caveat}")
    figure = answer.figure("whole", "", "active_share")
    prose(f"Figures: `{line(('trace', figure.id), answer.market)}` and the ids in --json.")
