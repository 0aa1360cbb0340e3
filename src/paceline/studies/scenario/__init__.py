"""What could come: how themes move with drivers, scenarios, and dated events.

answer = scenario.weigh(market, "two_cuts_fewer")
answer.frame(); answer.figures["small_vs_large effect"]

drivers   the drivers from period to period, as known at the time
subjects  the lines that are asked about
study     regressions, effects, periods like it
answer    the numbers as figures
"""

from paceline.studies.scenario.answer import ABOUT, QUESTION, Answer, Untested, weigh

__all__ = ["ABOUT", "QUESTION", "Answer", "Untested", "weigh"]
