"""Checks against real data. They are never skipped: without the folder ``PACELINE_DATA`` names, they fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def data() -> Path:
    """The folder of real data files."""
    named = os.environ.get("PACELINE_DATA")
    if not named:
        pytest.fail("PACELINE_DATA is not set: it names the folder of real data files.")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"PACELINE_DATA={named} is not a folder.")
    return folder.resolve()
