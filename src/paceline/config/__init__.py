"""The market file: one TOML file that describes a market, checked before anything is read.

sources    where rows come from: files, columns, units, statements, origins
baskets    who is chosen and how: universes, baskets, groups, rotations, themes
scenarios  what could come: drivers, scenarios, dated events
rules      rules to be traded, and what trading costs
market     the market itself, its report, and the whole file
values     what the values of all of them are made of
reading    the file read and checked

Every error names the file, the key, what was found and what would be accepted.
"""

from paceline.config.baskets import OPEN, Basis, Basket, Eligible, Schedule, UniverseEntry, spoken
from paceline.config.market import MarketFile, MarketInfo, PageOne, Report
from paceline.config.reading import load
from paceline.config.rules import Costs, TradingRule
from paceline.config.scenarios import ORDINALS, WEEKDAYS, DatedEvent, Driver, Scenario
from paceline.config.sources import AGE, ColumnMap, Source
from paceline.config.values import listed

__all__ = [
    "AGE",
    "OPEN",
    "ORDINALS",
    "WEEKDAYS",
    "Basis",
    "Basket",
    "ColumnMap",
    "Costs",
    "DatedEvent",
    "Driver",
    "Eligible",
    "MarketFile",
    "MarketInfo",
    "PageOne",
    "Report",
    "Scenario",
    "Schedule",
    "Source",
    "TradingRule",
    "UniverseEntry",
    "listed",
    "load",
    "spoken",
]
