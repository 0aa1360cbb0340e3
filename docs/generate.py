"""Write the pages that follow from declarations: docs/measures/*.md, market-file.md, tables.md.

python docs/generate.py            write the pages, remove those of measures that are gone
python docs/generate.py --check    exit 1 and name the pages that are not up to date
python docs/generate.py FILE.py    write the pages of a plug-in's measures beside it; runs the file
"""

from __future__ import annotations

import sys
from pathlib import Path

import reference

from paceline import measures, plugins
from paceline.measures import Measure

FOLDER = Path(__file__).parent / "measures"
OF = {
    "levels": "index levels of baskets, their whole history",
    "basket": "the members of baskets",
    "pair": "two baskets",
    "market": "the whole market",
}


def kind(annotation: object) -> str:
    """A type as people write it."""
    text = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return text.replace("typing.", "")


def rows(pairs: list[tuple[str, ...]]) -> str:
    """Rows of a Markdown table."""
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in pair) + " |"
        for pair in pairs
    )


def page(m: Measure) -> str:
    """The page of one measure."""
    summary, _, rest = m.doc.partition("\n\n")
    unit = m.unit if isinstance(m.unit, str) else ", ".join(f"{k}: {v}" for k, v in m.unit.items())
    sessions = m.lookback(m.defaults())
    blank = "Blank below" if m.shows == "series" else "Blank or said below"
    facts = [
        ("Looks at", OF[m.of]),
        ("Needs", ", ".join(m.needs) or "levels only"),
        ("Unit", unit),
        ("Shape", m.shows),
        ("Bounds", "none" if m.bounds is None else f"{m.bounds[0]:g} to {m.bounds[1]:g}"),
        (
            "Sessions a value needs",
            "all of history" if sessions is None else f"{sessions} with the defaults",
        ),
        (blank, f"{m.coverage:.0%} of the members with data"),
        (
            "Causal",
            "yes: later sessions change no earlier value"
            if m.causal
            else "**no**: description only",
        ),
    ]
    if m.of in ("levels", "pair"):
        facts = [f for f in facts if f[0] != blank]
    parts = [
        f"# {m.name}",
        f"*{m.question}*",
        " ".join(summary.split()),
        "| | |\n|---|---|\n" + rows(facts),
    ]
    if rest.strip():
        parts += ["## Definition", f"```text\n{rest.strip()}\n```"]
    if m.params:
        notes = m.notes()
        listed = [
            (f"`{n}`", f"`{kind(p.annotation)}`", f"`{p.default!r}`", notes.get(n, ""))
            for n, p in m.params.items()
        ]
        parts += [
            "## Parameters",
            "| name | type | default | meaning |\n|---|---|---|---|\n" + rows(listed),
            f"On the command line `--{next(iter(m.params)).replace('_', '-')}`, "
            f"in a market file under `[measures.{m.name}]`, in Python a keyword.",
        ]
    if m.never:
        parts += ["## Not to be said from it", m.never]
    if m.references:
        parts += ["## Sources", "\n".join(f"- {r}" for r in m.references)]
    parts += ["## Ask", f"```sh\npaceline show {m.name}\n```"]
    return "\n\n".join(parts) + "\n"


def pages() -> dict[str, str]:
    """File name to text, the list of measures included."""
    found = measures.discover()
    files = {f"{name}.md": page(m) for name, m in found.items()}
    listed = [(f"[{name}]({name}.md)", m.question, OF[m.of]) for name, m in found.items()]
    own = (
        "# Measures\n\nWritten by `make docs` from the declarations in `src/paceline/measures/`; "
        "edit those, not these pages."
    )
    files["README.md"] = (
        f"{own}\n\n| measure | question | looks at |\n|---|---|---|\n{rows(listed)}\n"
    )
    return files


def stale(folder: Path = FOLDER) -> list[str]:
    """Names of pages that are missing, differ or belong to no measure."""
    wanted = pages()
    there = {p.name: p.read_text(encoding="utf-8") for p in folder.glob("*.md")}
    return sorted(
        name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name)
    )


def beside(file: str) -> list[Path]:
    """Write a page for every measure of a plug-in file into its folder; naming it allows it."""
    plugin = plugins.load(plugins.allow([file]))
    found = measures.discover(plugin)
    written = [Path(file).with_name(f"{name}.md") for name in found.keys() - measures.discover()]
    for path in written:
        path.write_text(page(found[path.stem]), encoding="utf-8")
    return written


def main(argv: list[str]) -> int:
    if argv == ["--check"]:
        old = [*stale(), *reference.stale()]
        if old:
            sys.stderr.write(f"not up to date in docs/: {', '.join(old)}. Run `make docs`.\n")
        return int(bool(old))
    if argv:
        for file in argv:
            beside(file)
        return 0
    FOLDER.mkdir(exist_ok=True)
    wanted = pages()
    for path in FOLDER.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    for name, text in reference.pages().items():
        (reference.FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
