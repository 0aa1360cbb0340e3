"""Data quality: the findings of the imports, and what could not be computed."""

from __future__ import annotations

from paceline.document import Block, Grid, Label, Section, Sentence
from paceline.pages import page
from paceline.studies.answers import Answers


@page(place=150)
def quality(ask: Answers) -> Section:
    """Every finding with its count and the action taken, and each question refused, with why."""
    findings = tuple(
        (
            Label(str(r["load"] or "")),
            Label(str(r["source"])),
            Label(str(r["check"])),
            ask.finding(r),
            Label(str(r["action"])),
            Label(str(r["example"] or "")),
        )
        for r in ask.market.findings().to_dicts()
    )
    refused = tuple((Label(m), Label(why)) for m, why in sorted(ask.refused.items()))
    columns = ("Import", "Source", "Check", "Count", "Action taken", "Example")
    told = "No check found a fault, at import or in the market as a whole."
    if findings:
        told = (
            "Every fault found in what the sources say now, at import and in the market as a "
            "whole, with the import that found it, the action taken and an example. "
            "Nothing is dropped without a record."
        )
    blocks: list[Block] = [Sentence((told,))]
    if findings:
        blocks.append(Grid("Findings", columns, findings))
    if refused:
        blocks.append(Grid("What could not be computed", ("Measure", "Reason"), refused))
    return Section("quality", "Data quality", "What is wrong with the data?", tuple(blocks))
