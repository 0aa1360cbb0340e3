"""Names as people write them, and what can be asked for by name."""

from __future__ import annotations

from collections.abc import Sequence

from paceline import arguments, measures
from paceline.errors import NotEnoughData, UnknownName
from paceline.market.assembled import Assembled
from paceline.plugins import Plugin


def resolve(moment: Assembled, names: Sequence[str]) -> list[str]:
    """Basket names for what a person wrote: see ``Market.resolve``."""
    return list(
        dict.fromkeys(
            basket for name in arguments.names(names, "names") for basket in _baskets(moment, name)
        )
    )


def _baskets(moment: Assembled, name: str) -> list[str]:
    declared = moment.declared
    if name in moment.baskets:
        return [name]
    if name in declared.groups:
        if not declared.groups[name]:
            raise NotEnoughData(
                f"group {name!r} holds no basket: {no_class(moment, name)}.",
                "Bring classes of its members, or correct `by` and `scheme`.",
            )
        return declared.groups[name]
    wanted = name.casefold()
    for basket, spec in declared.baskets.items():
        spaced = basket.replace("_", " ")
        ways = (basket, spaced, declared.labels[basket], *spec.aliases)
        if wanted in (way.casefold() for way in ways):
            return [basket]
    security = moment.stored.security(name)
    if security is None:
        also = {label: basket for basket, label in declared.labels.items()}
        known = [*declared.baskets, *declared.groups]
        raise UnknownName("basket, group or security", name, known, also)
    return [security]


def no_class(moment: Assembled, group: str) -> str:
    """Why a group that is made by class has no basket."""
    spec = moment.file.groups[group]
    return f"no member of {spec.universe} has a {str(spec.by).replace('_', '-')}"


def catalogue(moment: Assembled, plugins: Sequence[Plugin]) -> dict[str, list[tuple[str, str]]]:
    """What can be asked for, by kind: (name, label)."""
    file, declared = moment.file, moment.declared
    return {
        "baskets": [(n, declared.labels.get(n, n)) for n in moment.baskets],
        "groups": [(n, ", ".join(m)) for n, m in declared.groups.items()],
        "rotations": [
            (n, r.label or f"{r.lead} against {r.against}") for n, r in file.rotations.items()
        ],
        "measures": [(n, m.question) for n, m in measures.discover(plugins).items()],
        "universes": [(n, u.label or n) for n, u in file.universes.items()],
        "sources": [(n, f"{s.kind}: {s.table}") for n, s in file.sources.items()],
    }
