"""Rules by name: those of the market file, and those that follow from its rotations and groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from paceline.config import TradingRule
from paceline.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from paceline.market import Market

#: Between the kind of a rule and the rotation or group that it is about.
OF = ":"
#: Kinds that need a rotation, and kinds that need a group, and nothing else: what they are called.
BY_ROTATION = {
    "tilt": "A tilt",
    "leader": "Following the leader",
    "fade": "Fading the leader",
    "dips": "Buying dips",
    "thrust": "Buying thrusts of breadth",
    "season": "Buying the season",
}
BY_GROUP = {
    "laggards": "Buying the year's laggards",
    "momentum": "Momentum",
    "factor_momentum": "Momentum against the benchmark",
    "quadrants": "Rotation by quadrant",
}


def known(market: Market) -> dict[str, str]:
    """Every rule that needs no further declaration: name -> what it is called."""
    found = {n: r.label or n.replace("_", " ") for n, r in market.file.rules.items()}
    rotations = {n: r.label for n, r in market.file.rotations.items()}
    groups = {n: g.label for n, g in market.file.groups.items()}
    for kinds, about in ((BY_ROTATION, rotations), (BY_GROUP, groups)):
        for kind, spoken in kinds.items():
            for name, label in about.items():
                called = f"{spoken} ({label or name.replace('_', ' ')})"
                found.setdefault(f"{kind}{OF}{name}", called)
    return found


def rule_of(market: Market, name: str) -> TradingRule:
    """The rule of that name; raises ``UnknownName``."""
    if name in market.file.rules:
        return market.file.rules[name]
    every = known(market)
    if name not in every:
        raise UnknownName("rule", name, every)
    kind, _, about = name.partition(OF)
    key = "rotation" if kind in BY_ROTATION else "baskets"
    return TradingRule.model_validate({"kind": kind, key: about, "label": every[name]})


def changed(rule: TradingRule, name: str, settings: Mapping[str, Any]) -> TradingRule:
    """The rule with other settings; ``UsageError`` names the rule, the key and what is accepted."""
    own = rule.model_dump(exclude_unset=True)
    for one, other in (("members", "baskets"), ("baskets", "members")):
        if one in settings:
            own.pop(other, None)
    try:
        return TradingRule.model_validate(own | dict(settings))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        said = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            wrong = UnknownName("setting of a rule", key, TradingRule.model_fields)
            raise UsageError(f"rule {name}: {wrong.message}", wrong.remedy) from None
        where = f"rule {name}: {key}: {said}." if key else f"rule {name}: {said}."
        found = f"Found {first['input']!r}." if key else "See docs/backtest.md."
        raise UsageError(where, found) from None
