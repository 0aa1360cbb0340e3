"""A market file read from disk and checked; every fault is one error that names file and key."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from paceline import arguments, doors, toml
from paceline.config.baskets import Basket, Eligible, Group, Rotation, Theme, UniverseEntry
from paceline.config.market import MarketFile, MarketInfo, Report
from paceline.config.rules import Costs, TradingRule
from paceline.config.scenarios import DatedEvent, Driver, Scenario
from paceline.config.sources import ColumnMap, OriginEntry, Source
from paceline.config.values import Strict
from paceline.errors import MarketFileError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def load(path: str | Path, data: str | Path | None = None) -> MarketFile:
    """Read and check a market file.

    ``data`` replaces ``market.data``, the folder relative paths start from. Raises
    ``MarketFileError``.
    """
    path = Path(arguments.path(path, "path"))
    try:
        text = doors.read_bytes(path, MarketFileError, doors.LARGEST_TEXT).decode("utf-8-sig")
        raw = toml.parsed(text)
    except FileNotFoundError:
        raise MarketFileError(
            f"{path}: no such market file.", "`paceline init` writes a commented one."
        ) from None
    except UnicodeDecodeError as error:
        raise MarketFileError(
            f"{path}: cannot be read ({error}).", "Give a UTF-8 TOML file."
        ) from None
    except ValueError as error:
        raise MarketFileError(
            f"{path}: not valid TOML: {error}.", "`paceline init` writes a valid example."
        ) from None
    try:
        parsed = MarketFile.model_validate(raw)
    except ValidationError as error:
        raise _explain(error, path, raw) from None
    folder = str(data) if data is not None else _path("market.data", parsed.market.data, path)
    home = path.resolve().parent
    info = parsed.market.model_copy(
        update={
            "data": str((home / folder).resolve()),
            "store": str((home / _path("market.store", parsed.market.store, path)).resolve()),
        }
    )
    files = [str((home / _path("plugins", name, path)).resolve()) for name in parsed.plugins]
    return parsed.model_copy(update={"market": info, "plugins": files})


def _expand(text: str, path: Path) -> str:
    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            raise MarketFileError(
                f"{path}: the environment variable {name} is not set.",
                f"Set it, e.g. {name}=/path/to/data, or pass --data DIR.",
            )
        return os.environ[name]

    return re.sub(r"\$\{(\w+)\}", replace, text)


def _path(key: str, text: str, path: Path) -> str:
    """The path that a setting means, names from the environment put in."""
    meant = _expand(text, path)
    if fault := doors.impossible(meant):
        raise MarketFileError(f"{path}: {key}: no path: {fault}.", f"Found {meant[:60]!r}.")
    return meant


def _explain(error: ValidationError, path: Path, raw: object) -> MarketFileError:
    """The first fault; of a value of several possible kinds that of the kind it is nearest to."""
    errors = [(_key(e, raw), e) for e in error.errors()]
    whole = errors[0][0]
    own = [(key, e) for key, e in errors if key[: len(whole)] == whole]
    # a mistyped key is unknown, and lacks where it should be: the first says more
    deepest, first = max(own, key=lambda f: (len(f[0]), f[1]["type"] == "extra_forbidden"))
    same = dict.fromkeys(_said(e) for key, e in own if key == deepest)
    key, message = ".".join(map(str, deepest)) or "the file", ", or ".join(same)
    more = f" ({len(errors) - len(own)} more)" if len(errors) > len(own) else ""
    if first["type"] == "extra_forbidden":
        accepted = _keys_beside(first["loc"])
        near = get_close_matches(str(first["loc"][-1]), accepted, n=1)
        remedy = (
            f"Did you mean {near[0]!r}? " if near else ""
        ) + f"Accepted here: {', '.join(accepted)}."
        return MarketFileError(f"{path}: unknown key {key!r}{more}.", remedy)
    if first["type"] == "missing":
        return MarketFileError(
            f"{path}: the key {key!r} is missing{more}.",
            "Add it; `paceline init` writes an example.",
        )
    if not deepest:  # a reference from one table to another: the message says where
        reason, _, remedy = message.partition(". ")
        return MarketFileError(f"{path}: {reason}.", remedy)
    value = first.get("input")
    shown = repr(value) if len(repr(value)) < 80 else repr(value)[:77] + "..."
    return MarketFileError(f"{path}: {key}: {message}{more}.", f"Found {shown}.")


def _said(error: ErrorDetails) -> str:
    # a key that is left out is no choice to offer
    return error["msg"].removeprefix("Value error, ").replace("should be '', ", "should be ")


def _key(error: ErrorDetails, raw: object) -> tuple[int | str, ...]:
    """The keys of the file that lead to a fault: pydantic names the kinds that it tried, too."""
    found: list[int | str] = []
    at = raw
    for part in error["loc"]:
        inside = dict(enumerate(at)) if isinstance(at, list) else at
        if isinstance(inside, Mapping) and part in inside:
            at = inside[part]
            found.append(part)
        elif error["type"] == "missing" and part == error["loc"][-1]:
            found.append(part)
    return tuple(found)


def _keys_beside(loc: tuple[int | str, ...]) -> list[str]:
    model: type[Strict] = MarketFile
    tables: dict[str, type[Strict]] = {
        "market": MarketInfo,
        "report": Report,
        "sources": Source,
        "universes": UniverseEntry,
        "baskets": Basket,
        "groups": Group,
        "rotations": Rotation,
        "themes": Theme,
        "drivers": Driver,
        "scenarios": Scenario,
        "events": DatedEvent,
        "rules": TradingRule,
        "costs": Costs,
    }
    if len(loc) >= 2:
        model = tables.get(str(loc[0]), MarketFile)
        if "eligible" in loc[:-1]:
            model = Eligible
        elif "origin" in loc[:-1]:
            model = OriginEntry
        elif "columns" in loc[:-1]:
            model = ColumnMap
    return list(model.model_fields)
