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
#: Kinds that need a rotation, and kinds that need a group, and nothing else.
BY_ROTATION = ("tilt", "leader", "fade", "dips", "thrust", "season")
BY_GROUP = ("laggards", "momentum", "factor_momentum", "quadrants")


def known(market: Market) -> dict[str, str]:
    """Every rule that needs no further declaration: name -> what it is called."""
    found = {n: r.label or n.replace("_", " ") for n, r in market.file.rules.items()}
    for kinds, names in ((BY_ROTATION, market.file.rotations), (BY_GROUP, market.file.groups)):
        for kind in kinds:
            for name in names:
                found.setdefault(f"{kind}{OF}{name}", f"{kind.replace('_', ' ')}: {name}")
    return found


def rule_of(market: Market, name: str) -> TradingRule:
    """The rule of that name; raises ``UnknownName``."""
    if name in market.file.rules:
        return market.file.rules[name]
    kind, _, about = name.partition(OF)
    if kind in BY_ROTATION and about in market.file.rotations:
        return TradingRule.model_validate({"kind": kind, "rotation": about})
    if kind in BY_GROUP and about in market.file.groups:
        return TradingRule.model_validate({"kind": kind, "baskets": about})
    raise UnknownName("rule", name, known(market))


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
