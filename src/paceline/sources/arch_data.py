"""REAL history that comes with an installed package, so that a fresh install has a past.

    [sources.history]
    kind = "arch_data"
    table = "series"

The ``arch`` package carries a few files for its own examples; these three are read where the
package is installed, without importing it and without a network:

frenchdata
    Mkt-RF, SMB, HML, RF of Ken French, monthly 1926-07..2018-11, in percent; becomes the series
    real/french/monthly/<factor>.
sp500
    S&P 500, daily closes 1999..2018; becomes the security real/SP500 (kind index) and the series
    real/sp500/daily/return.
nasdaq
    Nasdaq Composite, daily closes 1999..2018; becomes the security real/NASDAQ (kind index) and the
    series real/nasdaq/daily/return.

Every name begins with ``real/``: in a market that is otherwise SIMULATED nobody can take one for
the other. A daily return is close / previous close - 1, price only; factors are fractions. A month
stands on its last calendar day. ``known`` is the date itself: the factors are a vintage of 2018,
not what was known on the day. Both indices end on 2018-12-31. ``options``: none. Missing values
give no row.
"""

from __future__ import annotations

import gzip
import hashlib
import io
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from paceline.errors import MarketFileError, SourceError
from paceline.lineage import Origin
from paceline.sources import Context, Parsed, Raw

if TYPE_CHECKING:
    from paceline.config import Source

#: File in the package -> (who published it, what it is).
FILES = {
    "frenchdata": (
        "Ken French data library, as packaged by arch",
        "REAL: market, size and value factors, monthly 1926-2018",
    ),
    "sp500": ("Yahoo Finance, as packaged by arch", "REAL: S&P 500, daily 1999-2018"),
    "nasdaq": ("Yahoo Finance, as packaged by arch", "REAL: Nasdaq Composite, daily 1999-2018"),
}
INDICES = {
    "sp500": ("real/SP500", "REAL: S&P 500 (1999-2018)"),
    "nasdaq": ("real/NASDAQ", "REAL: Nasdaq Composite (1999-2018)"),
}
LICENCE = "packaged with arch (NCSA); the figures belong to their publishers"


def fetch(name: str, spec: Source, folder: Path) -> list[Raw]:
    """The three files of the installed package; ``SourceError`` where one of them is missing."""
    if spec.options:
        raise MarketFileError(f"sources.{name}.options: arch_data has none.", "Leave options out.")
    package = util.find_spec("arch")
    if package is None or not package.submodule_search_locations:
        raise SourceError(
            f"sources.{name}: the package arch is not installed.", "Install it: pip install arch."
        )
    home = Path(next(iter(package.submodule_search_locations))) / "data"
    version = metadata.version("arch")
    raws = []
    for file, (who, what) in FILES.items():
        try:
            data = (home / file / f"{file}.csv.gz").read_bytes()
        except OSError:
            raise SourceError(
                f"sources.{name}: arch {version} does not carry data/{file}.",
                "Install arch 7.2 or later, or leave this source out.",
            ) from None
        raws.append(
            Raw(
                data,
                Origin(
                    who,
                    f"{what} (arch {version}: data/{file})",
                    "2018-12-31",
                    LICENCE,
                    hashlib.sha256(data).hexdigest(),
                ),
            )
        )
    return raws


def parse(name: str, spec: Source, raws: list[Raw], context: Context) -> Parsed:
    """``series`` of factors and index returns; ``prices`` and ``securities`` of the indices."""
    series, prices = [], []
    for raw in raws:
        file = raw.origin.what.rpartition("/")[2].rstrip(")")
        frame = pl.read_csv(io.BytesIO(gzip.decompress(raw.data)), infer_schema=False)
        if file == "frenchdata":
            series.append(_factors(frame))
        else:
            levels = _levels(frame, name, INDICES[file][0])
            prices.append(levels)
            series.append(
                _series(f"real/{file}/daily/return", levels["date"], levels["price_return"])
            )
    securities = pl.DataFrame(
        [
            {"security": s, "ticker": s, "name": label, "kind": "index", "company": s}
            for s, label in INDICES.values()
        ]
    )
    return Parsed(
        {"series": pl.concat(series), "prices": pl.concat(prices), "securities": securities}
    )


def _factors(frame: pl.DataFrame) -> pl.DataFrame:
    ends = frame["Date"].str.to_date("%Y%m").dt.month_end()
    return pl.concat(
        _series(f"real/french/monthly/{c}", ends, frame[c].cast(pl.Float64) / 100)
        for c in frame.columns[1:]
    )


def _series(name: str, dates: pl.Series, values: pl.Series) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "series": pl.repeat(name, len(dates), eager=True),
            "date": dates,
            "value": values,
            "known": dates,
        }
    ).drop_nulls("value")


def _levels(frame: pl.DataFrame, source: str, security: str) -> pl.DataFrame:
    """Closes of one index with the return from the session before."""
    return (
        frame.select(
            pl.lit(source).alias("source"),
            pl.lit(security).alias("security"),
            pl.col("Date").str.to_date("%m/%d/%Y").alias("date"),
            pl.col("Close").cast(pl.Float64).alias("close"),
        )
        .sort("date")
        .with_columns(price_return=pl.col("close") / pl.col("close").shift(1) - 1)
    )
