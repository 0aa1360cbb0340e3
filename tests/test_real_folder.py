"""A missing oracle fails; it never skips."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(("named", "said"), [
    (None, "PACELINE_DATA is not set"), ("nowhere", "PACELINE_DATA=nowhere is not a folder"), (".", "1 passed")])
def test_real_checks_fail_without_their_folder(tmp_path: Path, named: str | None, said: str) -> None:
    shutil.copy(Path(__file__).parent / "real" / "conftest.py", tmp_path)
    (tmp_path / "test_any.py").write_text("def test_any(data):\n    assert data.is_dir()\n")
    known = {k: v for k, v in os.environ.items() if k != "PACELINE_DATA" and not k.startswith("PYTEST_")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "."], cwd=tmp_path,
        env=known | ({} if named is None else {"PACELINE_DATA": named}), capture_output=True, text=True, check=False)
    assert said in run.stdout
    assert (run.returncode == 0) == (named == ".")
