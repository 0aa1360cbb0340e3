"""The tables: columns with type, unit and meaning, the key, and the rules every row must keep.

A row that breaks a rule is quarantined with the rule's reason, never dropped in silence. Every
stored table also carries ``known`` (the day the market could have known the fact) and ``load`` (the
number of the import that wrote the row). The two clocks are never compared with each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from paceline.errors import UnknownName


@dataclass(frozen=True)
class Column:
    """One column: polars type, unit, meaning; ``required``: present and never null."""

    name: str
    type: pl.DataType
    meaning: str
    unit: str = ""
    required: bool = False


@dataclass(frozen=True)
class Rule:
    """A condition every row must keep; rows where it is false are quarantined under ``reason``.

    With ``cell`` the row can do without that column: its value alone is set aside.
    """

    reason: str
    holds: pl.Expr
    cell: str = ""


@dataclass(frozen=True)
class Table:
    """A declared table: what it is, its columns, its key and its rules.

    ``known`` names the column that dates the fact when the source gives no ``known`` of its own.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    known: str
    rules: tuple[Rule, ...] = ()

    @property
    def schema(self) -> pl.Schema:
        """Name to type, with the two clocks last."""
        own = {c.name: c.type for c in self.columns}
        return pl.Schema({**own, "known": pl.Date(), "load": pl.Int32()})


def _c(
    name: str, type_: type[pl.DataType], meaning: str, unit: str = "", required: bool = False
) -> Column:
    return Column(name, type_(), meaning, unit, required)


_SECURITY = _c("security", pl.String, "stable identifier of the security", required=True)
_START = _c("start", pl.Date, "first day of the spell (null: since ever)")
_END = _c("end", pl.Date, "first day after the spell (null: still running)")


def _positive_or_null(name: str) -> pl.Expr:
    return pl.col(name).is_null() | ((pl.col(name) > 0) & pl.col(name).is_finite())


def _return_or_null(name: str) -> pl.Expr:
    value = pl.col(name)
    return value.is_null() | (value.is_finite() & (value >= -1))


def _spell(table: str) -> Rule:
    return Rule(
        f"{table}: the spell ends before it starts",
        pl.col("start").is_null() | pl.col("end").is_null() | (pl.col("end") >= pl.col("start")),
    )


PRICES = Table(
    "prices",
    "One security, one session, one source. The primitive is the return.",
    (
        _c("source", pl.String, "name of the source in the market file", required=True),
        _SECURITY,
        _c("date", pl.Date, "session", required=True),
        _c("close", pl.Float64, "closing price as traded that day, unadjusted", "currency"),
        _c(
            "price_return",
            pl.Float64,
            "return from the previous stored session, splits handled, no dividends",
            "fraction",
        ),
        _c("total_return", pl.Float64, "the same with dividends reinvested", "fraction"),
        _c("volume", pl.Float64, "shares traded", "shares"),
        _c("market_cap", pl.Float64, "market value as the source gives it", "currency"),
        _c(
            "recovered",
            pl.Boolean,
            "true where the close was worked back from the next session's change",
        ),
        _c(
            "covers",
            pl.Int32,
            "sessions that the row's returns cover; null: the session alone",
            "sessions",
        ),
    ),
    ("source", "security", "date"),
    "date",
    (
        Rule("close is not a positive number", _positive_or_null("close")),
        Rule(
            "a return is not a number above -100% (use -1 for a worthless delisting)",
            _return_or_null("price_return") & _return_or_null("total_return"),
        ),
        Rule("volume is negative", ~(pl.col("volume") < 0), "volume"),
        Rule("volume is infinite", ~pl.col("volume").is_infinite(), "volume"),
        Rule("market cap is negative", ~(pl.col("market_cap") < 0), "market_cap"),
        Rule("market cap is infinite", ~pl.col("market_cap").is_infinite(), "market_cap"),
    ),
)

