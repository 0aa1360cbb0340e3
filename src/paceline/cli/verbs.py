"""The verbs except ``show``'s options, which are built from the measures in ``cli/show.py``."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from paceline.cli.options import (
    READ_ONLY,
    When,
    Where,
    cell,
    flag,
    json_text,
    note,
    open_market,
    progress,
    say,
    say_age,
    say_json,
)
from paceline.cli.tables import say_table
from paceline.doors import check_folder, check_target, impossible
from paceline.errors import PacelineError, UsageError
from paceline.wording import number_of

if TYPE_CHECKING:
    import polars as pl

    from paceline.api import OpenMarket

AsJson = Annotated[bool, flag("Print JSON.", "--json")]
#: Imports that changed what was stated which ``doctor`` shows.
CHANGES = 12
Kind = Literal["baskets", "groups", "rotations", "measures", "universes", "sources"]


def init(
    path: Path = Path("market.toml"),
    /,
    *,
    force: Annotated[bool, flag("Overwrite an existing file.")] = False,
) -> int:
    """Write a commented market file to ``path``."""
    from importlib import resources

    from paceline.writing import write_text

    if not impossible(path) and path.is_dir():
        path = path / "market.toml"
    check_target(path, "init", "market.toml")
    if path.exists() and not force:
        raise UsageError(f"{path} exists.", "Name another file, or add --force to overwrite it.")
    write_text(
        path, (resources.files("paceline") / "data" / "demo.toml").read_text(encoding="utf-8")
    )
    then = shlex.join(["paceline", "import", "--market", str(path)])
    say(f"{path} written. Next: edit it, then `{then}`.")
    return 0


def import_(
    *, source: list[str] | None = None, json: AsJson = False, where: Where | None = None
) -> int:
    """Read the declared sources into the store.

    Parameters
    ----------
    source
        Only this source (repeatable). Default: all.
    """
    market = open_market(where or Where())
    with progress() as bar:
        done = market.import_(bar, source)
    if json:
        say_json(done)
        return 0
    columns = ["source", "load", "rows", "added", "changed", "withdrawn"]
    columns += ["quarantined", "findings", "seconds"]
    rows = [
        [cell(row[c]) for c in columns]
        for row in (d | {"load": d["load"] or "unchanged"} for d in done)
    ]
    say_table(columns, rows)
    if any(d["quarantined"] or d["findings"] for d in done):
        note("`paceline doctor` shows what was found and what was set aside.")
    return 0


def doctor(
    *,
    json: AsJson = False,
    deep: Annotated[bool, flag("First read every byte of the store, as `check` does.")] = False,
    where: When | None = None,
) -> int:
    """Show the faults found in the data, and what later imports changed or withdrew.

    Exit code 1 if rows were quarantined.
    """
    if deep and (against := _deep(where, json=json)):
        return against
    market = open_market(where or When())
    with progress() as bar:
        market.ensure(bar)
    findings, quarantine, changes = market.findings(), market.quarantine(), market.changes()
    if json:
        tables = {"findings": findings, "quarantine": quarantine, "changes": changes}
        told: dict[str, Any] = {name: table.to_dicts() for name, table in tables.items()}
        with suppress(PacelineError):  # a market without prices has no age; the findings say so
            told["age"] = market.age.to_json()
        say_json(told)
        return int(not quarantine.is_empty())
    wanted = [
        c
        for c in ("load", "source", "check", "count", "action", "example", "remedy")
        if c in findings.columns
    ]
    say_table(wanted, [[cell(row[c]) for c in wanted] for row in findings.to_dicts()], "Findings")
    _say_changes(changes.to_dicts())
    for sentence in market.stored.outdated:
        note(sentence)
    if quarantine.is_empty():
        say("Nothing was quarantined.")
    else:
        counted = by_reason(quarantine)
        rows = [[cell(v) for v in row.values()] for row in counted.to_dicts()]
        say_table(counted.columns, rows, "Quarantined")
    with suppress(PacelineError):
        say_age(market)
    return int(not quarantine.is_empty())


def by_reason(quarantine: pl.DataFrame) -> pl.DataFrame:
    """Rows set aside, counted: source, table, reason, rows.

    Reasons that differ only in the cell that was read are one, told by the first.
    """
    import polars as pl

    kind = pl.coalesce(pl.col("reason").str.extract(r"^(.*? is not a \w+): "), "reason")
    keys = ["source", "table", kind.alias("kind")]
    several = pl.col("reason").n_unique() > 1
    told = pl.col("reason").first() + pl.when(several).then(pl.lit(", ...")).otherwise(pl.lit(""))
    counted = quarantine.group_by(keys, maintain_order=True).agg(told, rows=pl.len())
    return counted.drop("kind")


def _say_changes(changes: list[dict[str, Any]]) -> None:
    """What imports changed of what was stated before, newest first."""
    if not changes:
        return
    columns = ["load", "source", "table", "changed", "withdrawn", "what"]
    rows = [
        [cell("; ".join(row[c]) if c == "what" else row[c]) for c in columns]
        for row in changes[:CHANGES]
    ]
    say_table(columns, rows, "Changed and withdrawn by later imports")
    if len(changes) > CHANGES:
        older = number_of(len(changes) - CHANGES, "older one")
        note(f"{older}: `paceline doctor --json` lists them all.")


def _deep(where: When | None, *, json: bool) -> int:
    """``check`` before ``doctor``; a damaged store is all there is to say."""
    from paceline.cli import stores

    here = where or When()
    plain = Where(market=here.market, data=here.data, store=here.store, debug=here.debug)
    return stores.check(json=json, where=plain) if not json else stores.quiet(plain)


def list_(kind: Kind | None = None, /, *, json: AsJson = False, where: Where | None = None) -> int:
    """List the names a market offers.

    Parameters
    ----------
    kind
        Only this kind. Default: all.
    """
    names = open_market(where or Where()).names()
    chosen = {kind: names[kind]} if kind else names
    if json:
        say_json(
            {k: [{"name": n, "label": label} for n, label in pairs] for k, pairs in chosen.items()}
        )
        return 0
    for title, pairs in chosen.items():
        if kind is None:
            say(f"{title}:")
        width = max((len(name) for name, _ in pairs), default=0)
        for name, label in pairs:
            say(f"  {name:{width}}  {label if label != name else ''}".rstrip())
    return 0


def show(measure: str, /) -> int:
    """Show one measure as a table, as JSON or CSV, or as a picture.

    `paceline show --help` lists the measures.
    """
    raise AssertionError(f"{measure}: main() hands show to cli/show.py")


def report(
    *,
    out: Path = Path("out/report.html"),
    json: Annotated[Path | None, Parameter(name="--json")] = None,
    csv: Annotated[Path | None, Parameter(name="--csv")] = None,
    markdown: Annotated[Path | None, Parameter(name="--markdown")] = None,
    sections: Literal["main", "all"] = "main",
    quiet: Annotated[bool, flag("Print only the report's path and its headline.")] = False,
    where: When | None = None,
) -> int:
    """Write the report: one self-contained HTML file, with its manifest beside it.

    Parameters
    ----------
    out
        The HTML file.
    json
        Also write every figure to this JSON file.
    csv
        Also write one CSV per table into this folder.
    markdown
        Also write page one as Markdown, to paste, to this file.
    sections
        `main` folds what lies behind each section's first charts and first table, and leaves it out
        on paper; `all` folds nothing, and adds the sections that are built only when asked for.
    """
    from paceline import record
    from paceline import report as pages
    from paceline.market.commands import notice
    from paceline.report import terminal

    manifest = _targets(out, json, csv, markdown)
    market = open_market(where or When())
    with progress() as bar:
        market.ensure(bar)
        whole = sections == "all"
        earlier = record.previous_report(out, market.as_of)
        document = record.report(market, bar, earlier, whole=whole)
        pages.write(document, out, whole=whole, drawing=_library(market))
        written = [out]
        if json is not None:
            written.append(pages.write_json(document, json))
        if csv is not None:
            written += pages.to_csv(document, csv)
        if markdown is not None:
            written.append(pages.write_markdown(document, markdown))
        record.write_manifest(document, manifest, written)
    if not quiet:
        terminal.summary(document, notice=notice(market, here=True))
    if not market.store.writable:
        note(READ_ONLY)
    say(f"Report: {out}")
    for sentence in document.headline if quiet else ():  # the summary begins with it
        say(sentence.text)
    return 0


def _library(market: OpenMarket) -> str:
    """The drawing library as it stands in a page, packed once for a store."""
    from paceline import report as pages
    from paceline.studies.kept import kept

    version = metadata.version("plotly")
    return kept(market.store.cache, "library", pages.__name__, [version], pages.library, keep=1)


def _targets(out: Path, json: Path | None, csv: Path | None, markdown: Path | None) -> Path:
    """The manifest's place beside the report, after every file to be written was checked."""
    manifest = out.with_suffix(".manifest.json") if out.name else out
    check_target(out, "--out")
    check_target(manifest, "the manifest beside --out", "report.manifest.json")
    if json is not None:
        check_target(json, "--json", "report.json")
    if csv is not None:
        check_folder(csv, "--csv")
    if markdown is not None:
        check_target(markdown, "--markdown", "page-one.md")
    return manifest


