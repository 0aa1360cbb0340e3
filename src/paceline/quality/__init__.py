"""Checks at the door: what is wrong with parsed tables is counted and set aside with a reason.

Nothing is dropped in silence. ``check`` brings every table to its declared columns and rules and
adds what it found; ``compare`` holds two sources of the same prices against each other. Rows that
cannot be true go to the quarantine. Where only one value is contradicted by the others (a return
that is a split, a market cap that lags one) that value is set to null, the row stays, and the
original stands in the quarantine too.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from paceline import schema
from paceline.errors import SourceError
from paceline.quality._jumps import free_of_splits, set_jumps_aside
from paceline.quality._lists import WEIGHTS_OFF, in_lots, nearly, no_whole, one_spelling
from paceline.quality._prices import check_prices, missing_returns
from paceline.quality._series import check_series
from paceline.rows import (
    AT_ODDS,
    FAR_OF_SOURCE,
    FEW,
    NOT_FILED,
    OFTEN,
    PLAUSIBLE,
    Finding,
    collapse,
    counted,
    in_order,
    joined,
    lone_days,
    misdated,
    off_calendar,
    set_aside,
    with_own_days,
)
from paceline.sources import Context, Parsed

if TYPE_CHECKING:
    from paceline.config import Source

#: ``known`` of a fact without any date: it counts as known since ever, and says so as a caveat.
EVER = dt.date(1900, 1, 1)
#: A dividend of this part of the price before it moves the price as a split does.
LARGE = 0.2
_KEY = ("security", "date")
_ACTION = ("security", "date", "kind", "ratio")


def check(parsed: Parsed, name: str, spec: Source, context: Context) -> Parsed:
    """``parsed`` with the columns and types of ``schema`` (without ``load``) and its rules applied.

    ``known`` is filled; findings and quarantine are added.
    """
    tables: dict[str, pl.DataFrame] = {}
    findings = list(parsed.findings)
    quarantine: list[pl.DataFrame | None] = [parsed.quarantine]
    for table_name, frame in parsed.tables.items():
        frame, faults, aside = _declared(name, schema.table(table_name), frame)
        findings += faults
        quarantine += aside
        if table_name == "prices":
            frame, faults, aside = _prices(name, frame, parsed, spec, context)
            findings += faults
            quarantine += aside
        elif table_name == "series":
            findings += _far_days(name, frame)
            frame, faults, aside = check_series(name, frame)
            findings += faults
            quarantine += aside
        elif table_name == "securities":
            findings += _kinds(name, frame)
        elif table_name == "holdings":
            findings += _weights(name, frame)
        elif table_name == "fundamentals" and context.today is not None:
            late = frame.filter(pl.col("known") > context.today)
            what, key = "not known yet; older values stand", ("security", "item", "known")
            findings += counted(name, NOT_FILED, late, what, key, "Check the year.")
        tables[table_name] = frame
    if spec.caveat:
        findings.append(Finding(name, "caveat of the market file", 1, spec.caveat))
    return dataclasses.replace(
        parsed, tables=tables, findings=findings, quarantine=joined(quarantine)
    )


def _prices(
    name: str, frame: pl.DataFrame, parsed: Parsed, spec: Source, context: Context
) -> tuple[pl.DataFrame, list[Finding], list[pl.DataFrame | None]]:
    """Prices on days that can be right, and on sessions; then the checks of their values."""
    frame, misdates, wrong = misdated(name, frame, context.today, context.over)
    frame, strays, off = off_calendar(name, frame, context.calendar, context.sessions)
    days = with_own_days(frame.get_column("date"), context.sessions)
    own = dataclasses.replace(context, sessions=days)
    frame, faults, aside = _values(name, frame, parsed, spec, own)
    outside = len(days) - len(context.sessions)
    if outside and context.sessions:
        first, last = context.sessions[0], context.sessions[-1]
        action = "taken as sessions: the source's own days"
        shown = f"{context.calendar} is known from {first} to {last}; first day {days[0]}"
        strays = [*strays, Finding(name, "days outside the calendar", outside, action, shown)]
    return frame, [*misdates, *strays, *faults], [wrong, off, *aside]


def _far_days(name: str, frame: pl.DataFrame) -> list[Finding]:
    """A first or last day that lies far from all others of the source."""
    days = frame.get_column("date").drop_nulls().unique().sort()
    alone = lone_days(days.to_numpy().astype("datetime64[D]"), FAR_OF_SOURCE)
    if not alone.any():
        return []
    far = days.filter(pl.Series(alone)).to_list()
    what, shown = "a day far from all others of the source", ", ".join(map(str, far))
    return [
        Finding(name, what, len(far), "kept, flagged", shown, "Check the year.", days=tuple(far))
    ]


def _values(
    name: str, frame: pl.DataFrame, parsed: Parsed, spec: Source, context: Context
) -> tuple[pl.DataFrame, list[Finding], list[pl.DataFrame | None]]:
    """The checks of prices, in their order: splits on record first, jumps nobody explains last."""
    own = schema.table("actions").schema
    actions = [pl.DataFrame(schema={c: own[c] for c in _ACTION})]
    actions += [
        a.select(_ACTION) for a in (parsed.tables.get("actions"), context.actions) if a is not None
    ]
    if "actions" in parsed.tables:
        actions.append(_large(frame, parsed.tables["actions"]))
    record = pl.concat(actions).unique(maintain_order=True)
    days = [(s, day) for s, listed in spec.true_jumps.items() for day in listed]
    true = pl.DataFrame(days, schema={c: own[c] for c in _KEY}, orient="row")
    findings: list[Finding] = []
    quarantine: list[pl.DataFrame | None] = []
    frame = in_order(frame, _KEY)
    frame, faults, aside = free_of_splits(name, frame, record)
    findings, quarantine = [*findings, *faults], [*quarantine, *aside]
    frame, faults, aside = check_prices(name, frame, record, true, context)
    findings, quarantine = [*findings, *faults], [*quarantine, *aside]
    frame, faults, aside = set_jumps_aside(
        name, frame, record, true, context, split=spec.jumps == "doubted"
    )
    findings, quarantine = [*findings, *faults], [*quarantine, *aside]
    return frame, findings + missing_returns(name, frame), quarantine


def _large(frame: pl.DataFrame, actions: pl.DataFrame) -> pl.DataFrame:
    """Dividends of a fifth of the price before or more, which explain a fall as special ones do."""
    paid = actions.filter(pl.col("kind") == "dividend")
    if paid.is_empty():
        return paid.select(_ACTION)
    same = pl.col("security") == pl.col("security").shift()
    before = in_order(frame, _KEY).select(*_KEY, before=pl.when(same).then(pl.col("close").shift()))
    large = paid.join(before, on=_KEY).filter(pl.col("amount") >= LARGE * pl.col("before"))
    return large.with_columns(kind=pl.lit("special_dividend")).select(_ACTION)


# -- every table


def _declared(
    name: str, table: schema.Table, frame: pl.DataFrame
) -> tuple[pl.DataFrame, list[Finding], list[pl.DataFrame | None]]:
    """Declared columns and types, required values, rules, one row per key, ``known``."""
    findings: list[Finding] = []
    aside: list[pl.DataFrame | None] = []
    wanted = {k: v for k, v in table.schema.items() if k != "load"}
    extra = [c for c in frame.columns if c not in wanted]
    if extra:
        raise SourceError(
            f"source {name!r} gives {', '.join(extra)}, no column of table {table.name!r}.",
            "A source plug-in must give the columns of schema.py.",
        )
    typed = frame.select(
        _cast(c, frame.schema[c], t) if c in frame.columns else pl.lit(None, t).alias(c)
        for c, t in wanted.items()
    )
    typed = typed.with_columns(pl.col(c).fill_nan(None) for c, t in wanted.items() if t.is_float())
    typed = _usual(table, typed)
    reason = _reasons(table, frame, typed)
    bad = reason.is_not_null()
    if bad.any():
        rows, why = typed.filter(bad), reason.filter(bad)
        aside.append(set_aside(table.name, rows, why))
        for text in why.value_counts(sort=True).get_column(why.name):
            findings += counted(name, str(text), rows.filter(why == text), "quarantined", table.key)
        typed = typed.filter(~bad)
    for rule in (r for r in table.rules if r.cell):
        lone = ~typed.select(rule.holds.fill_null(True)).to_series()
        if lone.any():
            rows = typed.filter(lone)
            aside.append(set_aside(table.name, rows, rule.reason))
            findings += counted(name, rule.reason, rows, "cell set aside, row kept", table.key)
            typed = typed.with_columns(pl.when(~lone).then(pl.col(rule.cell)).alias(rule.cell))
    if table.name == "prices":
        typed = in_order(typed, _KEY)  # duplicates are found at a glance among sorted rows
    typed = typed.with_columns(pl.coalesce("known", table.known, pl.lit(EVER)).alias("known"))
    # what was published on another day is another statement
    key = table.key if table.name == "prices" else (*table.key, "known")
    typed, spelt = one_spelling(name, table.name, typed)
    findings += spelt
    if table.name == "classes":
        typed, whole = no_whole(name, typed)
        findings += [*whole, *nearly(name, typed)]
    if table.name == "holdings":
        typed, lots = in_lots(name, typed)
        findings += lots
    typed, duplicates, copies = collapse(name, table.name, typed, key)
    return typed, findings + duplicates, [*aside, copies]


def _usual(table: schema.Table, typed: pl.DataFrame) -> pl.DataFrame:
    """What many write otherwise: 9999-12-31 for a spell that still runs, "Common Stock"."""
    if "end" in typed.columns:
        endless = pl.col("end") > PLAUSIBLE[1]
        typed = typed.with_columns(pl.when(~endless).then("end").alias("end"))
    if table.name == "actions":
        word = pl.col("kind").str.strip_chars().str.to_lowercase().str.replace_all(r"[\s-]+", "_")
        typed = typed.with_columns(word.replace(schema.ACTION_WORDS).alias("kind"))
    if table.name == "fundamentals":
        bare = pl.col("item").str.to_lowercase().str.replace_all(r"[\s_-]+", "")
        names = {item.replace("_", ""): item for item in schema.ITEMS}
        item = bare.replace_strict(names, default=pl.col("item").str.strip_chars())
        typed = typed.with_columns(item.alias("item"))
    if table.name == "securities":
        typed = typed.with_columns(schema.kind_word(pl.col("kind")))
    return typed


def _reasons(table: schema.Table, frame: pl.DataFrame, typed: pl.DataFrame) -> pl.Series:
    """Why each row of ``typed`` cannot be kept, the first reason; null for a good row.

    ``frame`` is the table as the source gave it: a value that the cast lost is a reason.
    """
    cast = [
        c
        for c, t in typed.schema.items()
        if c in frame.columns and frame.schema[c] != t and not t.is_float()
    ]
    reasons = [
        pl.when(pl.col(f"={c}").is_not_null() & pl.col(c).is_null()).then(
            pl.lit(f"{c} is not a {table.schema[c]}")
        )
        for c in cast
    ]
    reasons += [
        pl.when(pl.col(c.name).is_null() | (pl.col(c.name).cast(pl.String) == "")).then(
            pl.lit(f"{c.name} is missing")
        )
        for c in table.columns
        if c.required
    ]
    reasons += [
        pl.when(~pl.col(c.name).is_between(*PLAUSIBLE)).then(
            pl.lit(f"{c.name} is no plausible day")
        )
        for c in table.columns
        if c.type == pl.Date()
    ]
    reasons += [
        pl.when(~rule.holds.fill_null(True)).then(pl.lit(rule.reason))
        for rule in table.rules
        if not rule.cell
    ]
    if cast:
        typed = typed.hstack(frame.select(pl.col(c).alias(f"={c}") for c in cast))
    return typed.select(pl.coalesce(reasons).alias("why")).to_series()


# -- other tables


def _cast(column: str, have: pl.DataType, want: pl.DataType) -> pl.Expr:
    """The column in the declared type; what cannot be cast becomes null (a reason, later)."""
    if have == pl.String() and want == pl.Date():
        return pl.col(column).str.to_date("%Y-%m-%d", strict=False)
    return pl.col(column).cast(want, strict=False)


def _kinds(name: str, frame: pl.DataFrame) -> list[Finding]:
    """How many lines are not common stock, by kind."""
    kinds = frame.group_by("kind").len().sort("len", "kind", descending=[True, False])
    mixed = kinds.filter(pl.col("kind").is_not_null() & (pl.col("kind") != "common"))
    findings = []
    if mixed.height and kinds.height > 1:
        shown = ", ".join(f"{kind} {count}" for kind, count in mixed.rows())
        findings.append(
            Finding(
                name,
                "non-common stock mixed in",
                int(mixed.get_column("len").sum()),
                "kept; universes take kinds",
                shown,
            )
        )
    odd = frame.filter(~pl.col("kind").is_in(schema.KINDS))
    if odd.height:
        remedy = f"Kinds are {', '.join(schema.KINDS)}."
        shown = ", ".join(odd["kind"].unique().sort()[:FEW])
        findings.append(
            Finding(name, "word that is no kind of security", odd.height, "kept", shown, remedy)
        )
    unknown = frame.get_column("kind").null_count()
    if unknown:
        findings.append(
            Finding(
                name,
                "kind of security unknown",
                unknown,
                "kept; not eligible as common stock",
                "",
                'Map kind, give a constant, or derive = { kind = "us_line_name" }.',
            )
        )
    return findings


def _weights(name: str, frame: pl.DataFrame) -> list[Finding]:
    """Funds whose weights do not add up to one within five hundredths."""
    sums = (
        frame.group_by("fund", "date")
        .agg(pl.col("weight").sum())
        .filter((pl.col("weight") - 1).abs() > WEIGHTS_OFF)
        .sort("fund", "date")
    )
    if sums.is_empty():
        return []
    shown = ", ".join(f"{fund} {date} {weight:.4g}" for fund, date, weight in sums.head(4).rows())
    return [
        Finding(
            name,
            "weights of a fund do not add up to one",
            sums.height,
            "kept, flagged",
            shown,
            'Is the unit right? { column = "...", unit = "percent" }',
        )
    ]


# -- two sources


def compare(
    first: pl.DataFrame,
    second: pl.DataFrame,
    tolerance: float,
    names: tuple[str, str] = ("first", "second"),
    common: bool = True,
) -> list[Finding]:
    """Disagreements of two price tables on the same security and day, field by field.

    Returns differ when |a - b| > tolerance; closes and caps when |a / b - 1| > tolerance. The
    count, the number compared and the largest difference are told; nothing is changed. With
    ``common`` false the sessions only one of them has are counted as well.
    """
    pair = f"{names[0]} / {names[1]}"
    fields = ("close", "price_return", "total_return", "market_cap")
    both = first.select("security", "date", *fields).join(
        second.select("security", "date", *fields),
        on=["security", "date"],
        how="inner",
        suffix="_2",
    )
    findings = []
    for field in fields:
        a, b = pl.col(field), pl.col(f"{field}_2")
        difference = (a - b).abs() if field.endswith("return") else (a / b - 1).abs()
        compared = both.with_columns(difference.alias("__by")).drop_nulls("__by")
        over = compared.filter(pl.col("__by") > tolerance).sort("__by", descending=True)
        if over.height:
            row = over.row(0, named=True)
            many = over.height >= max(FEW, OFTEN * compared.height)
            much = many and field.endswith("return")
            findings.append(
                Finding(
                    pair,
                    AT_ODDS.format(field) if much else f"sources disagree on {field}",
                    over.height,
                    f"the first named is used; {compared.height} compared",
                    f"{row['security']} {row['date']}: {row[field]:.6g} "
                    f"against {row[f'{field}_2']:.6g}",
                    "Check dates, units and securities of the one that is wrong." if much else "",
                )
            )
    if not common:
        for frame, other, label in ((first, second, names[0]), (second, first, names[1])):
            alone = frame.join(other, on=["security", "date"], how="anti")
            findings += counted(pair, f"only in {label}", alone, "kept", _KEY)
    return findings
