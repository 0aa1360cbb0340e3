"""One market at one moment: what is stored, what is assembled from it, what is asked of it.

stored     the store at a version: imports, sessions, series, findings
assembled  panels, baskets, indices and levels as of a day
coverage   what the levels lack, how old is what they rest on
lineage    steps and caveats of what is assembled
view       what one measure may see
watching   what the assembled market finds out about itself
measuring  measures evaluated, figures
naming     names resolved
lows       the short-term low that figures start from
frames     what a market holds as polars frames
held       the market as what it holds
asked      the market that answers
"""

from paceline.market.asked import Market
from paceline.market.measuring import Evaluated
from paceline.market.opening import located

__all__ = ["Evaluated", "Market", "located"]
