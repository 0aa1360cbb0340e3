"""A count of members that beat their index rests on the index: what that lacked counts too."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from paceline.figures import Figure
from series_market import DAYS, STOCKS, Frames, market, said

LISTED = """
[sources.list]
table = "members"
path = "list.csv"
columns = { security = "security", start = "start" }
constants = { universe = "listed" }
[universes.listed]
members = "listed"
[baskets.listed]
universe = "listed"
weight = "equal"
rebalance = "quarterly"
"""


def test_a_window_that_begins_while_members_were_not_held_says_so(tmp_path: Path) -> None:
    """Twelve of thirty begin to be priced on 2025-04-03 and are held from 2025-06-20 on."""
    (tmp_path / "list.csv").write_text(
        "security,start\n" + "".join(f"{s},2020-01-02\n" for s in STOCKS)
    )

    def late(files: Frames) -> Frames:
        early = pl.col("security").is_in(STOCKS[:12]) & (pl.col("date") < DAYS[340])
        return {**files, "stocks": files["stocks"].filter(~early)}

    holed = market(tmp_path, edit=late, more=LISTED)

    def beating(window: int) -> Figure:
        (figure,) = holed.show("beating_index", subjects=["listed"], window=window)
        return figure

    assert said(holed, "listed", "12 of 30 members of listed are not held", -21)
    assert any("12 of 30 members of listed are not held" in c for c in beating(20).caveats)
    assert beating(4).value is not None
    assert not any("are not held" in c for c in beating(4).caveats)
