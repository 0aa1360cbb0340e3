"""``paceline exposure HOLDINGS``: a book of holdings against a market."""

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
    say_age,
    say_json,
)
from paceline.doors import check_folder, check_target
from paceline.errors import NotEnoughData, UsageError

if TYPE_CHECKING:
    from paceline.api import OpenMarket
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
        check_target(_manifest(html), "the manifest beside --html", "book.manifest.json")
    if csv is not None:
        check_folder(csv, "--csv")
    market = open_market(where or When())
    how: dict[str, Any] = {"against": against, "unit": unit, "window": window, "past": past}
    how |= {"tilt": tilt, "value": value, "sheet": sheet}
    with progress() as bar:
        market.ensure(bar)
        answers = _asked(market, holdings, fund, how)
    for answer in answers:
        remember(market, answer.figures.values())
    if html is not None or csv is not None:
        _write(_one(answers, holdings), html, csv)
    if json:
        told = [_json(answer) for answer in answers]
        say_json(told[0] if len(told) == 1 else {"books": told})
        return 0
    if len(answers) == 1:
        _print(answers[0])
    else:
        _say_several(answers)
    say_age(market)
    return 0


def _asked(
    market: OpenMarket, holdings: Path, fund: str | None, how: dict[str, Any]
) -> list[Exposure]:
    """The book that is named, or every book of the file; one that cannot be weighed is noted."""
    from paceline.studies import exposure as study

    books = study.read(market, holdings, how["sheet"])
    if fund is not None or len(books.books) == 1:
        return [market.exposure(books, fund=fund, **how)]
    found: list[Exposure] = []
    for name in books.books:
        try:
            found.append(market.exposure(books, fund=name, **how))
        except NotEnoughData as error:
            note(f"{name}: {error.message}")
    if not found:
        raise NotEnoughData(f"{holdings}: no book of it can be weighed.", "See the lines above.")
    return found


def _one(answers: list[Exposure], holdings: Path) -> Exposure:
    if len(answers) > 1:
        raise UsageError(
            f"{holdings} holds {len(answers)} books, and a page is of one.", "Name it: --fund NAME."
        )
    return answers[0]


def _json(answer: Exposure) -> dict[str, Any]:
    return {
        "book": answer.name,
        "as_of": answer.market.as_of,
        "age": answer.market.age.to_json(),
        "caveats": answer.caveats,
        "not_matched": dict(answer.book.why),
        "without_beta": answer.without,
        "figures": [f.to_json() for f in answer.figures.values()],
    }


def _say_several(answers: list[Exposure]) -> None:
    from paceline.pages import exposure as page

    say_grid(page.compared(answers), missing="")
    prose("All of one book: --fund NAME.")


def _write(answer: Exposure, html: Path | None, csv: Path | None) -> None:
    from paceline import record, report
    from paceline.record import single

    document = single.exposure(answer)
    if html is not None:
        report.write(document, html)
        manifest = record.write_manifest(document, _manifest(html), [html])
        note(f"Page: {html}, and {manifest} for `paceline verify`")
    if csv is not None:
        report.to_csv(document, csv)
        note(f"Tables: {csv}")


def _manifest(html: Path) -> Path:
    return html.with_suffix(".manifest.json")


def _print(answer: Exposure) -> None:
    from paceline.document import Grid, Sentence
    from paceline.market.commands import line
    from paceline.pages import exposure as page

    for block in page.blocks(answer, short=True):
        if isinstance(block, Sentence):
            prose(block.text)
        elif isinstance(block, Grid):
            say_grid(block, keys=2, missing="")
    told = answer.tilt.told if answer.tilt is not None else ()
    for caveat in (*answer.book.said, *answer.looked_through, *told):
        prose(f"! {caveat}")
    figure = answer.figure("whole", "", "active_share")
    prose(f"Figures: `{line(('trace', figure.id), answer.market)}` and the ids in --json.")
