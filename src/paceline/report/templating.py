"""The environment of the report's templates: everything is escaped, nothing may be undefined."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_FOLDER = Path(__file__).parent / "templates"


def environment() -> Environment:
    """A new environment over the folder of templates."""
    return Environment(
        loader=PackageLoader("paceline.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


def verbatim(name: str) -> Markup:
    """A style sheet or script of the folder, as it is."""
    return Markup((_FOLDER / name).read_text("utf-8"))  # noqa: S704  our own file
