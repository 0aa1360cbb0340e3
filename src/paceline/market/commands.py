"""The command lines that Paceline prints: built here, to be typed as they stand."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from paceline import config
from paceline.errors import PacelineError
from paceline.market.asked import Market
from paceline.market.opening import DEMO_STORE


def line(words: Sequence[str], market: Market, *options: str) -> str:
    """A command line that asks this market: every printed command is made here.

    words    what is asked, e.g. ("report",) or ("show", "league")
    options  further options, after those that open the market as it is open now
    """
    return shlex.join(["paceline", *words, *opened(market), *options])


def opened(market: Market) -> list[str]:
    """The options that open the same market from the same working folder: file, data, store.

    Data and store are named where they are not what the market file (or the demo) says by itself.
    """
    here = market.file.market
    if market.path.endswith(".toml"):
        options = ["--market", market.path]
        try:
            plain = config.load(market.path).market
            data, store = plain.data, plain.store
        except PacelineError:  # a variable that names a folder is not set any more
            data, store = None, None
    else:
        options, data, store = [], here.data, str(DEMO_STORE.resolve())
    if here.data != data:
        options += ["--data", str(here.data)]
    if here.store != store:
        options += ["--store", str(here.store)]
    return options


def moment(market: Market, as_of: str | None = None) -> list[str]:
    """The options that look at the same day and the same version of the store."""
    return ["--as-of", as_of or market.as_of, "--store-version", str(market.version)]


def notice(market: Market, *, here: bool = False) -> str:
    """How old the data are and what to do about it; "" where there is nothing to say.

    here  it is read where it is written: with the folders that the command needs from here. A page
          may be read anywhere, and names the market file alone
    """
    age = market.age
    if not age.old:
        return age.sentence
    if market.simulated:
        return f"{age.sentence} The simulated market ends there."
    if all(spec.is_frame for spec in market.file.sources.values()):
        return f"{age.sentence} Give newer frames: `paceline.open(frames=...)`."
    command = line(("import",), market)
    if not here and market.path.endswith(".toml"):
        command = shlex.join(["paceline", "import", "--market", Path(market.path).name])
    return f"{age.sentence} Bring newer files, then `{command}`."
