"""The ledger of calls: a TOML file of ``[[call]]`` tables, or a CSV file with one row per call.

Records are only ever added. A mistake is put right by a further record with ``corrects = "id"`` and
the day it was ``recorded``; a change of mind of the speaker is a new call."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import os
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from paceline.errors import DataError, UnknownName, UsageError

Stance = Literal[
    "over",
    "under",
    "accumulate_on_dips",
    "level_target",
    "lead_change",
    "rotation",
    "digestion",
    "headwind",
]
#: Stances that no price confirms or refutes by itself.
UNPRICED = ("digestion", "headwind")
#: Fall from its high, after the call, at which a dip is bought if the call does not say.
DIP = 0.05
#: What joins the names of a list in a CSV cell.
JOIN = ";"


class Call(BaseModel):
    """One call. Lists may be given as one name. ``Field`` descriptions are the documentation of the columns."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    id: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        max_length=80,
        description="Name of the record, unique.",
    )
    who: str = Field(min_length=1, max_length=200, description="Who said it.")
    house: str = Field("", max_length=200, description="For whom: bank, fund, paper.")
    date: dt.date = Field(description="Day it was said; it counts from the first close after.")
    source: str = Field("", max_length=1000, description="Where it stands.")
    words: str = Field(min_length=1, max_length=4000, description="What was said.")
    stance: Stance = Field(description="What kind of call it is.")
    baskets: tuple[str, ...] = Field(
        (), description="What is to do it; several count as one, in equal parts."
    )
    against: tuple[str, ...] = Field(
        (), description="Against what. Default: the market's benchmark."
    )
    level: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="The level of a level_target."
    )
    horizon: dt.date | int | None = Field(
        None, description="Due on this day, or after this many sessions."
    )
    begins: dt.date | None = Field(
        None, description="First day it applies, if later than the day after."
    )
    dip: float | None = Field(
        None, gt=0, lt=0.9, description="Fall from the high that counts as a dip: 0.05."
    )
    conviction: Literal["low", "medium", "high"] | None = Field(None, description="As stated.")
    proxy: Literal["over", "under"] | None = Field(
        None, description="How a digestion or headwind is measured by prices all the same."
    )
    assumed: tuple[str, ...] = Field(
        (), description="Fields the speaker did not state and the keeper chose."
    )
    corrects: str | None = Field(None, description="Id of the record this one puts right.")
    recorded: dt.date | None = Field(
        None, description="Day it was written down; a correction must say."
    )
    note: str = Field("", max_length=1000, description="The keeper's remark.")

    @field_validator("baskets", "against", "assumed", mode="before")
    @classmethod
    def _list(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(JOIN) if part.strip())
        return tuple(value) if isinstance(value, list) else value

    @field_validator("horizon", mode="before")
    @classmethod
    def _horizon(cls, value: Any) -> Any:
        if isinstance(value, str):
            text = value.strip()
            return int(text) if text.isascii() and text.isdigit() else dt.date.fromisoformat(text)
        if isinstance(value, (bool, float)):
            raise ValueError("give a date or a whole number of sessions")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Call:
        priced = self.stance not in UNPRICED or self.proxy is not None
        start = max(self.date, self.begins or self.date)
        faults = [
            (priced and not self.baskets, f"stance {self.stance} needs baskets"),
            (
                priced and self.horizon is None,
                f"stance {self.stance} needs a horizon: a date or a number of sessions",
            ),
            (
                isinstance(self.horizon, dt.date) and self.horizon <= start,
                f"horizon {self.horizon} is not after the call's date {start}",
            ),
            (
                isinstance(self.horizon, int) and self.horizon < 1,
                "a horizon has one session or more",
            ),
            (self.begins is not None and self.begins < self.date, "begins before the call's date"),
            (
                self.stance == "level_target" and self.level is None,
                "a level_target needs its level",
            ),
            (
                self.stance == "level_target" and (len(self.baskets) != 1 or bool(self.against)),
                "a level_target has one basket and no against",
            ),
            (
                self.stance != "level_target" and self.level is not None,
                "only a level_target has a level",
            ),
            (
                self.stance != "accumulate_on_dips" and self.dip is not None,
                "only accumulate_on_dips has a dip",
            ),
            (
                self.stance not in UNPRICED and self.proxy is not None,
                "only a digestion or headwind has a proxy",
            ),
            (
                bool(set(self.baskets) & set(self.against)),
                "a basket cannot be measured against itself",
            ),
            (bool(set(self.assumed) - set(Call.model_fields)), "assumed lists names of fields"),
            (
                self.corrects is not None and self.recorded is None,
                "a correction says when it was recorded",
            ),
            (
                self.recorded is not None and self.recorded < self.date,
                "recorded before the call's date",
            ),
        ]
        for wrong, message in faults:
            if wrong:
                raise ValueError(message)
        return self

    @property
    def sign(self) -> int:
        """+1 where the baskets are to do better (or rise to the level), -1 where worse."""
        return -1 if "under" in (self.stance, self.proxy) else 1

    @property
    def scorable(self) -> bool:
        return self.stance not in UNPRICED or self.proxy is not None

    @property
    def counted(self) -> bool:
        """Whether it counts in a person's record: a keeper's proxy does not."""
        return self.stance not in UNPRICED

    @property
    def written(self) -> dt.date:
        """The day the record was there to be read."""
        return self.recorded or self.date


