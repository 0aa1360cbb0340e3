"""What the figures of a rotation rest on: the questions of the pair and of its proxy."""

from __future__ import annotations

from paceline.engine import REAL, Question
from paceline.lineage import code_of
from paceline.studies.episodes.numbers import RotationNumbers


def of_pair(rotation: RotationNumbers) -> Question:
    """What every figure of the pair's own lines shares."""
    market, pair, basis = rotation.market, rotation.pair, rotation.basis
    legs = [pair.lead, pair.against]
    further = [market.benchmark] if pair.neutral else []
    names = list(dict.fromkeys([*legs, *further]))
    mixed = "the two legs rest on different bases: dividends move the line"
    return market.provenance(names, dict.fromkeys(names, basis)).question(
        "episodes",
        {
            "rotation": pair.name,
            "lead": pair.lead,
            "against": pair.against,
            "c": rotation.c,
            "step": rotation.step,
            "draws": rotation.draws,
            "basis": basis,
            "as_of": market.as_of,
        },
        code_of(__name__),
        names=names,
        caveats_of=legs,
        basis=basis,
        caveats=[mixed] if basis == "mixed" else [],
    )


def of_proxy(rotation: RotationNumbers) -> Question:
    """What every figure of the proxy's line shares."""
    market, pair = rotation.market, rotation.pair
    name = pair.proxy.removeprefix("-")
    real = market.simulated and name.startswith(REAL)
    return market.moment.lineage.with_series(market.provenance()).question(
        "episodes",
        {
            "proxy": pair.proxy,
            "rotation": pair.name,
            "c": rotation.c,
            "step": rotation.step,
            "draws": rotation.draws,
            "as_of": market.as_of,
        },
        code_of(__name__),
        names=[name],
        caveats=[
            f"a long-short factor ({pair.proxy}), not this pair",
            "a REAL factor: none of it is simulated" if real else "",
        ],
    )
