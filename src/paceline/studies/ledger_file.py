"""The file of a ledger of calls: TOML with ``[[call]]`` tables, or CSV with one row per call.

Records are only ever added: adding and correcting keep every earlier record.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from paceline import doors, toml
from paceline.errors import DataError, UnknownName, UsageError
from paceline.methods.call import JOIN, Call, Ledger, check
from paceline.writing import write_text


def read(path: str | Path) -> Ledger:
    """Read and check a ledger.

    Raises ``UsageError`` naming file, record, field and what is accepted, ``DataError`` for a file
    that cannot be read.
    """
    path = Path(path)
    try:
        data = doors.read_bytes(path, DataError, doors.LARGEST_TEXT)
    except FileNotFoundError:
        raise UsageError(
            f"{path}: no such ledger of calls.",
            "Give a TOML or CSV file; `paceline calls add` starts one.",
        ) from None
    return Ledger(path.name, check(_rows(path, data), path), hashlib.sha256(data).hexdigest())


def _rows(path: Path, data: bytes) -> list[dict[str, Any]]:
    try:
        text = data.decode("utf-8-sig")
        if path.suffix.lower() == ".csv":
            return _cells(path, csv.DictReader(io.StringIO(text), strict=True, restkey=""))
        raw = toml.parsed(text)
    except (ValueError, csv.Error) as error:
        raise UsageError(
            f"{path}: not a readable ledger ({error}).", "Give UTF-8 TOML or CSV."
        ) from None
    rows = raw.get("call", [])
    if (
        set(raw) - {"call"}
        or not isinstance(rows, list)
        or not all(isinstance(r, dict) for r in rows)
    ):
        raise UsageError(
            f"{path}: a ledger holds [[call]] tables and nothing else.",
            "Write each call as a table [[call]].",
        )
    return rows


def _cells(path: Path, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    filled = []
    for row in rows:
        if "" in row:
            raise UsageError(
                f"{path}: call {row.get('id')!r}: more cells than there are columns.",
                "Put quotes around a cell that holds a comma.",
            )
        filled.append({k: doors.plain(v) for k, v in row.items() if v not in ("", None)})
    return filled


def add(path: str | Path, record: Mapping[str, Any]) -> Call:
    """Check a record together with all that stand in the file, and append it; whole or not at all.

    The file is made if it is not there. Raises ``UsageError`` for a record that does not hold,
    ``DataError`` for a file that cannot be written or that somebody else is writing.
    """
    path = Path(path)
    given = {k: v for k, v in record.items() if v not in (None, "", (), [])}
    with _alone(path):
        doors.check_target(path, "the ledger", "calls.toml")
        data = doors.read_bytes(path, DataError, doors.LARGEST_TEXT) if path.exists() else b""
        rows = _rows(path, data)
        call = check([*rows, given], path)[-1]
        plain = {
            k: v
            for k, v in call.model_dump(exclude_defaults=True).items()
            if v not in (None, "", ())
        }
        text = (
            _csv(rows, plain)
            if path.suffix.lower() == ".csv"
            else _toml(data.decode("utf-8-sig"), plain)
        )
        check(_rows(path, text.encode()), path)  # what is written must read back
        write_text(path, text)
    return call


def correct(path: str | Path, wrong: str, changes: Mapping[str, Any], *, recorded: dt.date) -> Call:
    """Append a record that puts ``wrong`` right in the fields of ``changes``; the original stays.

    Raises ``UnknownName`` for an id that is not there, ``UsageError`` for changes that do not hold.
    """
    ledger = read(path)
    by_id = {c.id: c for c in ledger.calls}
    if wrong not in by_id:
        raise UnknownName("call", wrong, by_id)
    given = {k: v for k, v in changes.items() if v not in (None, "", (), [])}
    if not given:
        raise UsageError(
            f"{path}: nothing to correct in {wrong!r}.",
            "Name at least one field and its right value.",
        )
    number = 2
    while f"{wrong}.{number}" in by_id:
        number += 1
    old = by_id[wrong].model_dump(exclude_defaults=True)
    return add(
        path, {**old, "id": f"{wrong}.{number}", **given, "corrects": wrong, "recorded": recorded}
    )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else writes the file meanwhile: two writers would each drop the other's record."""
    lock = path.with_name(f".{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        raise DataError(
            f"{path}: is being written by somebody else.",
            f"Try again; if nobody is, remove {lock}.",
        ) from None
    except OSError as error:
        raise DataError(
            f"{path}: cannot be written ({error.strerror}).", "Permit writing there."
        ) from None
    try:
        yield
    finally:
        with suppress(OSError):
            lock.unlink()


def _toml(text: str, record: Mapping[str, Any]) -> str:
    lines = [f"{name} = {_toml_value(value)}" for name, value in record.items()]
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}[[call]]\n" + "\n".join(lines) + "\n"


def _toml_value(value: object) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml_value(v) for v in value) + "]"
    # a JSON string is a TOML string, but for the one control character JSON lets pass
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)


def _csv(rows: Sequence[Mapping[str, Any]], record: Mapping[str, Any]) -> str:
    row = {k: JOIN.join(v) if isinstance(v, tuple) else v for k, v in record.items()}
    columns = [name for name in Call.model_fields if any(name in r for r in (*rows, row))]
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: doors.neutral(v) for k, v in r.items()} for r in [*rows, row])
    return out.getvalue()
