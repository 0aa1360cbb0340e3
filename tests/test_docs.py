"""The pages of the measures are those the declarations give, and the other pages hold together."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))

import generate  # noqa: E402 - docs/generate.py is a script beside the pages it writes

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
