"""The record of a report: its manifest, the lineage of its figures, whether they come out again.

document = record.report(market)
record.write_manifest(document, "out/report.manifest.json")
record.verify("out/report.manifest.json")  # [] when every value comes out again at rtol 1e-9
"""

from paceline.record.manifest import previous_report, read_manifest, write_manifest
from paceline.record.single import story
from paceline.record.trace import trace
from paceline.record.verify import Progress, market_of, report, verify

__all__ = [
    "Progress",
    "market_of",
    "previous_report",
    "read_manifest",
    "report",
    "story",
    "trace",
    "verify",
    "write_manifest",
]
