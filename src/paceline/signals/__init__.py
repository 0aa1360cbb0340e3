"""What measures share, one of each.

view             what a measure is given: sessions, levels, fields, members, nothing later
tables           tidy tables: the columns every row has
sessions         month ends, week ends, the last close of the year before
windows          horizons by name, from the close of one session to that of another
returns          session returns, returns between closes, growth inside a span
rolling          forward-fill, change over a lag, rolling standard deviation, z-score
statistics       standard deviation, beta, volatility, Sharpe and the like, of returns
ranks            average ranks, rank correlation, quantile groups
members          members of baskets, who is listed, drift of weights, counts
lows             short-term lows of the benchmark
calendar         where in its month, quarter and year a session lies
characteristics  what a stock is sorted by at a month end
sorts            portfolios from sorts
attribution      Brinson-Fachler effects and their linking
french           the published factor series
"""
