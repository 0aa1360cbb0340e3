"""Lists at the door: lots of one security in a fund, spellings of one name."""

from __future__ import annotations

import re

import polars as pl

from paceline.rows import MISSPELT, Finding, counted
from paceline.schema import LEVELS

#: Weights of a fund may add up to one but for this much (cash, rounding).
WEIGHTS_OFF = 0.05
#: Columns that name what rows belong to.
NAMES = {
    "classes": LEVELS,
    "members": ("universe",),
    "holdings": ("fund",),
    "fundamentals": ("item",),
}
#: Words, in lower case, for all that is classified: such a row is a sum, or says nothing.
WHOLE = (
    "total",
    "grand total",
    "subtotal",
    "all",
    "all sectors",
    "all industries",
    "overall",
    "market",
    "total market",
    "benchmark",
    "aggregate",
)
#: A class is held to be another one misspelt where that one has so many times its securities; the
#: letters of the word that is misspelt.
OFTENER, WORD = 5, 5
_FUND = ("fund", "date", "known")


def in_lots(name: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Holdings with the lots of one security added up, where the fund then adds up to one.

    Rows of one fund, day and security that differ are lots if the fund's weights add up to one
    within five hundredths with all of them. So are rows that are alike, if they do only so, and not
    each security of the fund stands twice. Others are left to ``rows.collapse``.
    """
    key = [*_FUND, "security"]
    if not frame.select(key).is_duplicated().any():
        return frame, []
    weight, copy = pl.col("weight"), pl.col("__copy")
    rows = frame.with_columns(__copy=~pl.struct(*key, "weight").is_first_distinct()).with_columns(
        __all=weight.sum().over(_FUND),
        __lots=weight.filter(~copy).sum().over(_FUND),
        __doubled=pl.struct(key).is_duplicated().all().over(_FUND),
    )
    whole, apart = ((pl.col(c) - 1).abs() <= WEIGHTS_OFF for c in ("__all", "__lots"))
    every = whole & ~apart & ~pl.col("__doubled")
    adds = every | apart
    rows = rows.with_columns(__lot=adds & (every | ~copy))
    lots = rows.filter("__lot")
    further = lots.filter(~pl.struct(key).is_first_distinct())
    if further.is_empty():
        return frame, []
    # copies take the sum of the lots, and are found alike by ``collapse``
    total = weight.filter(pl.col("__lot")).sum().over(key)
    summed = rows.with_columns(pl.when(adds).then(total).otherwise(weight).alias("weight"))
    once = ~pl.col("__lot") | pl.struct(*key, "__lot").is_first_distinct()
    frame = summed.filter(once).select(frame.columns)
    return frame, counted(name, "lots of one security in a fund", further, "added up", key)


def one_spelling(name: str, table: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """The names of classes, lists and funds, each in one spelling: the one of most rows.

    Names that differ only in capitals and spaces are one; of classes also those that differ in
    hyphens, points and "and". Of spellings of as many rows the first counts.
    """
    findings = []
    for column in NAMES.get(table, ()):
        spelt = frame.get_column(column).drop_nulls()
        counts = spelt.to_frame("as").group_by("as", maintain_order=True).len()
        plain = pl.col("as").str.strip_chars().str.replace_all(r"\s+", " ")
        counts = counts.with_columns(plain.alias("to"), plain.str.to_lowercase().alias("one"))
        if table == "classes":  # codes differ in points: 10.1 and 101
            words, signs = pl.col("one").str.replace_all(" and ", "&"), r"[^\pL&]"
            digits = pl.col("one").str.contains(r"\d")
            bare = pl.when(digits).then("one").otherwise(words.str.replace_all(signs, ""))
            counts = counts.with_columns(bare.alias("one"))
        best = pl.col("to").sort_by("len", descending=True, maintain_order=True).first()
        counts = counts.with_columns(best.over("one").alias("to"))
        other = counts.filter(pl.col("as") != pl.col("to"))
        if other.is_empty():
            continue
        frame = frame.with_columns(pl.col(column).replace(dict(other.select("as", "to").rows())))
        shown = ", ".join(f"{a!r} as {to!r}" for a, to in other.select("as", "to").head(4).rows())
        rows = int(other.get_column("len").sum())
        findings.append(Finding(name, f"{column} in another spelling", rows, "read as one", shown))
    return frame, findings


def no_whole(name: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Classes without names of the whole market: "Total" is no sector, and who has it has none."""
    findings = []
    for level in LEVELS:
        whole = pl.col(level).str.strip_chars().str.to_lowercase().is_in(WHOLE)
        rows = frame.filter(whole)
        if rows.height:
            frame = frame.with_columns(pl.when(~whole).then(level).alias(level))
            check, shown = f"{level} that names the whole", rows.row(0, named=True)
            told = f"{shown['security']}: {shown[level]!r}"
            findings.append(Finding(name, check, rows.height, f"read as no {level}", told))
    return frame, findings


def nearly(name: str, frame: pl.DataFrame) -> list[Finding]:
    """Classes of few securities whose name is one letter from that of a class of many.

    Nobody knows that they are one, so both stay, and every figure that rests on classes says it.
    """
    found = []
    for level in LEVELS:
        counts = frame.group_by(level).agg(pl.col("security").n_unique().alias("count"))
        of = dict(counts.drop_nulls().sort(level).rows())
        found += [
            f"{level} {few!r} of {of[few]} beside {many!r} of {of[many]}"
            for few in of
            for many in of
            if of[few] * OFTENER <= of[many] and _one_letter(few.lower(), many.lower())
        ]
    if not found:
        return []
    remedy = "Correct the name in the file, if it is misspelt."
    return [Finding(name, MISSPELT, len(found), "both stay", "; ".join(found[:4]), remedy)]


def _one_letter(a: str, b: str) -> bool:
    """Whether a letter added, lost, changed or swapped with the next makes ``b`` of ``a``.

    Of a word of ``WORD`` letters or more, and not its first: "foods" are no "goods".
    """
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    pairs = zip(a, b, strict=False)
    at = next((k for k, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[at:], b[at:]
    swapped = rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:]
    if not (swapped or rest_b[1:] in (rest_a, rest_a[1:]) or rest_b == rest_a[1:]):
        return False
    begin = max(b.rfind(" ", 0, at), a.rfind(" ", 0, at)) + 1
    word = re.match(r"[^\W\d_]*", b[begin:])
    return word is not None and len(word[0]) >= WORD and begin < at < begin + len(word[0]) + 1