#: Fields of prices that may come from several sources.
PRICE_FIELDS = ("close", "price_return", "total_return", "volume", "market_cap")
#: Of one source in every cell, because a return says how to get from one close to the next.
RETURN_OF = ("close", "price_return")
#: Numbers that many write for "no value" where returns or rates stand.
MISSING_CODES = (-99.99, -999.0, -999.99, -9999.0, -99999.0)
#: Kinds of corporate actions, and other words for them that leave no doubt.
ACTION_KINDS = ("split", "dividend", "special_dividend", "spinoff", "rename", "delisting")
ACTION_WORDS = {
    "cash_dividend": "dividend",
    "ordinary_dividend": "dividend",
    "regular_dividend": "dividend",
    "delist": "delisting",
    "delisted": "delisting",
    "forward_split": "split",
    "reverse_split": "split",
    "share_split": "split",
    "stock_split": "split",
    "special_cash_dividend": "special_dividend",
    "spin_off": "spinoff",
    "symbol_change": "rename",
    "ticker_change": "rename",
}

ACTIONS = Table(
    "actions",
    "Corporate actions, effective before the open of ``date``.",
    (
        _SECURITY,
        _c("date", pl.Date, "ex-date or effective date", required=True),
        _c("kind", pl.String, ", ".join(ACTION_KINDS), required=True),
        _c("ratio", pl.Float64, "new shares per old share (split, spin-off)", "ratio"),
        _c("amount", pl.Float64, "cash per share, or the delisting return", "currency or fraction"),
        _c("other", pl.String, "the other security: the child of a spin-off, the new ticker"),
    ),
    ("security", "date", "kind"),
    "date",
    (
        Rule("ratio is not positive", _positive_or_null("ratio")),
        Rule(
            "a delisting return is no fraction of -1 to 1",
            pl.col("amount").is_null()
            | pl.col("amount").is_between(-1, 1)
            | (pl.col("kind") != "delisting"),
            cell="amount",
        ),
        Rule(f"kind is none of {', '.join(ACTION_KINDS)}", pl.col("kind").is_in(ACTION_KINDS)),
    ),
)

#: Kinds of security, and other words for them that leave no doubt.
KINDS = (
    *("common", "preferred", "warrant", "unit", "right", "note", "fund", "depositary", "index"),
    *("etf", "other"),
)
KIND_WORDS = {
    **dict.fromkeys(("common_stock", "common_stocks", "common_share", "common_shares"), "common"),
    **dict.fromkeys(("ordinary_share", "ordinary_shares", "ordinary", "stock", "cs"), "common"),
    **dict.fromkeys(("adr", "ads", "gdr", "adrc", "depositary_receipt"), "depositary"),
    **dict.fromkeys(("depositary_share", "depositary_shares"), "depositary"),
    **dict.fromkeys(("american_depositary_receipt", "depositary_receipts"), "depositary"),
    **dict.fromkeys(("american_depositary_share", "american_depositary_shares"), "depositary"),
    **dict.fromkeys(("preferred_stock", "preferred_share", "preferred_shares"), "preferred"),
    **dict.fromkeys(("exchange_traded_fund", "exchange_traded_funds", "etfs"), "etf"),
    **{f"{kind}s": kind for kind in ("warrant", "unit", "right", "note", "fund")},
    "mutual_fund": "fund",
    "closed_end_fund": "fund",
    "indices": "index",
}


def kind_word(kind: pl.Expr) -> pl.Expr:
    """A kind of security as the tables write it: "Common Stock" is common; others in lower case."""
    word = kind.str.strip_chars().str.to_lowercase()
    plain = word.str.replace_all(r"[\s_-]+", "_")
    of = plain.replace_strict({**{k: k for k in KINDS}, **KIND_WORDS}, default=None)
    return pl.when(word != "").then(pl.coalesce(of, word))


SECURITIES = Table(
    "securities",
    "Who a security is; one row per ticker spell.",
    (
        _SECURITY,
        _c("ticker", pl.String, "ticker during the spell"),
        _c("name", pl.String, "name of the line"),
        _c("kind", pl.String, ", ".join(KINDS)),
        _c("company", pl.String, "stable identifier of the company; share classes share it"),
        _c("exchange", pl.String, "listing exchange"),
        _c("country", pl.String, "country of the company"),
        _c("listed", pl.Date, "first session"),
        _c("delisted", pl.Date, "last session (null: still listed)"),
        _START,
        _END,
    ),
    ("security", "start"),
    "start",
    (_spell("securities"),),
)

