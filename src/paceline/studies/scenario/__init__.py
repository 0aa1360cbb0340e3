"""What could come: how themes move with drivers, scenarios, and dated events.

answer = scenario.weigh(market, "two_cuts_fewer")
answer.frame(); answer.figure("small_vs_large", "effect")
around = catalysts.around(market, "payrolls")

drivers    the drivers from period to period, as known at the time
subjects   the lines that are asked about
study      regressions, effects, periods like it
numbers    the numbers, row by row
answer     each of them as a figure
catalysts  dated events, and what themes did around them
"""

from paceline.studies.scenario.answer import ABOUT, QUESTION, ScenarioAnswer, declared, weigh
from paceline.studies.scenario.catalysts import Catalyst, Untested, around

__all__ = [
    "ABOUT",
    "QUESTION",
    "Catalyst",
    "ScenarioAnswer",
    "Untested",
    "around",
    "declared",
    "weigh",
]
