"""One file = one question put to a market. A study returns figures and knows no page."""
