"""Faults of files as pure functions on frames: what is done, to which part of which feed.

    removed, delayed, doubled, scaled, shifted, renamed, cut off
    of sessions, half sessions, securities, fields, a whole feed
    mistyped, spliced, repeated: closes, with the changes between them, of rows whose market caps
        and volumes are right
    counted: shares of one company; withheld: a feed, but for one security; uncapped: market caps

A fault takes a frame and a generator and gives the frame that somebody else would have sent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from chaos_market import FEEDS, KEY, LISTS

Frame = pl.DataFrame
Rng = np.random.Generator
HOW = ("removed", "delayed", "doubled", "scaled", "shifted", "renamed", "cut off")
#: Drawn as well from this seed on; earlier trials stay what they were.
FURTHER, LATER = ("spiked", "twinned"), 2000
WHERE = ("sessions", "half sessions", "securities", "fields", "feed")
#: What is done to single fields of rows, drawn alone from this seed up to the one above. Half of
#: them come without the feed that would contradict them.
OF_ROWS, FROM = ("mistyped", "spliced", "repeated", "counted"), 1000
#: Factors of a scale; lengths of runs of sessions; shares of the securities, 0 for one.
FACTORS = (0.001, 0.01, 0.1, 0.5, 2.0, 10.0, 100.0, 1000.0)
LENGTHS = (1, 1, 2, 3, 5, 10, 30)
SHARES = (0.0, 0.0, 0.1, 0.3)


@dataclass(frozen=True)
class Part:
    """The rows and fields of a frame that a fault touches.

    rows    (n,) mask
    fields  columns with values
    days    the sessions of the frame, in order
    at      the first of the sessions that are touched, and how many
    whole   every row is touched
    """

    rows: np.ndarray
    fields: tuple[str, ...]
    days: pl.Series
    at: int
    length: int
    names: tuple[str, ...]

    @property
    def mask(self) -> pl.Series:
        """The rows as a column."""
        return pl.Series(self.rows)


def part(frame: Frame, where: str, rng: Rng) -> Part:
    """A part of a frame, drawn."""
    days, names = frame["date"].unique().sort(), frame["security"].unique().sort()
    fields = tuple(c for c in frame.columns if c not in KEY)
    length = min(int(rng.choice(LENGTHS)), len(days) - 2)
    at = int(rng.integers(1, len(days) - length + 1))
    count = max(1, round(float(rng.choice(SHARES)) * len(names)))
    some = names.sample(count, seed=int(rng.integers(1 << 30))).sort()
    inside = frame["date"].is_in(days[at : at + length].implode()).to_numpy()
    of = frame["security"].is_in(some.implode()).to_numpy()
    if where == "half sessions":
        half = names.sample(max(1, len(names) // 2), seed=int(rng.integers(1 << 30)))
        inside &= frame["security"].is_in(half.implode()).to_numpy()
    if where == "securities":
        # from a day on, up to a day, or in all of history
        begin = frame["date"] >= days[at]
        kind = rng.integers(3)
        inside = of & (begin.to_numpy() if kind == 0 else ~begin.to_numpy() if kind == 1 else of)
    if where == "fields":
        fields = (str(rng.choice(fields)),)
        inside = inside if rng.random() < 0.5 else of
    if where == "feed":
        inside = np.ones(len(frame), bool)
        some = names
    return Part(inside, fields, days, at, length, tuple(some))


# ---- what is done


def removed(frame: Frame, p: Part, where: str, _rng: Rng) -> Frame:
    """The rows are not there; of fields, the cells."""
    if where == "fields":
        return frame.with_columns(pl.when(~p.mask).then(pl.col(c)).alias(c) for c in p.fields)
    return frame.filter(~p.mask)


def delayed(frame: Frame, p: Part, where: str, rng: Rng) -> Frame:
    """The newest rows have not come; in the middle, the values of the session before stand."""
    if where in ("feed", "securities"):
        late = frame["date"] > p.days[-1 - int(rng.choice([1, 1, 2, 5, 21]))]
        return frame.filter(~(late & p.mask))
    begin = p.days[max(p.at - 1, 0)]
    before = frame.filter(pl.col("date") == begin).unique("security", keep="first")
    old = before.select("security", *(p.fields))
    had = frame.select("security").join(old, on="security", how="left", maintain_order="left")
    return frame.with_columns(
        pl.when(p.mask & had[c].is_not_null()).then(had[c]).otherwise(pl.col(c)).alias(c)
        for c in p.fields
    )


def doubled(frame: Frame, p: Part, where: str, rng: Rng) -> Frame:
    """Rows stand twice: the same, with other values, or on the next session as well."""
    twice = frame.filter(p.mask)
    kind = rng.integers(3)
    if kind == 1 or where == "fields":
        factor = 1 + 0.05 * rng.standard_normal()
        twice = twice.with_columns(pl.col(p.fields) * factor)
    elif kind == 2 and where != "feed":
        twice = moved(twice, p.days, 1)
        return pl.concat([twice, frame.join(twice, on=KEY, how="anti")]).sort(KEY)
    order = [twice, frame] if rng.random() < 0.5 else [frame, twice]
    return pl.concat(order).sort(KEY, maintain_order=True)


def scaled(frame: Frame, p: Part, _where: str, rng: Rng) -> Frame:
    """Values times a factor: one field, or all of them."""
    factor = float(rng.choice(FACTORS))
    fields = p.fields if rng.random() < 0.5 else (str(rng.choice(p.fields)),)
    return frame.with_columns(
        pl.when(p.mask).then(pl.col(c) * factor).otherwise(pl.col(c)).alias(c) for c in fields
    )


def shifted(frame: Frame, p: Part, where: str, rng: Rng) -> Frame:
    """Rows, or values of fields, a session early or late; sometimes a day of the calendar."""
    step = 1 if rng.random() < 0.5 else -1
    if where == "fields":
        later = [pl.col(c).shift(step).over("security").alias(c) for c in p.fields]
        other = frame.with_columns(later)
        return frame.with_columns(
            pl.when(p.mask).then(other[c]).otherwise(pl.col(c)).alias(c) for c in p.fields
        )
    if rng.random() < 0.2:
        gone = frame.filter(p.mask).with_columns(pl.col("date") + dt.timedelta(step))
    else:
        gone = moved(frame.filter(p.mask), p.days, step)
    return pl.concat([gone, frame.filter(~p.mask).join(gone, on=KEY, how="anti")]).sort(KEY)


def renamed(frame: Frame, p: Part, where: str, rng: Rng) -> Frame:
    """Securities under another name, two of them under each other's, two columns likewise."""
    if where == "fields" and frame.width > 3:
        a, b = (str(c) for c in rng.choice([c for c in frame.columns if c not in KEY], 2, False))
        return frame.rename({a: b, b: a}).select(frame.columns)
    every = frame["security"].unique().sort().to_list()
    some = p.names if where in ("feed", "securities") else every
    if where == "securities" and len(every) > 1 and rng.random() < 0.5:
        a = some[0]
        b = str(rng.choice([n for n in every if n != a]))
        table = {a: b, b: a}
        since = frame["date"] >= p.days[p.at]
    else:
        suffix = str(rng.choice([".US", "-OLD", " Corp"]))
        table = {n: n + suffix for n in some}
        since = p.mask
    new = pl.col("security").replace(table)
    return frame.with_columns(pl.when(since).then(new).otherwise("security")).sort(KEY)


