"""The error all checks raise."""

from __future__ import annotations

from collections.abc import Sequence


class ConformanceError(AssertionError):
    """The plug-in breaks its contract; ``faults`` says how, one sentence each."""

    def __init__(self, name: str, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(
            f"{name}: {len(self.faults)} fault(s)\n" + "\n".join(f"- {f}" for f in self.faults)
        )


def judge(name: str, faults: Sequence[str]) -> None:
    if faults:
        raise ConformanceError(name, list(dict.fromkeys(faults)))
