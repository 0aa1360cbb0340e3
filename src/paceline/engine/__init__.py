"""From results to figures: coverage, basis, caveats and lineage are enforced here only.

question    what is asked and what it rests on; the only constructor of figures
evaluation  a measure run for all its subjects, blanked below coverage
rows        the figures of its result
"""

from paceline.engine.evaluation import evaluate, recent, series_rows
from paceline.engine.question import REAL, Provenance, Question, column
from paceline.engine.rows import figures, series_figure

__all__ = [
    "REAL",
    "Provenance",
    "Question",
    "column",
    "evaluate",
    "figures",
    "recent",
    "series_figure",
    "series_rows",
]