#: Columns of ``classes`` that name a class, widest first.
LEVELS = ("sector", "industry", "sub_industry")
CLASSES = Table(
    "classes",
    "Sector and industry by scheme, with spells.",
    (
        _c("scheme", pl.String, "classification, e.g. gics", required=True),
        _SECURITY,
        _c("sector", pl.String, "sector"),
        _c("industry", pl.String, "industry"),
        _c("sub_industry", pl.String, "sub-industry"),
        _START,
        _END,
    ),
    ("scheme", "security", "start"),
    "start",
    (_spell("classes"),),
)

MEMBERS = Table(
    "members",
    "Membership of a universe, with spells.",
    (_c("universe", pl.String, "universe", required=True), _SECURITY, _START, _END),
    ("universe", "security", "start"),
    "start",
    (_spell("members"),),
)

SHARES = Table(
    "shares",
    "Shares outstanding and the share of them that floats.",
    (
        _SECURITY,
        _c("date", pl.Date, "effective from", required=True),
        _c("shares", pl.Float64, "shares outstanding", "shares"),
        _c("float_factor", pl.Float64, "investable share of them", "fraction"),
    ),
    ("security", "date"),
    "date",
    (
        Rule("shares is not positive", _positive_or_null("shares")),
        Rule(
            "float factor outside 0..1",
            pl.col("float_factor").is_null() | pl.col("float_factor").is_between(0, 1),
        ),
    ),
)

#: Reported items that measures of the package ask for; "Book Equity" is one, too.
ITEMS = ("book_equity", "earnings")

FUNDAMENTALS = Table(
    "fundamentals",
    "Reported items; ``known`` is the filing date.",
    (
        _SECURITY,
        _c("item", pl.String, "e.g. book_equity, earnings, sales", required=True),
        _c("period_end", pl.Date, "end of the fiscal period", required=True),
        _c("value", pl.Float64, "reported value", "currency", required=True),
    ),
    ("security", "item", "period_end"),
    "period_end",
    (
        Rule("value is not a finite number", pl.col("value").is_finite()),
        Rule("value is a code for a missing one", ~pl.col("value").is_in(MISSING_CODES)),
        Rule(
            "known lies before the period's end",
            pl.col("known").is_null() | (pl.col("known") >= pl.col("period_end")),
        ),
    ),
)

SERIES = Table(
    "series",
    "Macro series and factor returns by date.",
    (
        _c("series", pl.String, "name of the series", required=True),
        _c("date", pl.Date, "observation date", required=True),
        _c("value", pl.Float64, "value in the series' own unit", required=True),
    ),
    ("series", "date"),
    "date",
    (Rule("value is not a finite number", pl.col("value").is_finite()),),
)

HOLDINGS = Table(
    "holdings",
    "What a fund holds on a day.",
    (
        _c("fund", pl.String, "fund", required=True),
        _SECURITY,
        _c("date", pl.Date, "as of", required=True),
        _c("weight", pl.Float64, "share of the fund", "fraction", required=True),
    ),
    ("fund", "security", "date"),
    "date",
    (Rule("weight outside 0..1", pl.col("weight").is_between(0, 1)),),
)

SESSIONS = Table(
    "sessions",
    "The sessions of an exchange calendar.",
    (
        _c("calendar", pl.String, "exchange calendar code", required=True),
        _c("date", pl.Date, "session", required=True),
    ),
    ("calendar", "date"),
    "date",
)

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        PRICES,
        ACTIONS,
        SECURITIES,
        CLASSES,
        MEMBERS,
        SHARES,
        FUNDAMENTALS,
        SERIES,
        HOLDINGS,
        SESSIONS,
    )
}


def table(name: str) -> Table:
    """The declared table of that name; ``UnknownName`` lists the others."""
    if name not in TABLES:
        raise UnknownName("table", name, TABLES)
    return TABLES[name]