@dataclass(frozen=True)
class Ledger:
    """All records of a file, in its order; ``checksum`` is that of its bytes."""

    name: str
    calls: tuple[Call, ...]
    checksum: str

    def known(self, day: dt.date) -> Ledger:
        """The ledger as it could be read on ``day``."""
        return Ledger(
            self.name, tuple(c for c in self.calls if max(c.date, c.written) <= day), self.checksum
        )

    @property
    def corrected(self) -> dict[str, str]:
        """Id of a record to the id of the one that puts it right."""
        return {c.corrects: c.id for c in self.calls if c.corrects}


def read(path: str | Path) -> Ledger:
    """Read and check a ledger. Raises ``UsageError`` naming file, record, field and what is accepted."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(
            f"{path}: no such ledger of calls.",
            "Give a TOML or CSV file; `paceline calls add` starts one.",
        ) from None
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}).", "Give a readable file."
        ) from None
    return Ledger(path.name, check(_rows(path, data), path), hashlib.sha256(data).hexdigest())


def _rows(path: Path, data: bytes) -> list[dict[str, Any]]:
    try:
        text = data.decode("utf-8-sig")
        if path.suffix.lower() == ".csv":
            return _cells(path, csv.DictReader(io.StringIO(text), strict=True, restkey=""))
        raw = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, csv.Error) as error:
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
    found = []
    for row in rows:
        if "" in row:
            raise UsageError(
                f"{path}: call {row.get('id')!r}: more cells than there are columns.",
                "Put quotes around a cell that holds a comma.",
            )
        found.append({k: v for k, v in row.items() if v not in ("", None)})
    return found


def check(rows: Sequence[Mapping[str, Any]], path: str | Path) -> tuple[Call, ...]:
    """Rows as calls; every id once, every correction after what it corrects, nothing corrected twice."""
    calls: list[Call] = []
    seen: dict[str, Call] = {}
    corrected: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        where = f"{path}: call {row.get('id') or number!r}"
        try:
            call = Call.model_validate(dict(row))
        except ValidationError as error:
            raise _explain(error, where) from None
        if call.id in seen:
            raise UsageError(f"{where}: the id stands twice.", "Give every call its own id.")
        if call.corrects is not None:
            if call.corrects not in seen:
                raise UsageError(
                    f"{where}: corrects {call.corrects!r}, which does not stand above it.",
                    str(UnknownName("call", call.corrects, seen)).partition(". ")[2],
                )
            if call.corrects in corrected:
                raise UsageError(
                    f"{where}: {call.corrects!r} is corrected already.",
                    f"Correct {corrected[call.corrects]!r} instead.",
                )
            corrected[call.corrects] = call.id
        seen[call.id] = call
        calls.append(call)
    return tuple(calls)


def _explain(error: ValidationError, where: str) -> UsageError:
    first = error.errors()[0]
    key = str(first["loc"][0]) if first["loc"] else ""
    message = first["msg"].removeprefix("Value error, ")
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    fields = list(Call.model_fields)
    if first["type"] == "extra_forbidden":
        near = get_close_matches(key, fields, n=1)
        return UsageError(
            f"{where}: unknown field {key!r}{more}.",
            (f"Did you mean {near[0]!r}? " if near else "") + f"Fields: {', '.join(fields)}.",
        )
    if first["type"] == "missing":
        return UsageError(
            f"{where}: the field {key!r} is missing{more}.", str(Call.model_fields[key].description)
        )
    if not key:
        return UsageError(
            f"{where}: {message}{more}.", "docs/calls.md says what each stance needs."
        )
    shown = repr(first.get("input"))
    return UsageError(
        f"{where}: {key}: {message}{more}.",
        f"Found {shown if len(shown) < 80 else shown[:77] + '...'}.",
    )


# ---- writing
# -------------------------------------------------------------------------------------------


def add(path: str | Path, record: Mapping[str, Any]) -> Call:
    """Check a record together with all that stand in the file, and append it; whole or not at all.

    The file is made if it is not there. Raises ``UsageError`` for a record that does not hold,
    ``DataError`` for a file that cannot be written or that somebody else is writing."""
    path = Path(path)
    given = {k: v for k, v in record.items() if v not in (None, "", (), [])}
    with _alone(path):
        data = path.read_bytes() if path.exists() else b""
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
        _replace(path, text)
    return call


def correct(path: str | Path, wrong: str, changes: Mapping[str, Any], *, recorded: dt.date) -> Call:
    """Append a record that puts ``wrong`` right in the fields of ``changes``; the original stays."""
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


def _replace(path: Path, text: str) -> None:
    half: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        half = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        half.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        half.replace(path)
    except OSError as error:
        if half is not None:
            with suppress(OSError):
                half.unlink()
        raise DataError(
            f"{path}: cannot be written ({error.strerror}).", "Free space or permit writing."
        ) from None


def _toml(text: str, record: Mapping[str, Any]) -> str:
    lines = [f"{name} = {_toml_value(value)}" for name, value in record.items()]
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}[[call]]\n" + "\n".join(lines) + "\n"


def _toml_value(value: Any) -> str:
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
    writer.writerows([*rows, row])
    return out.getvalue()