def trace(figure: str, /, *, json: AsJson = False, where: Where | None = None) -> int:
    """Show where a figure comes from, down to the bytes, and the command that reproduces it.

    Parameters
    ----------
    figure
        The figure's id: on its card in the report, or `figure` in any JSON row.
    """
    from paceline import record

    step = record.trace(figure, open_market(where or Where()))
    if json:
        say_json(step)
        return 0
    for line in _lines(step):
        say(line)
    if step.get("command"):
        say(f"\nReproduce it with: {step['command']}")
    return 0


def _lines(step: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """A step, its parameters and, deeper, what it rests on; lines are never cut to the terminal."""
    margin = "    " * depth
    yield f"{margin}{step['name']}  {step['id']}"
    for name, value in (step.get("params") or {}).items():
        if value not in (None, "", [], {}):
            shown = value if isinstance(value, str) else json_text(value)
            yield f"{margin}  {name} = {shown}"
    for parent in step.get("parents") or ():
        yield from _lines(parent, depth + 1)


def verify(manifest: Path, /, *, json: AsJson = False, where: Where | None = None) -> int:
    """Recompute the figures of a report. Exit code 1 if a value, the manifest or a page differs.

    Parameters
    ----------
    manifest
        The file written beside a report, e.g. out/report.manifest.json.
    """
    from paceline import record

    old, where = record.read_manifest(manifest), where or Where()
    market = None  # the manifest knows its market, store and day
    if where.market or where.data or where.store:
        market = record.market_of(old, where.market, data=where.data, store=where.store)
    with progress() as bar:
        if bar:
            bar("recomputing every figure", 0.0)
        different = record.verify(manifest, market)
    if json:
        say_json(different)
    elif different:
        columns = list(dict.fromkeys(key for row in different for key in row))
        say_table(
            columns, [[cell(row.get(c)) for c in columns] for row in different], "What differs"
        )
    else:
        say("Every figure is the same.")
    return int(bool(different))
