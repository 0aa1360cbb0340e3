"""Where the trading is: each basket's share of the dollars that change hands."""

from __future__ import annotations

import numpy as np

from paceline import kernels
from paceline.arrays import COVERAGE
from paceline.errors import UsageError
from paceline.measures import Result, View, measure
from paceline.signals.members import listed, share

UNITS = {"share": "fraction", "share_before": "fraction", "change": "fraction"}
THIN = "fewer than nine in ten of the market's members have a volume on a session of the window"


@measure(
    question="Where does the money change hands?",
    never="That investors move money into or out of anything: every purchase is also a sale.",
    of="basket",
    needs=("close", "volume", "price_index", "total_index", "member"),
    unit=UNITS,
    shows="series",
    bounds=(-1.0, 1.0),
    lookback=lambda p: p["window"] + p["before"],
    references=(
        "Lo, Wang (2000), Trading Volume: Definitions, Data Analysis, and Implications of "
        "Portfolio Theory, Review of Financial Studies 13",
    ),
)
def dollar_volume_share(view: View, *, window: int = 21, before: int = 63) -> Result:
    """Share of each basket's members in the dollar volume of the whole market.

    share = sum over the last ``window`` sessions of sum_{i in basket} close_i volume_i / the same
    sum over the market, where the market is every stock that is a member of at least one basket
    that session. share_before is the same over the ``before`` sessions that precede the window,
    change = share - share_before.

    This is trading, not flow: every dollar bought is a dollar sold, and who bought or sold, and
    whether money came in or went out, is not observable from prices and volumes. Members are those
    of each session, so a basket that is ranked anew can change its share by changing its members.

    window  sessions of the share
    before  sessions before them that it is compared with

    Shapes: (S, T), fractions. n_eligible counts the members not yet delisted, n_used those with a
    close and a volume today. Missing: a member without close or volume adds nothing, and a caveat
    says so of every basket; a window has no value with a session before the basket's first members,
    or on which nothing is traded in the market or fewer than 90% of its members have both.
    """
    if min(window, before) < 1:
        raise UsageError(
            f"window = {window}, before = {before}: not numbers of sessions.", "Give 1 or more."
        )
    close, volume = view.field("close"), view.field("volume")
    there = listed(view.field("price_index"), view.field("total_index"))
    own, market = np.full(view.shape, np.nan), np.full((1, view.shape[1]), np.nan)
    n_used, n_eligible = np.zeros(view.shape), np.zeros(view.shape)
    thin = np.zeros(view.shape[1], bool)
    for span in view.spans:
        now = slice(span.start, span.stop)
        member = (span.weights > 0).astype(float)
        dollars = close[:, now] * volume[:, now]
        seen = np.isfinite(dollars)
        np.copyto(dollars, 0.0, where=~seen)
        own[:, now] = np.where(member.any(axis=1, keepdims=True), member @ dollars, np.nan)
        anywhere = member.max(axis=0, initial=0.0)
        market[0, now] = anywhere @ dollars
        seen &= there[:, now]
        thin[now] = anywhere @ seen < COVERAGE * (anywhere @ there[:, now])
        flags = np.hstack([seen, there[:, now]])
        n_used[:, now], n_eligible[:, now] = np.hsplit(kernels.tally(member, flags), 2)
    market[~(market > 0) | thin] = np.nan
    own[:, np.isnan(market[0])] = np.nan
    recent = share(kernels.move_mean(own, window), kernels.move_mean(market, window))
    late, all_late = (kernels.move_mean(a, before) for a in (own, market))
    earlier = np.full(view.shape, np.nan)
    earlier[:, window:] = share(late[:, :-window], all_late[:, :-window])
    lately = kernels.move_mean(thin[None].astype(float), window + before) > 0
    why = (THIN, np.broadcast_to(lately, view.shape))
    values = {"share": recent, "share_before": earlier, "change": recent - earlier}
    return Result(values, n_used, n_eligible, reasons=dict.fromkeys(values, (why,)))
