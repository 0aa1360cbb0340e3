"""A market's answer to a ledger of calls: each call scored, every number of it a figure.

book = calls.score(market, "calls.toml")
book.frame(); book.records()
"""

from paceline.studies.calls.scored import Scored, yardstick
from paceline.studies.calls.scoring import LEDGER, beside, score

QUESTION = "What did they say, and what became of it?"
ABOUT = {
    "question": QUESTION,
    "definition": "Active return of a call's baskets over its yardstick from the first close "
    "after the call to its horizon, against the same bet made on all earlier sessions and against "
    "plain drift.",
    "never": "That somebody has skill, from a handful of calls.",
    "references": ["Wilson (1927), intervals of a share"],
}

__all__ = ["ABOUT", "LEDGER", "QUESTION", "Scored", "beside", "score", "yardstick"]
