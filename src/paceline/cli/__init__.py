"""The command line: its verbs over ``paceline.open``, ``record`` and ``report``.

Exit codes: 0 fine; 1 a finding against (quarantined rows, a value that differs); 2 the request is
wrong; 3 the data cannot carry it; 70 a fault of this program; 130 interrupted; 141 the reader of a
pipe went away.

Results go to stdout; progress, notes and errors to stderr, so that ``--json`` can be piped. Nothing
heavy is imported before a verb runs: ``paceline --help`` loads neither polars nor NumPy.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paceline.cli import limits
from paceline.doors import is_text, visible
from paceline.errors import PacelineError, PluginWarning, UsageError

if TYPE_CHECKING:
    from cyclopts import App

FINE, AGAINST, USAGE, DATA, FAULT, INTERRUPTED, CLOSED_PIPE = 0, 1, 2, 3, 70, 130, 141

#: The verbs, in the order a newcomer meets them: the one line each shows in ``paceline --help``.
VERBS = {
    "init": "Write a commented market file to start from.",
    "import": "Read the declared sources into the store; repeating it changes nothing.",
    "doctor": "Show the faults found in the data, and the rows set aside with the reason.",
    "list": "List the baskets, groups, rotations, measures, universes or sources.",
    "show": "Show one measure as a table, as JSON or CSV, or as a picture.",
    "report": "Write the report: one self-contained HTML file, with its manifest beside it.",
    "episodes": "Show past changes of leadership in a rotation, and what followed them.",
    "calls": "Keep a ledger of strategists' calls and score them.",
    "target": "Weigh a target: the return it requires by its date, and how likely it is.",
    "scenario": "Show what a scenario would do to themes and sectors, and how sure that is.",
    "backtest": "Trade a rule: what it would have earned after costs, and whether it is chance.",
    "exposure": "Hold a book of holdings against the market: weights, betas, a tilt's cost.",
    "factcheck": "Check the claims of a market commentary, with a verdict on each.",
    "write": "Write the story of the day from the figures, in a style and a length.",
    "trust": "Allow a plug-in file, or those that a market file names, to run.",
    "conformance": "Check the measures, sources, weightings and pages of a plug-in file.",
    "trace": "Show where a figure comes from, and the command that reproduces it.",
    "verify": "Recompute the figures of a report and list those that differ.",
    "check": "Read every byte of the store and say what is not as it was written.",
    "repair": "Build what is damaged of the store again from the raw bytes it kept.",
}
QUESTION = "Who leads the stock market, who takes over, how broadly, and does it last?"


def _help() -> str:
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {name:{width}}  {line}" for name, line in VERBS.items())
    return (
        f"Usage: paceline COMMAND [OPTIONS]\n\n{QUESTION}\n\nCommands:\n{verbs}\n\n"
        "  --help, -h  Show this page; after a command, its options.\n"
        "  --version   Show the version.\n\n"
        "Exit codes: 0 success, 1 a difference or fault found, 2 usage, 3 data, "
        "70 a fault of Paceline."
    )


def build() -> App:
    """The verbs as a cyclopts app; ``show`` is built apart: its options come from the measures."""
    from cyclopts import App

    from paceline.cli import (
        backtest,
        calls,
        conformance,
        episodes,
        exposure,
        factcheck,
        scenario,
        stores,
        target,
        verbs,
    )
    from paceline.cli import write as writing

    app = App(name="paceline", **settings())
    for name, line in VERBS.items():
        if name == "calls":
            app.command(calls.app(line, settings()))
            continue
        homes = {"episodes": episodes, "factcheck": factcheck, "target": target}
        homes |= {"write": writing, "exposure": exposure}
        homes |= {"backtest": backtest, "scenario": scenario}
        homes |= {"check": stores, "repair": stores}
        homes |= {"trust": conformance, "conformance": conformance}
        home = homes.get(name, verbs)
        function: Callable[..., int] = getattr(
            home, f"{name}_" if name in ("import", "list") else name
        )
        app.command(function, name=name, help=line)
    return app


def settings() -> dict[str, Any]:
    """How every app behaves: errors are raised to ``main``, results returned, help is plain."""
    from cyclopts import Parameter

    return {
        "default_parameter": Parameter(negative_iterable=""),
        "help_format": "plaintext",
        "exit_on_error": False,
        "print_error": False,
        "version_flags": [],
        "suppress_keyboard_interrupt": False,
        "result_action": "return_value",
    }


def _complain(message: str, remedy: str = "") -> None:
    message, remedy = (" ".join(visible(text).split("\n")) for text in (message, remedy))
    try:
        from rich.console import Console
    except (ImportError, OSError, MemoryError):  # not even one more file can be opened
        sys.stderr.write(f"error: {message}\n" + (f"{remedy}\n" if remedy else ""))
        return
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print("[bold red]error:[/bold red] ", end="")
    console.print(message, markup=False)
    if remedy:
        console.print(remedy, markup=False)


def _lenient(*streams: object) -> None:
    """A character that the encoding of a terminal lacks is shown as "?", and is no fault."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def _warned() -> Iterator[None]:
    """Faults of plug-ins that are no reason to stop, each said once on stderr."""
    told: set[str] = set()
    usual = warnings.showwarning

    def tell(message: Warning | str, category: type[Warning], *where: Any) -> None:
        if not issubclass(category, PluginWarning):
            usual(message, category, *where)
        elif str(message) not in told:
            told.add(str(message))
            sys.stderr.write(f"warning: {visible(str(message))}\n")

    with warnings.catch_warnings():
        warnings.simplefilter("always", PluginWarning)
        warnings.showwarning = tell  # type: ignore[assignment]
        yield


