"""When a record close is called one without saying since when: the one rule for pages and prose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paceline.figures import Figure

if TYPE_CHECKING:
    from paceline.market import Market

#: An index whose closes reach back before this day has a history long enough for "ever".
WHOLE = "1990-01-01"


def whole(market: Market, figure: Figure) -> bool:
    """Whether the history behind a figure of ``record_highs`` is long enough for a record.

    It is of a published index (a basket of one instrument) on closes that begin before ``WHOLE``.
    Of others a record is one only since the first day of their data.
    """
    basket = market.file.baskets.get(figure.subject)
    published = basket is not None and basket.instrument and figure.basis == "price"
    return bool(published) and str(figure.extra["since"]) < WHOLE
