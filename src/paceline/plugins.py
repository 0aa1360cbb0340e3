"""What others plug in: files that a market file names, and entry points of installed packages.

    plugins = ["my_measures.py"]      # market.toml: measures, sources, weightings, pages

A market file is data. Code that it names runs only after its user has allowed that file: once with
``paceline trust FILE``, kept by checksum outside the folder, or in Python with
``paceline.open(..., plugins=[FILE])``. A file that has changed must be allowed again. An installed
package is allowed by being installed.

A fault in such code is reported as one of that code, with its file and line: ``blamed``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Literal, TypeVar

from paceline import config, doors
from paceline.errors import DataError, PacelineError, PluginError, PluginWarning, UsageError
from paceline.writing import replacing

T = TypeVar("T")
Kind = Literal["measures", "sources", "weightings", "pages"]
#: Modules of plug-in files are known to Python by this, the file's stem and its checksum.
PREFIX = "paceline_plugin"
#: What to do about a fault of a file, and of an installed package.
MEND = "This is a fault of that file, not of Paceline: correct it there."
MEND_PACKAGE = "This is a fault of that package, not of Paceline: correct or uninstall it."


@dataclass(frozen=True, eq=False)
class Plugin:
    """Code from outside the package.

    name    stem of the file, or name of the entry point
    origin  what messages call it: the path of the file, or the package and its entry point
    value   the module, or the object that an entry point names
    checksum  SHA-256 of the file; "" of an entry point
    """

    name: str
    origin: str
    value: Any
    checksum: str = ""

    @property
    def offers(self) -> Mapping[str, Any]:
        """The objects it defines, by name."""
        return vars(self.value) if isinstance(self.value, ModuleType) else {self.name: self.value}


# ---- finding


def load(files: Iterable[str | Path]) -> tuple[Plugin, ...]:
    """The plug-ins of these files, each run once as long as its bytes stay the same.

    Raises ``UsageError`` for a file that is not there or not allowed, and ``PluginError`` for one
    that cannot be run.
    """
    return tuple(_load(Path(file).resolve()) for file in files)


def _load(path: Path) -> Plugin:
    data = _bytes(path)
    checksum = _checksum(data)
    if checksum not in _ALLOWED and checksum not in trusted().values():
        raise UsageError(
            f"{path}: this file holds code, and you have not allowed it to run as it is now.",
            f"Read it, then run `paceline trust {shlex.quote(str(path))}`.",
        )
    known = _LOADED.get((path, checksum))
    if known is None:
        module = _run(path, data, checksum)
        known = _LOADED[path, checksum] = Plugin(path.stem, str(path), module, checksum)
    return known


def _run(path: Path, data: bytes, checksum: str) -> ModuleType:
    """The module of a file, made from the very bytes that were allowed."""
    name = f"{PREFIX}_{path.stem}_{checksum[:12]}"
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses and annotations look their module up
    try:
        with blamed(str(path), "cannot be loaded", every=True):
            exec(compile(data, str(path), "exec", dont_inherit=True), vars(module))  # noqa: S102 - allowed by checksum
    except PluginError:
        del sys.modules[name]
        raise
    return module


@cache
def installed(kind: Kind) -> tuple[Plugin, ...]:
    """The plug-ins that installed packages offer as entry points of ``paceline.KIND``.

    One that cannot be loaded is left out with a ``PluginWarning``: what does not use it goes on.
    """
    found = []
    for point in sorted(metadata.entry_points(group=f"paceline.{kind}"), key=lambda p: p.name):
        package = point.dist.name if point.dist is not None else "an installed package"
        origin = f"{package} ({point.group}: {point.name} = {point.value})"
        try:
            with blamed(origin, "cannot be loaded", every=True, remedy=MEND_PACKAGE):
                found.append(Plugin(point.name, origin, point.load()))
        except PluginError as error:
            left_out(error)
    return tuple(found)


def left_out(error: PluginError) -> None:
    """Warn that a plug-in of an installed package is left out, and why."""
    warnings.warn(f"Left out: {error}", PluginWarning, stacklevel=2)


def collect(
    what: str,
    own: Mapping[str, T],
    plugged: Iterable[Plugin],
    wanted: type[T],
    code: Callable[[T], Callable[..., Any]],
) -> dict[str, T]:
    """The package's own declarations of one kind with those of plug-ins, by name.

    code  the function behind a declaration: its file is named where two share a name

    Raises ``PluginError`` where a file that a market names has a name that is taken already. Of an
    installed package such a declaration, and an entry point that offers none, are left out with a
    ``PluginWarning``.
    """
    merged = dict(own)
    for plugin in plugged:
        offered = [v for v in plugin.offers.values() if isinstance(v, wanted)]
        faults = []
        if not offered and not is_file(plugin):
            offer = f"Let the entry point name a {what}, or a module that defines one."
            faults.append(PluginError(f"{plugin.origin} offers no {what}.", offer))
        for value in offered:
            name = str(value.name)  # type: ignore[attr-defined]
            other = merged.setdefault(name, value)
            if other is not value:
                both = f"in {plugin.origin} and in {file_of(code(other))}"
                two = f"two definitions of the {what} {name!r}: {both}."
                faults.append(PluginError(two, "Rename one of them."))
        for fault in faults:
            if is_file(plugin):
                raise fault
            left_out(fault)
    return merged


def is_file(plugin: Plugin) -> bool:
    """Whether it is a file that a market names: that one may offer any kind of thing."""
    return isinstance(plugin.value, ModuleType) and plugin.value.__name__.startswith(PREFIX)


def file_of(function: Callable[..., Any]) -> str:
    """The file in which a function is written."""
    code = getattr(function, "__code__", None)
    return code.co_filename if isinstance(code, CodeType) else "an unknown file"


# ---- permission


def folder() -> Path:
    """Where this user's settings are kept: ``PACELINE_CONFIG``, else the platform's usual place."""
    own = os.environ.get("PACELINE_CONFIG")
    if own:
        return Path(own)
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData/Roaming") / "paceline"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/paceline"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "paceline"


def trusted() -> dict[str, str]:
    """The files allowed by ``trust``: path to the checksum it was allowed with."""
    place = folder() / "trusted"
    try:
        known = json.loads(place.read_text(encoding="utf-8"))
        return {str(path): str(checksum) for path, checksum in known.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"{place}: the list of allowed files cannot be read ({error}).",
            "Remove it, and allow the files again with `paceline trust FILE`.",
        ) from None


def trust(path: str | Path) -> list[str]:
    """Allow a Python file, or the files that a market file names, as they are now; their paths."""
    files = {str(file): _checksum(_bytes(file)) for file in files_of(path)}
    _write(trusted() | files)
    return list(files)


def forget(path: str | Path) -> list[str]:
    """Take back the permission of a Python file, or of those that a market file names.

    Copies with the same bytes that were allowed lose it too; all paths that lost it are returned.
    """
    known = trusted()
    named = {str(file) for file in files_of(path)}
    # permission is by checksum: a copy that was allowed too would let these bytes run on
    bytes_of = {checksum for file, checksum in known.items() if file in named}
    taken = [file for file, checksum in known.items() if checksum in bytes_of]
    _write({file: checksum for file, checksum in known.items() if file not in taken})
    return taken


def allow(files: Iterable[str | Path]) -> list[str]:
    """Allow files, as they are now, for this process only; their absolute paths."""
    paths = [doors.resolved(file, "plug-in") for file in files]
    _ALLOWED.update(_checksum(_bytes(path)) for path in paths)
    return [str(path) for path in paths]


def files_of(path: str | Path) -> list[Path]:
    """The plug-in files that a path means: a Python file itself, or those a market file names."""
    path = Path(path)
    if path.suffix == ".py":
        return [doors.resolved(path, "plug-in")]
    return [Path(name) for name in config.load(path).plugins]


def added(file: config.MarketFile, files: Sequence[str | Path]) -> config.MarketFile:
    """The market file with further plug-in files, which are allowed by being named here."""
    more = dict.fromkeys((*file.plugins, *allow(files)))
    return file.model_copy(update={"plugins": list(more)}) if files else file


def _write(known: Mapping[str, str]) -> None:
    """Replace the list as a whole; only this user may read or write it."""
    place = folder() / "trusted"
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replacing(place) as draft:
            draft.touch(mode=0o600, exist_ok=False)
            draft.write_text(json.dumps(known, indent=1), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{place}: the list of allowed files cannot be written ({error.strerror}).",
            "Set PACELINE_CONFIG to a folder you may write to.",
        ) from None


def _bytes(path: Path) -> bytes:
    try:
        if (found := doors.kind_of(path)) not in ("", "missing"):
            raise OSError(0, f"{found}, not a file")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: the plug-in cannot be read ({error.strerror}).",
            "Correct the path; those in a market file start from the market file's folder.",
        ) from None


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


_LOADED: dict[tuple[Path, str], Plugin] = {}
_ALLOWED: set[str] = set()


# ---- faults


@contextmanager
def blamed(origin: str, doing: str, *, every: bool = False, remedy: str = MEND) -> Iterator[None]:
    """Turn an exception of the body into a ``PluginError`` that names ``origin`` and its line.

    doing  what did not work, after the file and line: "cannot be loaded"
    every  also Paceline's own errors; else those say what the user asked wrongly or what the data
           lack, and pass, unless Paceline refused what the plug-in itself asked for
    """
    try:
        yield
    except PluginError:
        raise
    except (Exception, SystemExit) as error:
        line, inside = _place(error, origin)
        if isinstance(error, PacelineError) and not every:
            if inside or isinstance(error, DataError):
                raise
            raise PluginError(f"{origin}{line}: {error.message}", error.remedy) from error
        reason = " ".join(str(error).split())
        raise PluginError(
            f"{origin}{line}: {doing}: {type(error).__name__}{': ' if reason else ''}{reason}.",
            remedy,
        ) from error


def outside(function: Callable[..., Any]) -> bool:
    """Whether a function is written outside this package."""
    return str(getattr(function, "__module__", "")).partition(".")[0] != __package__


@contextmanager
def running(function: Callable[..., Any], what: str) -> Iterator[None]:
    """``blamed`` for a function of a plug-in; faults of the package's own functions pass."""
    if not outside(function):
        yield
        return
    with blamed(file_of(function), what):
        yield


def refuse(function: Callable[..., Any], what: str, fault: str) -> None:
    """Raise ``PluginError`` for something a plug-in returned, at the line its function begins."""
    line = getattr(getattr(function, "__code__", None), "co_firstlineno", "?")
    raise PluginError(f"{file_of(function)}:{line}: {what}: {fault}.", MEND)


def _place(error: BaseException, file: str) -> tuple[str, bool]:
    """Colon and line of the last frame inside the file; whether the error arose in that frame."""
    if isinstance(error, SyntaxError) and error.filename == file:
        return f":{error.lineno}", True
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == file]
    inside = bool(frames) and frames[-1].filename == file
    return (f":{lines[-1]}" if lines else ""), inside