def cut_off(frame: Frame, p: Part, where: str, rng: Rng) -> Frame:
    """The file ends early, in the order of its days or of its securities; or begins late."""
    if where == "feed" and rng.random() < 0.5:
        rows = frame.sort(KEY)
        return rows.head(int(len(rows) * rng.uniform(0.3, 0.999)))
    day = p.days[p.at]
    gone = frame["date"] > day if rng.random() < 0.7 else frame["date"] < day
    if where in ("securities", "fields"):
        gone &= frame["security"].is_in(list(p.names))
    elif where == "half sessions":
        names = frame["security"].unique().sort()
        gone &= frame["security"].is_in(names.gather_every(2).implode())
    if where == "fields":
        return frame.with_columns(pl.when(~gone).then(pl.col(c)).alias(c) for c in p.fields)
    return frame.filter(~gone)


def spiked(frame: Frame, p: Part, _where: str, rng: Rng) -> Frame:
    """One value of one security is a tenth or more too high or too low on one session."""
    day = p.days[int(rng.integers(64, len(p.days)))]
    factor = 1 + float(rng.uniform(0.1, 0.15)) * float(rng.choice([1, -1]))
    at = (pl.col("date") == day) & (pl.col("security") == p.names[0])
    return frame.with_columns(
        pl.when(at).then(pl.col(c) * factor).otherwise(pl.col(c)).alias(c) for c in p.fields[:1]
    )


