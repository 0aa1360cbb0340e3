"""A call: what somebody said the market would do; and a ledger of them.

Records are only ever added. A mistake is put right by a further record with ``corrects = "id"`` and
the day it was ``recorded``; a change of mind of the speaker is a new call.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from paceline.errors import UnknownName, UsageError

Stance = Literal[
    "over",
    "under",
    "accumulate_on_dips",
    "level_target",
    "lead_change",
    "rotation",
    "consolidation",
    "headwind",
]
#: Stances that no price confirms or refutes by itself.
UNPRICED = ("consolidation", "headwind")
#: Older names of stances, still read.
FORMERLY = {"digestion": "consolidation"}
#: Fall from its high, after the call, at which a dip is bought if the call does not say.
DIP = 0.05
#: What joins the names of a list in one cell or value.
JOIN = ";"
#: Sessions of the longest horizon: more than any calendar has.
LONGEST_HORIZON = 1_000_000_000
#: Length of a value as it is shown in a message.
LONGEST_SHOWN = 80


class Call(BaseModel):
    """One call. Lists may be given as one name; each field says what it holds."""

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
        None, description="How a consolidation or headwind is measured by prices all the same."
    )
    assumed: tuple[str, ...] = Field(
        (), description="Fields the speaker did not state and the keeper chose."
    )
    corrects: str | None = Field(None, description="Id of the record this one puts right.")
    recorded: dt.date | None = Field(
        None, description="Day it was written down; a correction must say."
    )
    note: str = Field("", max_length=1000, description="The keeper's remark.")

    @field_validator("stance", mode="before")
    @classmethod
    def _stance(cls, value: object) -> object:
        return FORMERLY.get(value, value) if isinstance(value, str) else value

    @field_validator("baskets", "against", "assumed", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(JOIN) if part.strip())
        return tuple(value) if isinstance(value, list) else value

    @field_validator("horizon", mode="before")
    @classmethod
    def _horizon(cls, value: object) -> object:
        if isinstance(value, str):
            text = value.strip()
            return int(text) if text.isascii() and text.isdigit() else dt.date.fromisoformat(text)
        if isinstance(value, (bool, float)):
            raise ValueError("give a date or a whole number of sessions")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Call:
        for wrong, message in (*self._stanced(), *self._timed()):
            if wrong:
                raise ValueError(message)
        return self

    def _stanced(self) -> Iterator[tuple[bool, str]]:
        """(Whether it is wrong, what is wrong) of what its stance needs and may not have."""
        level_target = self.stance == "level_target"
        yield self.scorable and not self.baskets, f"stance {self.stance} needs baskets"
        yield (
            self.scorable and self.horizon is None,
            f"stance {self.stance} needs a horizon: a date or a number of sessions",
        )
        yield level_target and self.level is None, "a level_target needs its level"
        yield (
            level_target and (len(self.baskets) != 1 or bool(self.against)),
            "a level_target has one basket and no against",
        )
        yield not level_target and self.level is not None, "only a level_target has a level"
        yield (
            self.stance != "accumulate_on_dips" and self.dip is not None,
            "only accumulate_on_dips has a dip",
        )
        yield (
            self.stance not in UNPRICED and self.proxy is not None,
            "only a consolidation or headwind has a proxy",
        )
        yield (
            bool(set(self.baskets) & set(self.against)),
            "a basket cannot be measured against itself",
        )
        yield bool(set(self.assumed) - set(Call.model_fields)), "assumed lists names of fields"

    def _timed(self) -> Iterator[tuple[bool, str]]:
        """(Whether it is wrong, what is wrong) of its dates."""
        start = max(self.date, self.begins or self.date)
        yield (
            isinstance(self.horizon, dt.date) and self.horizon <= start,
            f"horizon {self.horizon} is not after the call's date {start}",
        )
        yield (
            isinstance(self.horizon, int) and self.horizon < 1,
            "a horizon has one session or more",
        )
        yield (
            isinstance(self.horizon, int) and self.horizon > LONGEST_HORIZON,
            f"a horizon has at most {LONGEST_HORIZON:,} sessions",
        )
        yield self.begins is not None and self.begins < self.date, "begins before the call's date"
        yield (
            self.corrects is not None and self.recorded is None,
            "a correction says when it was recorded",
        )
        yield (
            self.recorded is not None and self.recorded < self.date,
            "recorded before the call's date",
        )

    @property
    def sign(self) -> int:
        """+1 where the baskets are to do better (or rise to the level), -1 where worse."""
        return -1 if "under" in (self.stance, self.proxy) else 1

    @property
    def scorable(self) -> bool:
        """Whether prices can confirm or refute it, if only by a proxy."""
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


def check(rows: Sequence[Mapping[str, Any]], path: object) -> tuple[Call, ...]:
    """Rows as calls: every id once, corrections after what they correct, nothing corrected twice.

    Raises ``UsageError`` naming ``path``, record, field and what is accepted.
    """
    calls: dict[str, Call] = {}
    corrected: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        where = f"{path}: call {row.get('id') or number!r}"
        try:
            call = Call.model_validate(dict(row))
        except ValidationError as error:
            raise _explain(error, where) from None
        if call.id in calls:
            raise UsageError(f"{where}: the id stands twice.", "Give every call its own id.")
        if call.corrects is not None:
            if call.corrects not in calls:
                raise UsageError(
                    f"{where}: corrects {call.corrects!r}, which does not stand above it.",
                    str(UnknownName("call", call.corrects, calls)).partition(". ")[2],
                )
            if call.corrects in corrected:
                raise UsageError(
                    f"{where}: {call.corrects!r} is corrected already.",
                    f"Correct {corrected[call.corrects]!r} instead.",
                )
            corrected[call.corrects] = call.id
        calls[call.id] = call
    return tuple(calls.values())


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
    if len(shown) > LONGEST_SHOWN:
        shown = shown[: LONGEST_SHOWN - 3] + "..."
    return UsageError(f"{where}: {key}: {message}{more}.", f"Found {shown}.")