def _run(tokens: list[str]) -> int:
    for number, token in enumerate(tokens, 1):
        if "\x00" in token or not is_text(token):
            raise UsageError(
                f"argument {number} holds a NUL or is no UTF-8 text.", "Write it as UTF-8 text."
            )
    if not tokens or tokens[0] in ("--help", "-h"):  # answered before anything is imported
        sys.stdout.write(_help() + "\n")
        return FINE
    if tokens[0] == "--version":
        from paceline import __version__

        sys.stdout.write(f"{__version__}\n")
        return FINE
    from cyclopts import CycloptsError

    verb = tokens[0] if tokens[0] in VERBS else ""
    try:
        if verb == "show":
            from paceline.cli import show

            app, tokens = show.build(tokens[1:])
        else:
            app = build()
        result = app(tokens)
    except CycloptsError as error:
        asked = " ".join(
            ("paceline", *(["show"] if verb == "show" else []), *(error.command_chain or ()))
        )
        raise UsageError(str(error), f"See `{asked} --help`.") from None
    return result if isinstance(result, int) else FINE


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; an error is a message and a remedy on stderr."""
    # before NumPy is imported: the matrix products here are many and small, and threads that wait
    # for each other between them double the CPU time without saving any of the wall clock's
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    tokens = list(sys.argv[1:] if argv is None else argv)
    _opened()
    try:
        with limits.only_ours(debug="--debug" in tokens):
            return _answered(tokens)
    except BrokenPipeError:
        return _gone()
    except SystemExit as error:  # of rich, where it wrote to the pipe
        if not isinstance(error.__context__, BrokenPipeError):
            raise
        return _gone()


def _opened() -> None:
    """Streams that the caller has closed go nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115


def _gone() -> int:
    """The reader (head, less) has gone: nothing is left for Python to flush into it at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return CLOSED_PIPE


def _answered(tokens: list[str]) -> int:
    """Run one command, and say what became of it."""
    _lenient(sys.stdout, sys.stderr)
    try:
        with _warned():
            code = _run(tokens)
        sys.stdout.flush()
        return code
    except PacelineError as error:
        if "--debug" in tokens:
            traceback.print_exc()
        _complain(error.message, error.remedy)
        return error.exit_code
    except KeyboardInterrupt:
        _complain("interrupted.", "Completed imports are stored; nothing else is.")
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except MemoryError:
        _complain("there is not enough memory.", "Ask for less history, or fewer securities.")
        return DATA
    except BaseException as error:
        # a panic of polars or delta-rs is no Exception, and yet a fault like any other
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        if "--debug" in tokens:
            traceback.print_exc()
        limit = limits.met(error)
        if limit is not None:
            _complain(*limit)
            return DATA
        _complain(
            f"this is a fault in Paceline, not yours: {type(error).__name__}: {error}",
            "Please report it with the output of the same command with --debug added.",
        )
        return FAULT
