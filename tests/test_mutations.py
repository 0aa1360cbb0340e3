"""The faults that `make mutants` puts into the code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "bench"))

from mutations import mutants


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        ("a < b", {"a <= b", "a >= b"}),
        ("x[t]", {"x[t + 1]", "x[t - 1]"}),
        ("x[1:end]", {"x[2:end]", "x[0:end]", "x[1:(end) + 1]"}),
        ("x[:-1]", {"x[:1]", "x[:-2]", "x[:-0]"}),
        ("np.std(x, ddof=1)", {"np.std(x, ddof=2)", "np.std(x, ddof=0)"}),
        ("np.nanmean(x, axis=-1)", {"np.mean(x, axis=-1)"}),
        ("a - b  # c - d", {"a + b  # c - d"}),
        ("(a) / (b)", {"(a) * (b)"}),
        ("a and b", {"((a) or (b))"}),
        ("~a & b", {"a & b", "~a | b"}),
        ("a if b else c", {"a if (not (b)) else c"}),
        ("a not in b", {"a in b"}),
        ("f(x, True, 0.5)", {"f(x, False, 0.5)", "f(x, True, 0.75)"}),
        ("x.shape[0]", set()),
        ("raise ValueError(1 + 1)", set()),
        ("def f(x: Literal[1]) -> None: ...", set()),
    ],
)
def test_each_place_gets_its_faults(line: str, faults: set[str]) -> None:
    assert {m.now for m in mutants("f.py", f"y = 'é'\n{line}\n")} == faults


def test_a_mutant_is_the_source_with_one_change() -> None:
    (one,) = mutants("f.py", "é = (\n    a\n    + b\n)\nc = d\n")
    assert one.text == "é = (\n    a\n    - b\n)\nc = d\n"
    assert (one.line, one.end, one.was, one.now) == (2, 3, "+ b", "- b")


def test_what_is_done_on_import_is_known() -> None:
    source = "A = 1\n\ndef f(a=2):\n    return a + A\n"
    assert {m.line: m.on_import for m in mutants("f.py", source)} == {1: True, 3: True, 4: False}
