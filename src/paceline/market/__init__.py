"""One market at one moment: what is stored, what is assembled from it, what is asked of it."""

from paceline.market.asked import Market, open_market

__all__ = ["Market", "open_market"]
