"""A market of frames given in Python: the market file that describes them, and their bytes.

Without a market file of the user's own one is written beside the store: it says what was made of
the frames, and opens the same market from the command line.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from paceline import arguments, calendars, config
from paceline.doors import check_folder, kind_of, resolved
from paceline.errors import MarketFileError, UnknownName, UsageError
from paceline.market import opening
from paceline.sources import Raw
from paceline.sources.files import frames
from paceline.wording import number_of
from paceline.writing import write_text

if TYPE_CHECKING:
    import polars as pl

#: Where a market of frames keeps its store, below the working folder.
STORE = Path(".paceline") / "frames"
#: The first line of a market file that is written here; a file without it is somebody's own.
FIRST = "# Written by paceline.open(frames=...), and again whenever frames are given."
#: Share of a frame's days that may be no sessions of the calendar that nobody named.
STRAY = 0.02
#: From this day of a week on (Monday is 0) only markets that never close trade.
SATURDAY = 5
#: What prices may be, as of a source.
DIALECTS = get_args(config.Source.model_fields["dialect"].annotation)
#: Calendars proposed where that is not so.
PROPOSED = 5
OUTSIDE = "who is not a column of the frame is not counted"

Frames = Mapping[str, object]


@dataclass(frozen=True)
class Located:
    """A market file, its name for messages, the frames' bytes, and which sources to import.

    only    sources to import; None: all, and the market file was written here
    before  the text that it replaced; None: there was none
    """

    file: config.MarketFile
    path: str
    raws: dict[str, list[Raw]]
    only: list[str] | None
    before: str | None

    @contextmanager
    def undone_on_error(self) -> Iterator[None]:
        """The market file that was written here is what it was before, if the body fails."""
        try:
            yield
        except BaseException:
            if self.only is None and self.before is not None:
                write_text(self.path, self.before)
            elif self.only is None:
                Path(self.path).unlink(missing_ok=True)
            raise


def located(
    given: Frames | None,
    path: str | Path | None,
    data: str | Path | None,
    store: str | Path | None,
    plugins: Sequence[str | Path],
    calendar: str | None,
    dialect: str | None,
) -> Located:
    """The market of frames: those that the market file at ``path`` names, or named after tables.

    Raises ``UsageError`` for what is no frame, ``UnknownName`` for one that nobody reads.
    """
    if given is None or (path is not None and (calendar, dialect) != (None, None)):
        raise UsageError(
            "calendar and dialect belong to frames without a market file.",
            "Write them into the market file, or give frames={...} alone.",
        )
    if not isinstance(given, Mapping) or not given:
        raise UsageError(f"frames: found {_found(given)}.", 'Give frames={"prices": df, ...}.')
    for what, value in (("calendar", calendar), ("dialect", dialect)):
        if value is not None:
            arguments.name(value, what)
    taken = {str(name): frames.take(str(name), frame) for name, frame in given.items()}
    only = None if path is None else list(taken)
    before = None
    if path is None:
        path, before = written(taken, store, calendar, dialect or "auto")
    file, name = opening.located(path, data, store, plugins)
    return Located(file, name, _raws(file, taken), only, before)


def _found(given: object) -> str:
    """What was given in place of frames by name."""
    return "none" if isinstance(given, Mapping) else type(given).__name__


def _raws(file: config.MarketFile, taken: Mapping[str, frames.Taken]) -> dict[str, list[Raw]]:
    """The bytes of each frame, which is a source without files of its own."""
    found = {}
    for name, frame in taken.items():
        if name not in file.sources:
            raise UnknownName("source", name, file.sources)
        spec = file.sources[name]
        if not spec.is_frame:
            raise MarketFileError(
                f"sources.{name} reads {'files' if spec.path else spec.kind}, and a frame of that "
                "name is given.",
                "Leave path and kind out of the source, or the frame out of frames.",
            )
        found[name] = [frame.raw(spec, calendars.today().isoformat())]
    return found


def written(
    given: Mapping[str, frames.Taken], store: str | Path | None, calendar: str | None, dialect: str
) -> tuple[Path, str | None]:
    """Write the market file of frames that are named after tables, beside their store.

    Its path, and the text that it replaces. Raises ``UsageError`` for a frame of no table, without
    prices, or that no calendar fits.
    """
    for name in given:
        if name not in frames.TABLES:
            raise UnknownName("table of frames", name, frames.TABLES)
    if "prices" not in given:
        raise UsageError("frames: no frame of prices.", 'Give frames={"prices": df, ...}.')
    if "holdings" in given:
        raise UsageError(
            "frame 'holdings': a fund's weights need a universe that uses them.",
            'Give a market file too: docs/frames.md, "A fund\'s weights", has one to copy.',
        )
    if dialect not in DIALECTS:
        raise UsageError(f"dialect: {dialect!r} is none.", f"Accepted: {', '.join(DIALECTS)}.")
    code = calendar or calendars.OF_ZONE.get(frames.zone_of(given["prices"]) or "", "XNYS")
    zone = calendars.zone(code)
    told = {name: frames.declared(frame, zone, dialect) for name, frame in given.items()}
    if calendar is None:
        _fits(told["prices"].days, code)
    home = resolved(store, "store") if store is not None else STORE.absolute()
    path = (home if store is not None else STORE) / "market.toml"
    before = None
    check_folder(home, "store")
    if kind_of(home / "market.toml") == "":
        before = (home / "market.toml").read_text(encoding="utf-8", errors="replace")
        if not before.startswith(FIRST):
            raise UsageError(
                f"{path}: a market file of your own lies in the folder of the store.",
                "Name another folder (store=...), or open that file with frames.",
            )
    write_text(home / "market.toml", _text(_described(told, code), told))
    return path, before


def _fits(days: pl.Series, code: str) -> None:
    """Refuse days of which too many are no sessions of a calendar that nobody named."""
    own = set(days.unique())

    def strays(calendar: str) -> list[dt.date]:
        known = calendars.sessions(calendar, max(own))
        return sorted(own - set(known) - {d for d in own if not known or d < known[0]})

    stray = strays(code)
    if len(stray) <= STRAY * len(own):
        return
    others = [c for c in dict.fromkeys(calendars.OF_ZONE.values()) if c != code]
    fit = [c for c in others if len(strays(c)) <= STRAY * len(own)][:PROPOSED]
    named = fit or [calendars.ALWAYS] * _whole_weeks(own)
    leave = "eave out days on which the exchange was closed (holidays filled forward)"
    remedy = (
        f"L{leave}, and date ends of weeks and months with their last session; or name another "
    )
    remedy += "calendar: calendar=..."
    if named:
        more = f" (or {', '.join(named[1:])})" if named[1:] else ""
        remedy = f"Name the exchange's calendar: calendar={named[0]!r}{more}; or l{leave}."
    raise UsageError(
        f"frame 'prices': {number_of(len(stray), 'day')} of {len(own)} are no sessions of {code}, "
        f"the first {stray[0]}.",
        remedy,
    )


def _whole_weeks(days: set[dt.date]) -> bool:
    """Whether most Saturdays and Sundays between the first day and the last are among the days."""
    span = (max(days) - min(days)).days + 1
    weekends = sum((min(days) + dt.timedelta(i)).weekday() >= SATURDAY for i in range(span))
    return weekends > 0 and 2 * sum(d.weekday() >= SATURDAY for d in days) > weekends


def _described(told: Mapping[str, frames.Described], calendar: str) -> dict[str, Any]:
    """The market file as tables: every security, or each list of members, in equal weights."""
    prices = told["prices"]
    count = number_of(prices.securities, "security", "securities")
    sized = any(d.sized for d in told.values())
    universes, baskets = _universes(told, sized)
    first = next(iter(universes))
    market = {
        "name": "frames",
        "title": f"{count} given as a frame, sessions of {calendar}",
        "calendar": calendar,
        "currency": "XXX",
        "benchmark": next(iter(baskets)),
        "universe": first,
        "store": ".",
    }
    groups = {}
    if "classes" in told and "sector" in told["classes"].settings["columns"]:
        weight = "cap" if sized else "equal"
        groups["sectors"] = {"universe": first, "by": "sector", "weight": weight}
    sources = {
        name: {"table": name, **d.settings, "origin": {"who": "given in Python"}}
        for name, d in told.items()
    }
    return {
        "market": market,
        "sources": sources,
        "universes": universes,
        "baskets": baskets,
        "groups": groups,
    }


def _universes(
    told: Mapping[str, frames.Described], sized: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Each list of members, or else every security; equal weights, and by cap where caps are."""
    schemes = told["classes"].lists if "classes" in told else ()
    if len(schemes) > 1:
        raise UsageError(
            f"frame 'classes': {len(schemes)} schemes ({', '.join(schemes[:4])}).",
            "Give one, or a market file too: paceline.open('market.toml', frames=...).",
        )
    lists = told["members"].lists if "members" in told else ()
    universes: dict[str, Any] = {name: {"members": name} for name in lists} or {
        "all": {"eligible": {"kinds": []}, "reconstitution": "monthly", "label": "all securities"}
    }
    caveat = {} if lists else {"caveat": OUTSIDE}
    baskets: dict[str, Any] = {}
    for name in universes:
        label = name if lists else "All securities"
        if sized:
            by_cap = {"universe": name, "weight": "cap", "label": f"{label} (cap weight)"}
            baskets[name] = {**by_cap, **caveat}
        equal = {"universe": name, "weight": "equal", "label": f"{label} (equal weight)"}
        baskets[f"{name}_equal" if sized else name] = {**equal, **caveat}
    return universes, baskets


# -- TOML


def _text(tables: Mapping[str, Mapping[str, Any]], told: Mapping[str, frames.Described]) -> str:
    """The market file: one table a heading."""
    lines = [
        FIRST,
        "# To change it, copy it to a folder of your own and open the copy with frames.",
    ]
    lines.append('# currency = "XXX": the frames do not say.')
    for name, declared in told.items():
        if declared.unread:
            lines.append(f"# Not read of {name}: {', '.join(map(_value, declared.unread))}.")
    lines += ["", "[market]", *_keys(tables["market"])]
    for kind, entries in tables.items():
        if kind != "market":
            for name, keys in entries.items():
                lines += ["", f"[{kind}.{_key(name)}]", *_keys(keys)]
    return "\n".join(lines) + "\n"


def _keys(table: Mapping[str, Any]) -> Iterator[str]:
    return (f"{key} = {_value(value)}" for key, value in table.items())


def _key(name: str) -> str:
    """A key as TOML: bare where it may be."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)


def _value(value: object) -> str:
    """A value as TOML: text quoted, tables and lists in one line."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
