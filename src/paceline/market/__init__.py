"""One market at one moment: what is stored, what is assembled from it, what is asked of it.

stored     the store at a version: imports, sessions, series, findings
assembled  panels, baskets, indices, levels and their provenance as of a day
view       what one measure may see
asked      names resolved, measures evaluated, figures
"""

from paceline.market.asked import Evaluated, Market, located, open_market

__all__ = ["Evaluated", "Market", "located", "open_market"]
