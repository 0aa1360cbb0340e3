"""Print requirements for the job with the lowest versions.

Every direct dependency stands at its bound in pyproject.toml, and what the tests themselves need
as requirements-dev.txt pins it. Indirect dependencies stay pip's choice.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: The extras that the tests use.
EXTRAS = ("pandas", "excel", "cores", "factcheck", "docx")


def lowest(project: dict) -> list[str]:
    """``name==version`` for each ``name>=version``; a bound of another kind is an error."""
    wanted = [*project["dependencies"]]
    for extra in EXTRAS:
        wanted += project["optional-dependencies"][extra]
    found = [re.fullmatch(r"([\w.-]+)>=([\d.]+)", line) for line in wanted]
    if None in found:
        sys.exit(f"pyproject.toml: {wanted[found.index(None)]!r} states no lowest version.")
    return [f"{match[1]}=={match[2]}" for match in found]


def tools(pins: str, but: list[str]) -> list[str]:
    """The pinned lines of packages that are not pinned already."""
    names = {line.split("==")[0].lower() for line in but}
    lines = [line for line in pins.splitlines() if "==" in line]
    return [line for line in lines if line.split("==")[0].lower() not in names]


if __name__ == "__main__":
    direct = lowest(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"])
    print("\n".join([*direct, *tools((ROOT / "requirements-dev.txt").read_text("utf-8"), direct)]))
