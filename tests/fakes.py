"""A panel made of arrays, with the real one's attributes: for tests of what stands on a panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl

from paceline.schema import TABLES

Array = np.ndarray[Any, np.dtype[np.float64]]


def weekdays(first: str, count: int) -> Any:
    """``count`` days from ``first`` on, Mondays to Fridays, holidays included."""
    return np.busday_offset(np.datetime64(first), np.arange(count), roll="forward")


class FakePanel:
    """A panel of arrays.

    ``fields`` are (N, T); ``spells`` universe -> (N, T) membership; ``classes`` level -> names or
    (N, T) names."""

    def __init__(
        self,
        sessions: Any,
        fields: Mapping[str, Any],
        *,
        securities: Sequence[str] | None = None,
        companies: Sequence[int] | None = None,
        spells: Mapping[str, Any] | None = None,
        classes: Mapping[str, Any] | None = None,
        attributes: Mapping[str, Sequence[Any]] | None = None,
        holdings: Mapping[str, Sequence[tuple[str, str, float]]] | None = None,
        actions: Sequence[Mapping[str, Any]] = (),
        delisted: Sequence[int] | None = None,
        listed: Any = None,
    ) -> None:
        self.sessions = np.asarray(sessions, "datetime64[D]")
        self.fields = {k: np.ascontiguousarray(v, dtype=float) for k, v in fields.items()}
        n = len(next(iter(self.fields.values())))
        self.securities = tuple(securities or (f"S{i:03d}" for i in range(n)))
        self.companies = np.asarray(companies if companies is not None else range(n), np.int64)
        self.spells = {k: np.asarray(v, bool) for k, v in (spells or {}).items()}
        self._classes, self._attributes = classes or {}, dict(attributes or {})
        self._holdings, self._actions = holdings or {}, list(actions)
        self.delisted = np.asarray(
            delisted if delisted is not None else [len(self.sessions)] * n, np.int64
        )
        self.listed = self._listed() if listed is None else listed
        self.caveats: tuple[str, ...] = ()
        self.marks: dict[str, Any] = {}
        self.version = 1

    def field(self, name: str) -> Array:
        made = name in ("float_cap", "whole_cap") and name not in self.fields
        return self.fields["market_cap" if made else name]

    def members(self, universe: str) -> Any:
        return self.spells[universe]

    def class_at(self, t: int, level: str, _scheme: str | None = None) -> Any:
        names = np.asarray(self._classes[level], object)
        return names[:, t] if names.ndim == 2 else names

    def attributes_at(self, _t: int) -> pl.DataFrame:
        n = len(self.securities)
        default = {
            "security": self.securities,
            "ticker": self.securities,
            "name": self.securities,
            "kind": ["common"] * n,
            "company": [str(c) for c in self.companies],
            "exchange": ["N"] * n,
            "country": ["US"] * n,
        }
        return pl.DataFrame({k: list(self._attributes.get(k, v)) for k, v in default.items()})

    def _listed(self) -> Any:
        """As the real panel: valid within ten sessions, and not after a delisting on record."""
        out = np.zeros((len(self.securities), len(self.sessions)), bool)
        for i in range(out.shape[0]):
            last = None
            for t in range(out.shape[1]):
                if any(
                    not np.isnan(self.fields[f][i, t])
                    for f in ("close", "price_return", "total_return")
                    if f in self.fields
                ):
                    last = t
                out[i, t] = last is not None and t - last <= 10 and t <= self.delisted[i]
        return out

    def holdings(self, fund: str, t: int, *, ahead: bool = False) -> Any:
        rows = self._holdings[fund]
        dates = sorted({np.datetime64(d) for _, d, _ in rows})
        past = [d for d in dates if d <= self.sessions[t]]
        if not past and not (ahead and dates and dates[0] <= self.sessions[-1]):
            return None
        day = past[-1] if past else dates[0]
        weights = np.zeros(len(self.securities))
        for s, d, w in rows:
            if np.datetime64(d) == day:
                weights[self.securities.index(s)] = w
        return SimpleNamespace(fund=fund, date=day, weights=weights, outside=0.0)

    @property
    def facts(self) -> Any:
        schema = {
            "security": pl.String,
            "date": pl.Date,
            "kind": pl.String,
            "ratio": pl.Float64,
            "amount": pl.Float64,
            "other": pl.String,
            "known": pl.Date,
            "load": pl.Int32,
        }
        rows = [
            {**dict.fromkeys(schema), "known": a["date"], "load": 1, **a} for a in self._actions
        ]
        actions = pl.DataFrame(rows, schema=schema, orient="row")
        return SimpleNamespace(
            table=lambda name: (
                actions if name == "actions" else pl.DataFrame(schema=TABLES[name].schema)
            )
        )

    def cut(self, t: int) -> FakePanel:
        """The panel as it stood at the close of t; a delisting after t is not on record yet."""
        end = t + 1
        classes = {k: v[:, :end] if np.ndim(v) == 2 else v for k, v in self._classes.items()}
        return FakePanel(
            self.sessions[:end],
            {k: v[:, :end] for k, v in self.fields.items()},
            securities=self.securities,
            companies=self.companies,
            spells={k: v[:, :end] for k, v in self.spells.items()},
            classes=classes,
            attributes=self._attributes,
            holdings=self._holdings,
            actions=[a for a in self._actions if np.datetime64(a["date"]) <= self.sessions[t]],
            delisted=np.where(self.delisted <= t, self.delisted, end),
        )

    def reordered(self, order: Any) -> FakePanel:
        """The same panel with its securities in another order."""
        pick = list(order)
        return FakePanel(
            self.sessions,
            {k: v[pick] for k, v in self.fields.items()},
            securities=[self.securities[i] for i in pick],
            companies=self.companies[pick],
            spells={k: v[pick] for k, v in self.spells.items()},
            classes={k: np.asarray(v, object)[pick] for k, v in self._classes.items()},
            attributes={k: [v[i] for i in pick] for k, v in self._attributes.items()},
            holdings=self._holdings,
            actions=self._actions,
            delisted=self.delisted[pick],
        )


def random_panel(
    seed: int, n: int = 30, t: int = 160, *, first: str = "2024-01-01", gaps: bool = True
) -> FakePanel:
    """Random returns, caps, sectors, share classes, memberships; gaps, late listings, leavers."""
    rng = np.random.default_rng(seed)
    price_return = rng.normal(0.0005, 0.02, (n, t))
    total_return = price_return + (rng.random((n, t)) < 0.02) * 0.01
    start, end = rng.integers(0, t // 3, n), rng.integers(2 * t // 3, t + t // 2, n)
    start[: n // 2] = 0
    when = np.arange(t)
    out = (when < start[:, None]) | (when > end[:, None])
    if gaps:
        out |= rng.random((n, t)) < 0.02
        out[1, t // 2 : t // 2 + 15] = True  # a long suspension
    close = 20 * np.cumprod(1 + price_return, axis=1) * np.exp(rng.normal(0, 1, (n, 1)))
    companies = np.arange(n)
    companies[-2:] = companies[-4:-2]  # two companies with two lines each
    spells = np.ones((n, t), bool)
    spells[2, t // 4 :] = False
    spells[3, : t // 3] = False
    fields = {
        "price_return": price_return,
        "total_return": total_return,
        "close": close,
        "market_cap": close * np.exp(rng.normal(16, 1, (n, 1))),
    }
    # half of the delistings are on record
    known = np.where(rng.random(n) < 0.5, np.minimum(end, t), t)
    return FakePanel(
        weekdays(first, t),
        {k: np.where(out, np.nan, v) for k, v in fields.items()},
        companies=companies,
        spells={"all": spells},
        classes={"sector": [f"sector {i % 3}" for i in range(n)]},
        delisted=known,
    )
