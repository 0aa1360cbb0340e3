"""A book of holdings against a market: what it holds, what it moves with, what it could lose.

answer = exposure.weigh(market, "book.csv", tilt="small +5%")
answer.figure("beta", "size", "holdings"); answer.frame()

reading     a file or frame to lines; what cannot be read is one error that names the row
positions   lines matched to securities, with returns; nothing is dropped
active      weights beside the benchmark's: size, sector, baskets of themes
betas       to the market and every theme, by holdings and by returns; further drivers go there
style       the mix of styles it behaves like
trades      a stated tilt, trade by trade, with its cost
answer      every number of it as a figure
study       all of it, from the file on
"""

from paceline.studies.exposure.answer import ABOUT, QUESTION, BookKey, Exposure
from paceline.studies.exposure.betas import WINDOW
from paceline.studies.exposure.study import asked_again, read, weigh

__all__ = ["ABOUT", "QUESTION", "WINDOW", "BookKey", "Exposure", "asked_again", "read", "weigh"]
