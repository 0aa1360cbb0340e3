"""What values of a market file are made of: names, lists of names, amounts; strict tables."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

#: A name of something, or several of them.
Name = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Names = Annotated[list[Name], Field(min_length=1)]
#: A price, a cap, a difference: none is negative.
Amount = Annotated[float, Field(ge=0)]


class Strict(BaseModel):
    """A table whose keys are all declared, and whose numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_number_of_truth(cls, value: object, info: ValidationInfo) -> object:
        """``true`` is no 1, though Python counts with it."""
        said = str(cls.model_fields[str(info.field_name)].annotation)
        inside = list(value.values()) if isinstance(value, dict) and "float" in said else value
        every = [value, *inside] if isinstance(inside, list) else [value]
        if any(isinstance(v, bool) for v in every) and "bool" not in said and "Any" not in said:
            raise ValueError("true and false are no values of this setting")
        return value


def listed(value: list[str] | str | None) -> list[str]:
    """None, one name or several, as a list."""
    return [] if value is None else [value] if isinstance(value, str) else list(value)
