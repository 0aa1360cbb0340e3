"""The mathematics of a backtest: arrays in, numbers out.

rules      from what was known at each close to target weights
portfolio  target weights, traded late and at a cost, into returns
metrics    what returns are worth against a benchmark's
chance     random rules that trade as often and hold as much
alarms     what a result hangs on: a day of lag, a handful of days
result     all of these about one rule
choice     variants of a rule: the choice made inside of time, and how far choosing fools
"""
