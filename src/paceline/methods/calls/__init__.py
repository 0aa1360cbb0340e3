"""What people said the market would do, kept on file with its date and scored against prices.

ledger   one record per call, checked; adding and correcting keep every earlier record
scoring  what became of a call, against its base rate and plain drift; records of people and houses
"""

from paceline.methods.calls.ledger import Call, Ledger, add, correct, read
from paceline.methods.calls.scoring import Legs, Record, Score, due, records, score

__all__ = [
    "Call",
    "Ledger",
    "Legs",
    "Record",
    "Score",
    "add",
    "correct",
    "due",
    "read",
    "records",
    "score",
]
