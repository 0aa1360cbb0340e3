"""Who is listed in the simulated market: industries, leaders, and invented names and tickers.

Sector, industry and sub-industry names are the classification's real ones. Every company and ticker
is invented: tickers have six letters, which no share listed in the United States has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Industry(NamedTuple):
    """One sub-industry: ``share`` of the sector's companies, dividend yield, word in names."""

    sector: str
    industry: str
    sub_industry: str
    share: float
    dividend: float
    word: str


class Sector(NamedTuple):
    """A sector.

    ``companies``: share of all companies; ``early`` and ``late`` share of the large companies'
    value twelve years before the end and at the end; market ``beta``; book-to-market ``value`` tilt
    (log).
    """

    companies: float
    early: float
    late: float
    beta: float
    value: float


class Leader(NamedTuple):
    """A company planned by hand; ``early`` and ``late`` as for a sector."""

    ticker: str
    name: str
    sub_industry: str
    early: float
    late: float
    second: float = 0.0  # value of a second share class relative to the first


SECTORS = {
    "Information Technology": Sector(0.150, 0.190, 0.330, 1.15, -0.55),
    "Financials": Sector(0.150, 0.160, 0.135, 1.05, 0.45),
    "Health Care": Sector(0.130, 0.130, 0.098, 0.80, -0.15),
    "Consumer Discretionary": Sector(0.130, 0.110, 0.104, 1.10, -0.10),
    "Communication Services": Sector(0.045, 0.080, 0.104, 0.95, -0.20),
    "Industrials": Sector(0.170, 0.105, 0.083, 1.05, 0.00),
    "Consumer Staples": Sector(0.055, 0.090, 0.052, 0.65, -0.05),
    "Energy": Sector(0.045, 0.055, 0.029, 1.05, 0.55),
    "Utilities": Sector(0.035, 0.030, 0.024, 0.60, 0.30),
    "Materials": Sector(0.045, 0.030, 0.019, 1.00, 0.20),
    "Real Estate": Sector(0.045, 0.020, 0.022, 0.90, 0.25),
}

#: Under each sector: industry, sub-industry ("=": of the same name), share, dividend, word.
_TABLE = """
Information Technology
  Semiconductors & Semiconductor Equipment|Semiconductors|.22|.006|Semiconductors
  Semiconductors & Semiconductor Equipment|Semiconductor Materials & Equipment|.10|.008|Lithography
  Software|Systems Software|.14|.004|Systems
  Software|Application Software|.28|.001|Software
  Technology Hardware, Storage & Peripherals|=|.10|.007|Devices
  Communications Equipment|=|.08|.012|Networks
  IT Services|IT Consulting & Other Services|.08|.012|Consulting
Financials
  Banks|Diversified Banks|.10|.026|Bank
  Banks|Regional Banks|.40|.028|Bancorp
  Financial Services|Multi-Sector Holdings|.04|.008|Holdings
  Capital Markets|Asset Management & Custody Banks|.16|.024|Asset Management
  Capital Markets|Investment Banking & Brokerage|.10|.016|Securities
  Insurance|Property & Casualty Insurance|.20|.018|Insurance
Health Care
  Pharmaceuticals|=|.16|.016|Pharma
  Biotechnology|=|.40|.000|Biosciences
  Health Care Equipment & Supplies|Health Care Equipment|.24|.008|Medical
  Health Care Providers & Services|Managed Health Care|.08|.012|Health
  Life Sciences Tools & Services|=|.12|.004|Instruments
Consumer Discretionary
  Broadline Retail|=|.08|.002|Marketplace
  Specialty Retail|Apparel Retail|.14|.018|Apparel
  Specialty Retail|Other Specialty Retail|.24|.014|Stores
  Automobiles|Automobile Manufacturers|.06|.008|Motors
  Household Durables|Homebuilding|.14|.010|Homes
  Hotels, Restaurants & Leisure|Restaurants|.22|.016|Restaurants
  Hotels, Restaurants & Leisure|Hotels, Resorts & Cruise Lines|.12|.010|Resorts
Communication Services
  Interactive Media & Services|=|.36|.002|Interactive
  Entertainment|Movies & Entertainment|.34|.006|Studios
  Diversified Telecommunication Services|Integrated Telecommunication Services|.30|.045|Telecom
Industrials
  Ground Transportation|Cargo Ground Transportation|.09|.010|Freight Lines
  Ground Transportation|Rail Transportation|.03|.018|Railway
  Marine Transportation|=|.06|.024|Shipping
  Passenger Airlines|=|.06|.006|Airlines
  Air Freight & Logistics|=|.05|.014|Logistics
  Industrial Conglomerates|=|.04|.018|Industries
  Aerospace & Defense|=|.14|.014|Aerospace
  Machinery|Industrial Machinery & Supplies & Components|.31|.014|Machinery
  Electrical Equipment|Electrical Components & Equipment|.22|.010|Electric
Consumer Staples
  Consumer Staples Distribution & Retail|Consumer Staples Merchandise Retail|.18|.018|Markets
  Food Products|Packaged Foods & Meats|.42|.026|Foods
  Beverages|Soft Drinks & Non-alcoholic Beverages|.18|.026|Beverages
  Household Products|=|.22|.026|Household
Energy
  Oil, Gas & Consumable Fuels|Integrated Oil & Gas|.12|.036|Oil
  Oil, Gas & Consumable Fuels|Oil & Gas Exploration & Production|.58|.024|Resources
  Energy Equipment & Services|Oil & Gas Equipment & Services|.30|.020|Drilling
Utilities
  Electric Utilities|=|.60|.032|Power
  Multi-Utilities|=|.40|.034|Utilities
Materials
  Chemicals|Specialty Chemicals|.50|.018|Chemicals
  Metals & Mining|Steel|.25|.020|Steel
  Metals & Mining|Gold|.25|.012|Gold
Real Estate
  Specialized REITs|Telecom Tower REITs|.20|.030|Towers
  Retail REITs|=|.35|.042|Retail Properties
  Industrial REITs|=|.45|.034|Logistics Properties
"""


