"""Volume in rising against volume in falling members: up share, TRIN, days of nine tenths."""

from __future__ import annotations

import numpy as np

from paceline import kernels
from paceline.measures import Array, Result, View, measure
from paceline.signals.members import Basis, basis_of, listed, share

UNITS = {
    "up_share": "fraction",
    "up_day": "count",
    "down_day": "count",
    "trin": "ratio",
    "trin_mean": "ratio",
}


@measure(
    question="Does the volume change hands in rising members, or in falling ones?",
    never="That money flows in: every share bought is one sold, and the sign is the close's.",
    of="basket",
    needs=(
        *("close", "volume", "price_index", "total_index"),
        *("price_return", "total_return", "member"),
    ),
    unit=UNITS,
    shows="series",
    bounds=(0.0, float("inf")),
    lookback=lambda p: p["window"],
    references=(
        "Arms (1989), The Arms Index (TRIN)",
        "Desmond (2002), Identifying Bear Market Bottoms and New Bull Markets (days of 90%)",
    ),
    limits={"great": (0.5, 1.0)},
)
def volume_breadth(
    view: View, *, window: int = 10, great: float = 0.9, basis: Basis | None = None
) -> Result:
    """Volume of the members that rise against that of the members that fall, in money.

    With A and D the members up and down on the session, UV and DV the sums of close times volume
    over them (the unchanged are in neither):

    up_share   = UV / (UV + DV)
    up_day       1 where up_share is ``great`` or more, else 0
    down_day     1 where DV / (UV + DV) is ``great`` or more, else 0
    trin       = (A / D) / (UV / DV): below 1 a rising member trades more than a falling one
    trin_mean    mean of trin over the last ``window`` sessions

    Exchanges add up shares; here it is money, so that a split changes nothing, and of the members
    only: levels of published TRINs are not reached.

    window  sessions of the mean
    great   share of the volume that makes a day of nine tenths
    basis   "price" or "total" return that says up or down; default: the basis the baskets are shown
            on

    Shapes: (S, T). n_eligible counts the members not yet delisted, n_used those with a return, a
    close and a volume today; A and D are counted among these. Missing: a member without one of the
    three is in no sum; no up_share where nothing traded in a member that moved, no trin where A, D,
    UV or DV is zero, no mean where one of its sessions has none.
    """
    used = basis_of(view, basis)
    returns, close, volume = (view.field(n) for n in (f"{used}_return", "close", "volume"))
    there = listed(view.field("price_index"), view.field("total_index"))
    A, D, UV, DV, n_used, n_eligible = (np.zeros(view.shape) for _ in range(6))
    for span in view.spans:
        now = slice(span.start, span.stop)
        held = np.flatnonzero((span.weights > 0).any(axis=0))
        member = (span.weights[:, held] > 0).astype(float)
        r, money = returns[held, now], close[held, now] * volume[held, now]
        here = there[held, now]
        seen = np.isfinite(r) & np.isfinite(money) & here
        up, down = seen & (r > 0), seen & (r < 0)
        for out, flag in ((A, up), (D, down), (n_used, seen), (n_eligible, here)):
            out[:, now] = kernels.tally(member, flag)
        for out, flag in ((UV, up), (DV, down)):
            out[:, now] = member @ np.where(flag, money, 0.0)
    traded = UV + DV
    trin = share(share(A, D), share(UV, DV))
    some = n_used > 0
    nobody = tuple(
        (why, some & (part == 0))
        for why, part in (
            ("no member rose", A),
            ("no member fell", D),
            ("nothing was traded in the members that rose", UV),
            ("nothing was traded in the members that fell", DV),
        )
    )
    still = ("nothing was traded in a member that moved", some & (traded == 0))
    gone = kernels.move_mean((some & np.isnan(trin)).astype(float), window) > 0
    lacking = (
        f"trin has no value on one of the {window} sessions: nobody rose, or nobody fell",
        gone,
    )
    return Result(
        {
            "up_share": share(UV, traded),
            "up_day": _at_least(UV, great, traded),
            "down_day": _at_least(DV, great, traded),
            "trin": trin,
            "trin_mean": kernels.move_mean(trin, window),
        },
        n_used,
        n_eligible,
        reasons={
            **dict.fromkeys(("up_share", "up_day", "down_day"), (still,)),
            "trin": nobody,
            "trin_mean": (lacking,),
        },
    )


def _at_least(some: Array, great: float, whole: Array) -> Array:
    """1 where some / whole >= great, but for rounding, else 0; NaN where the whole is nothing."""
    return np.where(whole > 0, ~kernels.above(great * whole, some), np.nan)
