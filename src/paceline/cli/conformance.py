"""``paceline conformance`` and ``paceline trust``: code from outside, checked and allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from paceline.cli.options import flag, say, say_json
from paceline.errors import UsageError
from paceline.wording import number_of


def conformance(
    file: Path,
    /,
    *,
    json: Annotated[bool, flag("Print JSON.", "--json")] = False,
    debug: Annotated[bool, flag("Show the traceback of an error.")] = False,
) -> int:
    """Check everything that a plug-in file offers. Exit code 1 if something breaks its contract.

    The file is run, on a small simulated market: naming it here allows that.

    Parameters
    ----------
    file
        A Python file with measures, sources, weightings or pages.
    """
    del debug  # read by main
    from dataclasses import asdict

    from paceline.conformance import check_file

    checked = check_file(file)
    if json:
        say_json([asdict(one) for one in checked])
    else:
        for one in checked:
            faults = number_of(len(one.faults), "fault")
            say(f"{one.kind} {one.name}: {faults if one.faults else 'conforms'}")
            for number, fault in enumerate(one.faults, start=1):
                first, *rest = fault.lines()
                say(f"  {number}. {first}")
                for line in rest:
                    say(f"     {line}")
    return int(any(one.faults for one in checked))


def trust(
    file: Path | None = None,
    /,
    *,
    list_: Annotated[bool, flag("List the files that are allowed.", "--list")] = False,
    forget: Annotated[bool, flag("Take the permission back.")] = False,
    debug: Annotated[bool, flag("Show the traceback of an error.")] = False,
) -> int:
    """Allow a plug-in file to run, as it is now: a file that changes must be allowed again.

    The permission is kept by checksum among your own settings, not beside the file.

    Parameters
    ----------
    file
        A Python file, or a market file: then the plug-in files that it names.
    """
    del debug  # read by main
    from paceline import plugins

    if list_ and (file is not None or forget):
        raise UsageError("trust: --list stands alone.", "Give either --list or a file.")
    if list_:
        for path, checksum in sorted(plugins.trusted().items()):
            say(f"{checksum[:16]}  {path}")
        return 0
    if file is None:
        raise UsageError("trust: no file is named.", "Give a .py file or a market file, or --list.")
    done = plugins.forget(file) if forget else plugins.trust(file)
    for path in done:
        say(f"{'forgotten' if forget else 'allowed'}: {path}")
    if not done:
        say(f"{file}: {'nothing was allowed' if forget else 'names no plug-in'}.")
    return 0
