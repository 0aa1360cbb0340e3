"""The pages of the measures are those the declarations give, and the other pages hold together."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from paceline import schema
from paceline.config import MarketFile
from paceline.sources.files import _columns

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))

import generate  # noqa: E402 - docs/generate.py is a script beside the pages it writes
import reference  # noqa: E402 - likewise

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *(p for p in sorted((ROOT / "docs").rglob("*.md")) if p.parent.name != "measures"),
]


def test_the_pages_of_the_measures_are_up_to_date() -> None:
    assert generate.stale() == [], "run `make docs`"


def test_a_stale_page_is_seen(tmp_path: Path) -> None:
    wanted = generate.pages()
    for name, text in wanted.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert generate.stale(tmp_path) == []
    changed, gone = list(wanted)[:2]
    (tmp_path / changed).write_text(wanted[changed] + "\nedited by hand\n", encoding="utf-8")
    (tmp_path / gone).unlink()
    (tmp_path / "no_measure.md").write_text("left over", encoding="utf-8")
    assert generate.stale(tmp_path) == sorted([changed, gone, "no_measure.md"])


def test_the_pages_of_the_market_file_and_the_tables_are_up_to_date(tmp_path: Path) -> None:
    assert reference.stale() == [], "run `make docs`"
    for name, text in reference.pages().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "tables.md").write_text("edited by hand", encoding="utf-8")
    (tmp_path / "market-file.md").unlink()
    assert reference.stale(tmp_path) == ["market-file.md", "tables.md"]


def models(model: type[BaseModel], seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """A table of the market file and all that lie within it."""
    if model not in seen:
        seen.add(model)
        for field in model.model_fields.values():
            todo: list[Any] = [field.annotation]
            while todo:
                kind = todo.pop()
                todo += get_args(kind)
                if isinstance(kind, type) and issubclass(kind, BaseModel):
                    models(kind, seen)
    return seen


def test_every_table_of_the_market_file_is_on_its_page() -> None:
    """Those found by walking the declarations are those that the page lists."""
    listed = {model for _, model, _ in reference.TABLES if model is not None}
    assert models(MarketFile, set()) - {MarketFile} <= listed
    text = reference.market_file()
    for model in models(MarketFile, set()):
        assert [k for k in model.model_fields if f"\n| `{k}` |" not in text] == []


class Undescribed(BaseModel):
    told: int = 1
    """It is described."""
    untold: int = 2


def test_a_key_without_a_description_fails() -> None:
    with pytest.raises(KeyError, match="untold"):
        list(reference.keys(Undescribed))


def test_every_column_of_every_table_is_on_its_page() -> None:
    text = reference.tables()
    for name in (n for n in schema.TABLES if n != "sessions"):
        section = text.split(f"\n## {name}\n")[1].split("\n## ")[0]
        wanted = set(_columns.targets(schema.table(name))) - {"known"}
        assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == wanted


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_inside_the_project_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    assert [p.name for p in folder.glob("0*.md") if f"({p.name})" not in listed] == []


def test_the_design_names_every_part_of_the_package() -> None:
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    source = ROOT / "src" / "paceline"
    parts = {p.stem for p in source.glob("[a-z]*.py")} | {
        p.parent.name for p in source.glob("*/*.py")
    }
    parts -= {"paceline", "__init__", "__main__"}
    assert (
        sorted(part for part in parts if f"`{part}`" not in text and f"`{part}/`" not in text) == []
    )
