"""The report: a ``Document`` as one HTML file, as terminal text, as JSON and as CSV.

page.render(document) -> str          one self-contained HTML file
page.write(document, path)            the same, written in one piece
tables.to_json / tables.to_csv        the same figures for machines
first_page.markdown                   page one to paste
terminal.summary / terminal.rows      the same figures in the terminal
"""

from __future__ import annotations

from paceline.report.first_page import write_markdown
from paceline.report.page import library, render, write
from paceline.report.tables import to_csv, to_json, write_json

__all__ = ["library", "render", "to_csv", "to_json", "write", "write_json", "write_markdown"]
