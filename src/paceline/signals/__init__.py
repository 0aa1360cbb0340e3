"""What measures share: views, returns, growth, month ends, members, ranks, windows, lows. One of each."""