def twinned(frame: Frame, p: Part, _where: str, _rng: Rng) -> Frame:
    """The rows of one security hold the values of another one."""
    other = [n for n in frame["security"].unique().sort().to_list() if n != p.names[0]]
    if not other:
        return frame
    here = pl.col("security") == p.names[0]
    copied = frame.filter(pl.col("security") == other[0]).with_columns(security=pl.lit(p.names[0]))
    return pl.concat([frame.filter(~here), copied]).sort(KEY)


def moved(frame: Frame, days: pl.Series, step: int) -> Frame:
    """The rows on the session so many later; those that leave the sessions are dropped."""
    table = pl.DataFrame({"date": days, "__to": days.shift(-step)})
    joined = frame.join(table, on="date", how="left", maintain_order="left")
    return joined.with_columns(date="__to").drop("__to").drop_nulls("date")


# ---- single fields of rows


def mistyped(frame: Frame, rng: Rng) -> Frame:
    """One close, or five of a session, are out by a typo; a third of them on the last session."""
    days, names = frame["date"].unique().sort(), frame["security"].unique().sort()
    at = len(days) - 1 if rng.random() < 1 / 3 else int(rng.integers(60, len(days) - 1))
    some = names.sample(int(rng.choice([1, 5])), seed=int(rng.integers(1 << 30)))
    there = (pl.col("date") == days[at]) & pl.col("security").is_in(some.implode())
    factor = float(rng.choice([0.7, 0.92, 1.12, 1.3]))
    return with_closes(frame, pl.when(there).then(factor).otherwise(1.0))


def spliced(frame: Frame, rng: Rng) -> Frame:
    """Closes are adjusted ones from a day on, for all; or one of them is another company's."""
    days, names = frame["date"].unique().sort(), frame["security"].unique().sort()
    later = pl.col("date") >= days[int(rng.integers(60, len(days) - 1))]
    if rng.random() < 0.5:
        own = pl.DataFrame({"security": names, "__k": rng.uniform(0.97, 0.995, len(names))})
        wide = frame.join(own, on="security", how="left", maintain_order="left")
        return with_closes(wide, pl.when(later).then("__k").otherwise(1.0)).drop("__k")
    there = later & (pl.col("security") == str(rng.choice(names.to_list())))
    return with_closes(frame, pl.when(there).then(rng.uniform(1.1, 1.35)).otherwise(1.0))


def repeated(frame: Frame, rng: Rng) -> Frame:
    """Two in five closes are old for one to three sessions."""
    days, names = frame["date"].unique().sort(), frame["security"].unique().sort()
    at = int(rng.integers(60, len(days) - 3))
    some = names.sample(int(0.4 * len(names)), seed=int(rng.integers(1 << 30)))
    old = frame.filter(pl.col("date") == days[at - 1]).select("security", __old="close")
    inside = pl.col("date").is_in(days[at : at + int(rng.integers(1, 4))].implode())
    wide = frame.join(old, on="security", how="left", maintain_order="left")
    there = inside & pl.col("security").is_in(some.implode()) & pl.col("__old").is_not_null()
    return with_closes(
        wide, pl.when(there).then(pl.col("__old") / pl.col("close")).otherwise(1.0)
    ).drop("__old")


def counted(frame: Frame, rng: Rng) -> Frame:
    """The shares of one company are in another unit, or counted twice or tenfold from a row on.

    Twice or tenfold from the first row on nobody could tell: of a company with one it is a unit.
    """
    name = str(rng.choice(frame["security"].unique().sort().to_list()))
    factor = float(rng.choice([0.001, 2.0, 10.0, 1000.0]))
    days = frame.filter(pl.col("security") == name)["date"].sort()
    if len(days) == 1 and factor in (2.0, 10.0):
        factor = 1000.0
    first = int(rng.integers(1 if factor in (2.0, 10.0) else 0, len(days)))
    there = (pl.col("security") == name) & (pl.col("date") >= days[first])
    return frame.with_columns(pl.when(there).then(pl.col("shares") * factor).otherwise("shares"))


