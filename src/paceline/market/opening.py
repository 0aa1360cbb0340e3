"""Which market file is meant: named, in the working folder, or the simulated demo."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from os import PathLike
from pathlib import Path

from paceline import arguments, config, measures
from paceline import plugins as plugged
from paceline.baskets import weights
from paceline.doors import resolved

#: Where the demo keeps its store, below the working folder.
DEMO_STORE = Path(".paceline") / "demo"


def located(
    path: str | Path | None = None,
    data: str | Path | None = None,
    store: str | Path | None = None,
    plugins: Sequence[str | Path] = (),
    named: Sequence[str] = (),
) -> tuple[config.MarketFile, str]:
    """The market file at ``path`` and its name for messages; see ``Market.open``.

    named  further plug-in files, by absolute path, which are not allowed by standing here
    """
    data = (
        None if data is None else resolved(data, "data")
    )  # of the working folder, as the store is
    path = None if path is None else arguments.path(path, "path")
    if isinstance(plugins, (str, PathLike)) or not isinstance(plugins, Sequence):
        raise arguments.wrong("plugins", plugins, "a list of paths")
    if path is None and not Path("market.toml").exists():
        demo = resources.files("paceline").joinpath("data", "demo.toml")
        with resources.as_file(demo) as place:
            file, name = config.load(place, data), "the built-in demo market"
        store = store or DEMO_STORE
    else:
        file, name = config.load(path or "market.toml", data), str(path or "market.toml")
    if store is not None:
        settings = file.market.model_copy(update={"store": str(resolved(store, "store"))})
        file = file.model_copy(update={"market": settings})
    file = plugged.added(file, plugins)
    if named:
        both = list(dict.fromkeys([*file.plugins, *named]))
        file = file.model_copy(update={"plugins": both})
    weights.check(file, name)
    if file.measures:
        file = file.model_copy(update={"measures": measures.settings(file, name)})
    return file, name
