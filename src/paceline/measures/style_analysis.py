"""Returns-based style analysis: which mix of styles a basket's months are most like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from paceline.errors import UnknownName
from paceline.measures import Array, Result, View, measure
from paceline.signals.members import BASES
from paceline.signals.returns import session_returns
from paceline.signals.sessions import month_ends
from paceline.signals.tables import day, tidy
from paceline.wording import number_of

#: The group whose baskets are the styles, where nobody names another.
STYLES = "styles"
#: Months of a year, and months from one window to the one before it.
YEAR = 12
UNITS = {
    "weight": "fraction",
    "r_squared": "fraction",
    "tracking": "fraction",
    "selection": "return",
}
#: A variance below this share of the mean square is rounding.
ROUNDING = 1e-12


@measure(
    question="Which mix of styles does it behave like?",
    never="That it holds these styles: returns alike are not holdings alike.",
    of="levels",
    unit=UNITS,
    shows="table",
    bounds=(-1.0, float("inf")),
    references=(
        "Sharpe (1992), Asset allocation: management style and performance measurement",
        "Lobosco, DiBartolomeo (1997), Approximating the confidence intervals for Sharpe style "
        "weights",
    ),
    limits={"months": (12, 1200), "windows": (1, 100)},
)
def style_analysis(
    view: View, *, group: str | None = None, months: int = 60, windows: int = 2
) -> Result:
    """Weights of styles, none below zero and one in all, that follow a basket's months best.

    For monthly returns y of a basket and x_k of the styles, over ``months`` months:

    weight      = w_k of the mix with the least variance of e = y - sum_k w_k x_k among all with
                  w_k >= 0 and sum_k w_k = 1; ``against`` is the style, ``error`` its standard error
                  by Lobosco and DiBartolomeo: sd(e) / (sd of style k's own e on the other styles *
                  sqrt(months - m - 1)), m the styles with a weight above zero
    r_squared   = 1 - var(e) / var(y): what of its ups and downs the mix has
    tracking    = sd(e) sqrt(12), ddof 1, a fraction a year
    selection   = mean of e, a month: what it earned beyond the mix, without its error

    Styles that move alike share a weight in a way that a few months decide: their errors are large.

    group    group whose baskets are the styles; default: "styles", where there is one
    months   months of a window
    windows  windows that are shown, the last one up to the last month that is over, each of the
             others a year earlier

    Rows: every basket that is not a style itself. n_used and n_eligible count styles. Missing: a
    window needs all of a basket's months; a style without all of them is left out and named in
    ``caveat``; no value with fewer than two styles, or where the basket does not move (``reason``).
    Where price and total returns are mixed, ``caveat`` says so. Raises UnknownName for an unknown
    group.
    """
    if group is not None and group not in view.groups:
        raise UnknownName("group", group, view.groups)
    styles = view.groups.get(group or STYLES, ())
    ends = month_ends(view.sessions, view.calendar)
    rows: list[dict[str, object]] = []
    if styles and len(ends) > 1:
        r = session_returns(view.levels[:, ends])
        for back in range(0, min(windows * YEAR, len(ends)), YEAR):
            stop = len(ends) - back
            window = _Window(view, styles, r[:, max(stop - months, 0) : stop], months)
            when = {
                "start": day(view.sessions, int(ends[max(stop - months - 1, 0)])),
                "end": day(view.sessions, int(ends[stop - 1])),
            }
            rows += [{**when, **row} for row in window.rows()]
    return Result(
        table=tidy(rows, error=pl.Float64, reason=pl.String, caveat=pl.String, basis=pl.String)
    )


class _Mix(NamedTuple):
    """Weights of the styles, and the rest e of each month."""

    weights: Array
    rest: Array


class _Window:
    """The styles and baskets of one window."""

    def __init__(self, view: View, styles: tuple[int, ...], r: Array, months: int) -> None:
        """``r`` (S, months) are the monthly returns of all baskets of the view."""
        whole = np.isfinite(r).all(axis=1) & (r.shape[1] == months)
        self.view, self.styles, self.r, self.whole = view, styles, r, whole
        self.used = [s for s in styles if whole[s]]
        self.own = self._own() if len(self.used) > 1 else np.empty(0)
        short = [view.subjects[s] for s in styles if not whole[s]]
        self.without = f"without {', '.join(short)}: not all of the months" if short else ""
        self.basis = _bases(view)

    def _own(self) -> Array:
        """(k,) standard deviation of each style's rest on the other styles."""
        out = np.full(len(self.used), np.nan)
        if len(self.used) > 2:
            for k, s in enumerate(self.used):
                others = [x for x in self.used if x != s]
                out[k] = _follow(self.r[s], self.r[others]).rest.std(ddof=1)
        elif len(self.used) == 2:
            out[:] = (self.r[self.used[0]] - self.r[self.used[1]]).std(ddof=1)
        return out

    def rows(self) -> Iterator[dict[str, object]]:
        """Rows of every basket that is no style."""
        for row, subject in enumerate(self.view.subjects):
            if row in self.styles:
                continue
            bases = {self.basis[row]} | {self.basis[s] for s in self.used}
            mixed = "price and total returns are mixed: " + ", ".join(
                f"{self.view.subjects[s]} {self.basis[s]}" for s in (row, *self.used)
            )
            common = {
                "subject": subject,
                "basis": self.basis[row] if len(bases) == 1 else "price/total",
                "n_used": len(self.used),
                "n_eligible": len(self.styles),
                "caveat": "; ".join(filter(None, (self.without, mixed if len(bases) > 1 else ""))),
            }
            yield from ({**common, **found} for found in self._of(row))

    def _of(self, row: int) -> Iterator[dict[str, object]]:
        """Rows of one basket, or one that says why there are none."""
        y = self.r[row]
        if reason := self._reason(row):
            yield {"statistic": "r_squared", "value": np.nan, "reason": reason}
            return
        mix = _follow(y, self.r[self.used])
        deviation, T = float(mix.rest.std(ddof=1)), len(y)
        free = T - int((mix.weights > 0).sum()) - 1
        for s, w, own in zip(self.used, mix.weights.tolist(), self.own.tolist(), strict=True):
            known = own > ROUNDING and free > 0
            error = deviation / (own * np.sqrt(free)) if known else None
            against = self.view.subjects[s]
            yield {"statistic": "weight", "against": against, "value": w, "error": error}
        yield {"statistic": "r_squared", "value": float(1 - mix.rest.var() / y.var())}
        yield {"statistic": "tracking", "value": deviation * float(np.sqrt(YEAR))}
        yield {"statistic": "selection", "value": float(mix.rest.mean())}

    def _reason(self, row: int) -> str:
        y = self.r[row]
        if not self.whole[row]:
            return "not all of the months have a return"
        if len(self.used) < 2:
            return f"{number_of(len(self.used), 'style')} with all of the months, 2 needed"
        return "" if y.var() > ROUNDING * (y @ y) / len(y) else "its returns do not move"


def _follow(y: Array, x: Array) -> _Mix:
    """The mix of the rows of x (k, T) with the least variance of y - w x.

    With sum w = 1 the rest is a mix of the centred differences z_k = y - x_k, and the shortest
    point of their hull is u / sum u for the u >= 0 that minimises |z u|^2 + (1 - sum u)^2: for any
    mix w, the best multiple u = s w leaves |z w|^2 / (1 + |z w|^2), which grows with |z w|.
    """
    from scipy.optimize import nnls

    z = y - x
    z = z - z.mean(axis=1, keepdims=True)
    scale = np.sqrt((z * z).sum(axis=1).max())
    z = z / scale if scale > 0 else z
    u, _ = nnls(np.vstack([z.T, np.ones(len(x))]), np.append(np.zeros(len(y)), 1.0))
    w: Array = u / u.sum()
    return _Mix(w, y - w @ x)


def _bases(view: View) -> Mapping[int, str]:
    """The basis on which each row of the levels is shown."""
    if view.basis in BASES:
        return dict.fromkeys(range(len(view.subjects)), view.basis)
    return {
        row: next(
            (b for b in BASES if np.array_equal(view.all_levels[b][row], level, equal_nan=True)), ""
        )
        for row, level in enumerate(view.levels)
    }
