"""What a security is, told from the name of its line on a US exchange. Pure.

``derive = { kind = "us_line_name" }`` walks KINDS from the top; the first pattern that fits the
name (or the ticker) decides. ``derive = { company = "from_name" }`` cuts the words that tell share
classes and kinds of line from the name; what is left identifies the company.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from paceline.errors import MarketFileError


class Kind(NamedTuple):
    """One line of the list.

    ``name`` matches and ``unless`` does not, or ``ticker`` matches; with ``both`` the name and the
    ticker must match.
    """

    kind: str
    name: str
    unless: str = ""
    ticker: str = ""
    both: bool = False


_INVESTS = (
    r"\b(municipal|muni|income|dividends?|convertible|high yield|opportunit(y|ies)|term|bond|"
    r"credit|growth|value|(small|micro|mid)-cap|allocation|strategies|equity|utility|utilities|duration|quality|"
    r"wellness|sciences|"
    r"resources|commodity|technology|total return|innovation|royalty|oil|mesabi)\b.*\btrust\b"
)
_OWNS = (
    r"\b(reit|realty|real estate|property|properties|mortgage|hotels?|lodging|residential|bank|"
    r"bancorp|financial)\b"
)

_SPONSORS = (
    r"^(the )?(nuveen|invesco|blackrock|pimco|eaton vance|gabelli|royce|sprott focus|"
    r"john hancock|franklin universal|bny mellon|putnam|mfs|western asset|templeton|"
    r"aberdeen|abrdn|virtus|calamos|cohen & steers|neuberger berman|"
    r"clearbridge|eagle point|tri.continental|central securities|source capital|pioneer|dws|"
    r"kayne anderson|tortoise)\b.*\b(trust|income|portfolio|municipals?|credit|strategic|"
    r"corporation common stock|(tri|source).*)\b"
)

#: Walked from the top; the first line that fits decides; case does not matter. The order carries
#: the nuances: a warrant on ordinary shares is a warrant; a fund that buys preferreds is a fund;
#: the common units of a limited partnership are a partnership's shares, any other unit is a bundle.
KINDS: tuple[Kind, ...] = (
    Kind("other", r"\bwhen.issued\b|\bex.distribution\b", ticker=r"V[VW]?$", both=True),
    Kind("warrant", r"\bwarrants?\b", ticker=r"[.\-/]WS([.\-]?[A-Z])?$"),
    Kind(
        "right",
        r"\b(share |subscription |contingent value )?rights?( certificates?)?$|"
        r"\brights? (to|each|entitling|expiring)\b",
        unless=r"\bdeposit[ao]ry\b",
    ),
    Kind(
        "fund",
        r"\bpreferred\b.*\b(fund|opportunities)\b|"
        r"\bfund\b.*\bpreferred (securities|stock)? ?(income|and) ?\b",
        unless=r"%|\bseries [a-z]\b",
    ),
    Kind(
        "preferred",
        r"\bpreferred\b|\bpreference\b|\bpreffered\b|\bcumulative\b.*\b(redeemable|perpetual)\b|"
        r"\bdepositary shares?\b.*(1/\d|\bfraction|\binterest in\b|\bone-)|\bperpetual capital\b|"
        r"\d% series [a-z0-9]+$",
        unless=r"\bpreferred (bank|apartment)\b",
        ticker=r"\^|[.\-]PR[A-Z]?$",
    ),
    Kind(
        "note",
        r"\b(notes?|debentures?|bonds)\b.*\b(due|series|maturing|20\d\d)\b|\b(senior|subordinated|junior|mortgage|"
        r"convertible|capital)\b.*\b(notes?|debentures?|bonds?|securities|security)\b|\bnotes?$|\betns?\b|\d%.*\bdue\b|"
        r"\bdebentures?\b|\bexchange.traded notes?\b|\bstrats\b|\bcorts\b|\bcorporate.backed\b",
        unless=r"\b(fund|trust)\b.*\b(common|beneficial)\b|"
        r"\b(real estate|realty|fund)\b.*\bcommon\b",
    ),
    Kind("preferred", r"^[^%]*\d(\.\d+)?% .*\b(series|perpetual|stock|shares|units)\b"),
    Kind(
        "depositary",
        r"\bamerican deposit[ao]ry\b|\bdeposit[ao]ry (shares?|interests?)\b|\bad[sr]s?\b|"
        r"\bnew york registry\b|"
        r"\bglobal depositary\b",
    ),
    Kind(
        "etf",
        r"\betfs?\b|\bexchange.traded fund\b|\b(bitcoin|ethereum|ether|gold|silver|platinum|"
        r"palladium|solana|xrp|"
        r"litecoin|crypto)\b.*\b(trust|fund)\b",
        unless=r"\b(income|resources)\b",
    ),
    Kind("fund", r"\bfunds?\b|\bclosed.end\b|\bmuni(vest|yield|holdings|assets)\b"),
    # closed-end trusts invest money; trusts that own property, and trust banks, are companies
    Kind("fund", _INVESTS, unless=_OWNS + r"|\btrust (company|corporation|co|corp)\b"),
    Kind("fund", _SPONSORS, unless=_OWNS),
    Kind(
        "partnership",
        r"\b(common|limited partner(ship)?|class [a-z]|depositary|partnership|"
        r"beneficial|trust) (unit|interest)s?\b|"
        r"\bunits? (representing|of beneficial|evidencing|certificates)\b|"
        r"\bl\.?p\.?,? +(common|class)\b|"
        r"\blimited partnership\b|\bl\.?p\.?$",
        unless=r"\bshares? of beneficial\b",
    ),
    Kind("unit", r"\bunits?\b", ticker=r"[.\-/]U$"),
    Kind(
        "spac",
        r"\bacquisitions?\b|\bblank check\b|\bspac\b|"
        r"\b(merger|capital investment|growth partners) (corp|corporation|co|company)\b",
    ),
    Kind("common", r"."),
)

#: Everything from here on in a name tells the kind of line, not the company.
_CUT = (
    r"(?i)[\s,]+(american depositary|american depository|depositary (shares?|receipts?|units?)|"
    r"global depositary|"
    r"new york registry|ny registry|ads\b|adrs?\b|"
    r"(class|series|cl) [a-z0-9]{1,2}\b|common (stock|shares?|units?)|ordinary shares?|"
    r"capital stock|"
    r"(subordinate|subordinated|limited|restricted|multiple|non-?) ?voting|shares? of|"
    r"voting (common|shares?)|"
    r"registered shares?|limited partnership units?|limited partner|units? |warrants?|rights?\b|"
    r"units?$|share rights?|"
    r"(\d+(\.\d+)?% )|preferred|non-?cumulative|cumulative|senior notes?|notes? due|convertible|"
    r"sponsored|par value|\$|com$|shares?$|stock$|redeemable|tracking|subordinate).*$"
)


def derive(name: str, frame: pl.DataFrame, derived: dict[str, str]) -> pl.DataFrame:
    """Fill ``kind`` and ``company`` where the file gives none."""
    accepted = {("kind", "us_line_name"), ("company", "from_name")}
    for key, how in derived.items():
        if (key, how) not in accepted:
            raise MarketFileError(
                f"sources.{name}.derive: {key} = {how!r} is not known.",
                'Accepted: kind = "us_line_name", company = "from_name".',
            )
    if derived and "name" not in frame.columns:
        raise MarketFileError(
            f"sources.{name}.derive needs the column name.",
            'Map it: columns = { name = "...", ... }.',
        )
    made = {
        "kind": kind_of(
            pl.col("name"), pl.col("ticker" if "ticker" in frame.columns else "security")
        ),
        "company": company_of(pl.col("name")),
    }
    return frame.with_columns(
        (pl.coalesce(pl.col(key), made[key]) if key in frame.columns else made[key]).alias(key)
        for key in derived
    )


def kind_of(name: pl.Expr, ticker: pl.Expr) -> pl.Expr:
    """Kind of security by KINDS; "other" where there is no name and the ticker says nothing."""
    text = name.fill_null("").str.strip_chars()
    choices = []
    for line in KINDS:
        fits = text.str.contains(f"(?i){line.name}")
        if line.unless:
            fits = fits & ~text.str.contains(f"(?i){line.unless}")
        if line.ticker:
            mark = ticker.fill_null("").str.contains(line.ticker)
            fits = fits & mark if line.both else fits | mark
        choices.append(pl.when(fits).then(pl.lit(line.kind)))
    return pl.coalesce(*choices, pl.lit("other"))


def company_of(name: pl.Expr) -> pl.Expr:
    """Company from a line's name: words of class and kind cut, lower case, dashes.

    The legal form stays: the classes of one company share it, and it tells Independent Bank Corp
    from Independent Bank Corporation.
    """
    text = (
        name.str.strip_chars()
        .str.replace_all(r"(?i)\s*\((the|ireland|reit|delaware|del|de|canada)\)", "")
        .str.replace(_CUT, "")
    )
    return text.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", "-").str.strip_chars("-")