def uncapped(frame: Frame, _rng: Rng) -> Frame:
    """There are no market caps: they are closes times shares."""
    return frame.with_columns(cap=pl.lit(None, pl.Float64))


def withheld(frame: Frame, _rng: Rng) -> Frame:
    """The feed has one security left, which contradicts nobody else."""
    return frame.filter(pl.col("security") == frame["security"].min())


def with_closes(frame: Frame, factor: pl.Expr) -> Frame:
    """Closes times a factor, and the changes between them."""
    before = pl.col("__f").shift().over("security").fill_null(1.0)
    moved = (1 + pl.col("change") / 100) * pl.col("__f") / before
    made = frame.with_columns(__f=factor)
    return made.with_columns(close=pl.col("close") * pl.col("__f"), change=100 * (moved - 1)).drop(
        "__f"
    )


ROWS: dict[str, Callable[[Frame, Rng], Frame]] = {
    "mistyped": mistyped,
    "spliced": spliced,
    "repeated": repeated,
    "counted": counted,
    "withheld": withheld,
    "uncapped": uncapped,
}
DONE: dict[str, Callable[[Frame, Part, str, Rng], Frame]] = {
    "removed": removed,
    "delayed": delayed,
    "doubled": doubled,
    "scaled": scaled,
    "shifted": shifted,
    "renamed": renamed,
    "cut off": cut_off,
    "spiked": spiked,
    "twinned": twinned,
}


@dataclass(frozen=True)
class Fault:
    """One fault: what is done to which part of which feed, and the seed it is drawn from."""

    how: str
    where: str
    feed: str
    seed: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.how} {self.where} of {self.feed}"

    def __call__(self, files: dict[str, Frame]) -> dict[str, Frame]:
        """The files with this fault in one of them."""
        rng = np.random.default_rng(self.seed)
        frame = files[self.feed]
        if frame.is_empty():
            return files
        if self.how in ROWS:
            return {**files, self.feed: ROWS[self.how](frame, rng)}
        if self.feed in LISTS:
            return {**files, self.feed: of_list(frame, self.how, rng)}
        p = part(frame, self.where, rng)
        return {**files, self.feed: DONE[self.how](frame, p, self.where, rng)}


def of_list(frame: Frame, how: str, rng: Rng) -> Frame:
    """A fault of a list of members, classes or shares: it has no sessions."""
    when = "date" if "date" in frame.columns else "start"
    days = frame[when].drop_nulls().unique().sort()
    day = days[int(rng.integers(1, len(days)))] if len(days) > 1 else None
    if how in ("cut off", "delayed") and day is not None:
        ends = [pl.when(pl.col("end") < day).then("end").alias("end")] if "end" in frame else []
        return frame.filter(frame[when] < day).with_columns(ends)
    if how == "doubled":
        return pl.concat([frame, frame])
    if how == "shifted":
        dates = [c for c in frame.columns if frame.schema[c] == pl.Date]
        return frame.with_columns(pl.col(dates) + dt.timedelta(1))
    return frame.clear()


def drawn(seed: int) -> list[Fault]:
    """One to three faults of different feeds or parts, or one of rows, by the seed alone."""
    rng = np.random.default_rng([20251205, seed])
    out: list[Fault] = []
    if FROM <= seed < LATER:
        how = str(rng.choice(OF_ROWS))
        feed = "shares" if how == "counted" else "changes"
        lacking = ("uncapped", "changes") if how == "counted" else ("withheld", "adjusted")
        alone = [Fault(lacking[0], "rows", lacking[1], (seed, 10))] if rng.random() < 0.5 else []
        return [Fault(how, "rows", feed, (seed, 11)), *alone]
    every = HOW if seed < LATER else (*HOW, *FURTHER)
    for number in range(int(rng.choice([1, 1, 2, 3]))):
        feed = str(rng.choice([*FEEDS, *FEEDS[:2], *FEEDS[:2], *LISTS]))
        where = "feed" if feed in LISTS else str(rng.choice(WHERE))
        choices = (
            ("removed", "delayed", "doubled", "shifted", "cut off") if feed in LISTS else every
        )
        out.append(Fault(str(rng.choice(choices)), where, feed, (seed, number)))
    return out
