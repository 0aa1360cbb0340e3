"""One market at one moment: what is stored, what is assembled from it, what is asked of it.

stored     the store at a version: imports, sessions, series, findings
assembled  panels, baskets, indices, levels and their provenance as of a day
view       what one measure may see
watching   what the assembled market finds out about itself
measuring  measures evaluated, figures
naming     names resolved
asked      the market that answers
"""

from paceline.market.asked import Market
from paceline.market.measuring import Evaluated
from paceline.market.opening import located

__all__ = ["Evaluated", "Market", "located"]