def _read(table: str) -> Iterator[Industry]:
    sector = ""
    for line in table.strip().splitlines():
        if "|" not in line:
            sector = line
            continue
        industry, sub, share, dividend, word = line.strip().split("|")
        name = industry if sub == "=" else sub
        yield Industry(sector, industry, name, float(share), float(dividend), word)


INDUSTRIES = tuple(_read(_TABLE))

#: The planned companies. The first seven are the technology giants of the demo market.
LEADERS = (
    Leader("ZORVEL", "Zorvel Semiconductors", "Semiconductors", 0.007, 0.064),
    Leader("QUELMO", "Quelmo Systems", "Systems Software", 0.020, 0.056),
    Leader("HAXIDE", "Haxide Devices", "Technology Hardware, Storage & Peripherals", 0.029, 0.053),
    Leader("LIMBEX", "Limbex Semiconductors", "Semiconductors", 0.006, 0.026),
    Leader("OSKARN", "Oskarn Software", "Application Software", 0.006, 0.012),
    Leader("PYVOLT", "Pyvolt Semiconductors", "Semiconductors", 0.005, 0.011),
    Leader("TURVEN", "Turven Systems", "Systems Software", 0.006, 0.010),
    Leader(
        "NIMBRA", "Nimbra Interactive", "Interactive Media & Services", 0.010, 0.022, second=0.80
    ),
    Leader("VEXORY", "Vexory Interactive", "Interactive Media & Services", 0.006, 0.021),
    Leader("KARBUN", "Karbun Marketplace", "Broadline Retail", 0.011, 0.034),
    Leader("DRAVON", "Dravon Motors", "Automobile Manufacturers", 0.003, 0.013),
    Leader("GOLMER", "Golmer Holdings", "Multi-Sector Holdings", 0.014, 0.014),
    Leader("FENWIQ", "Fenwiq Bank", "Diversified Banks", 0.012, 0.014),
    Leader("SORVIM", "Sorvim Pharma", "Pharmaceuticals", 0.006, 0.013),
    Leader("BRAXUM", "Braxum Industries", "Industrial Conglomerates", 0.012, 0.008),
)
GIANTS = tuple(leader.ticker for leader in LEADERS[:7])
#: Positions in ``LEADERS`` with a part of their own: the special dividend and the spin-off.
SPECIAL, PARENT = 11, 14

_FIRST = [
    a + b + c
    for a in "BDFGHKLMNPRSTVWZ"
    for b in "AEIOU"
    for c in "LNRSVX"
    if a + b + c not in ("SEX", "DIL")
]
_LAST = [a + b + c for a in "BDGKLMNPQTVXZ" for b in "AEIOU" for c in "KLMNQRVX"]


def tickers(count: int) -> list[str]:
    """``count`` different invented six-letter tickers, always in the same order."""
    # the one that a real company is called
    taken = {leader.ticker for leader in LEADERS} | {"LENNOX"}
    names: list[str] = []
    k = 0
    while len(names) < count:
        # steps without a common factor with the lengths of the lists: every pair comes once before
        # any repeats
        name = _FIRST[k * 277 % len(_FIRST)] + _LAST[(k * 131 + k // len(_FIRST)) % len(_LAST)]
        k += 1
        if name not in taken:
            taken.add(name)
            names.append(name)
    return names


def assign(count: int) -> NDArray[np.int64]:
    """Sub-industry (position in ``INDUSTRIES``) of each of ``count`` companies, leaders first.

    Companies are shared out by largest remainder, then dealt so that any stretch of them is mixed;
    the three transport sub-industries get a company each in the smallest market too.
    """
    subs = [i.sub_industry for i in INDUSTRIES]
    fixed = [subs.index(leader.sub_industry) for leader in LEADERS]
    quota = np.array([SECTORS[i.sector].companies * i.share for i in INDUSTRIES])
    quota = quota / quota.sum() * count
    have = np.bincount(fixed, minlength=len(subs))
    rest: list[int] = []
    while len(rest) < count - len(fixed):
        dealt = int(np.argmax((quota - have) / quota * (quota + 1)))
        rest.append(dealt)
        have[dealt] += 1
    return np.array((fixed + rest)[:count], dtype=np.int64)
