"""``paceline calls list|score|add|correct``: the ledger of what people said the market would do."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from paceline.cli.options import (
    When,
    Where,
    cell,
    day,
    flag,
    note,
    open_market,
    progress,
    remember,
    say,
    say_age,
    say_json,
)
from paceline.cli.tables import say_table
from paceline.errors import UsageError

if TYPE_CHECKING:
    from paceline.methods.call import Call
    from paceline.studies.calls import Scored

#: The ledger used where none is named: beside the market file.
LEDGER = "calls.toml"
File = Annotated[
    Path | None,
    Parameter(help="The ledger, TOML or CSV. Default: calls.toml beside the market file."),
]
AsJson = Annotated[bool, flag("Print JSON.", "--json")]
Names = list[str] | None
Stance = Literal[
    "over",
    "under",
    "accumulate_on_dips",
    "level_target",
    "lead_change",
    "rotation",
    "consolidation",
    "digestion",  # the older name of a consolidation
    "headwind",
]
Conviction = Literal["low", "medium", "high"]
Proxy = Literal["over", "under"]


def app(help: str, settings: dict[str, Any]) -> App:
    """The verb with its four sub-commands; alone it scores."""
    made = App(name="calls", help=help, **settings)
    made.default(score)
    for function, name in ((list_, "list"), (score, "score"), (add, "add"), (correct, "correct")):
        made.command(function, name=name)
    return made


def _ledger(file: Path | None, where: Where | None) -> Path:
    if file is not None:
        return file
    market = (where or Where()).market
    return Path("market.toml" if market is None else market).with_name(LEDGER)


def list_(file: File = None, /, *, json: AsJson = False, where: Where | None = None) -> int:
    """List the calls of a ledger as written. No prices are read."""
    from paceline.studies.ledger_file import read

    ledger = read(_ledger(file, where))
    if json:
        say_json([c.model_dump(mode="json", exclude_defaults=True) for c in ledger.calls])
        return 0
    corrected = ledger.corrected
    say_table(
        ["id", "who", "house", "date", "stance", "baskets", "against", "horizon", "corrected by"],
        [
            [
                c.id,
                c.who,
                c.house,
                str(c.date),
                c.stance,
                ", ".join(c.baskets),
                ", ".join(c.against),
                cell(c.level) + (" by " if c.level else "") + str(c.horizon or ""),
                corrected.get(c.id, ""),
            ]
            for c in ledger.calls
        ],
    )
    return 0


def score(file: File = None, /, *, json: AsJson = False, where: When | None = None) -> int:
    """Score each call against random days and drift, and say what each record proves."""
    from paceline.studies import calls

    market = open_market(where or When())
    with progress() as bar:
        market.ensure(bar)
        scored = calls.score(market, file)
    records = [
        (r, scored.record_figures(r)) for kind in ("who", "house") for r in scored.record(kind)
    ]
    figures = [*scored.figures.values(), *(f for _, own in records for f in own.values())]
    remember(market, figures)
    if json:
        say_json(
            {
                "as_of": market.as_of,
                "age": market.age.to_json(),
                "calls": scored.frame().to_dicts(),
                "records": scored.records().to_dicts(),
                "figures": [f.to_json() for f in figures],
            }
        )
        return 0
    _say_calls(scored, market.as_of)
    decided = [
        [r.who, *(own[k].text if k in own else "—" for k in _RECORD)]
        for r, own in records
        if r.decided
    ]
    if decided:
        say_table(["person or house", *_RECORD.values()], decided, "Records")
    else:
        say("No call has been decided, so nothing is proved.")
    for s in scored.in_force:
        if s.reason and s.status not in ("not started",):
            say(f"{s.call.id}: {s.reason}")
    for caveat in dict.fromkeys(c for f in figures for c in f.caveats):
        say(f"! {caveat}")
    say_age(market)
    return 0


#: Statistic of a record -> its heading.
_RECORD = {
    "decided": "decided",
    "hits": "hits",
    "rate": "hit rate",
    "low": "95% from",
    "high": "to",
    "expected": "random days",
    "luck": "p",
}


def _say_calls(scored: Scored, as_of: str) -> None:
    """The calls that are in force, one row each."""
    rows = []
    for s in scored.in_force:
        own = {k: f for (call, k), f in scored.figures.items() if call == s.call.id}
        texts = {k: f.text for k, f in own.items()}
        base = texts.get("base", "")
        if s.base is not None and "base" in own and own["base"].value is not None:
            base += f" ({s.base.n_effective:.0f} indep.)"
        rows.append(
            [
                s.call.id,
                s.call.who,
                str(s.call.date),
                s.due or "",
                s.status,
                texts.get("active", ""),
                texts.get("worst", ""),
                texts.get("drift", ""),
                base,
                texts.get("chance", ""),
            ]
        )
    say_table(
        [
            "call",
            "who",
            "date",
            "due",
            "status",
            "active return",
            "worst",
            "expected by drift",
            "hit rate of random days",
            "probability",
        ],
        rows,
        f"Calls as of {as_of}",
    )


def add(
    file: File = None,
    /,
    *,
    id: str,
    who: str,
    date: str,
    words: str,
    stance: Stance,
    house: str = "",
    source: str = "",
    basket: Names = None,
    against: Names = None,
    level: float | None = None,
    horizon: str | None = None,
    begins: str | None = None,
    dip: float | None = None,
    conviction: Conviction | None = None,
    proxy: Proxy | None = None,
    assumed: Names = None,
    recorded: str | None = None,
    note: str = "",
    json: AsJson = False,
    where: Where | None = None,
) -> int:
    """Check a call and append it to the ledger.

    Parameters
    ----------
    id
        Name of the call, unique in the file.
    who
        Who made the call.
    date
        The day of the call (YYYY-MM-DD); it counts from the first close after.
    words
        The words of the call.
    stance
        The kind of call.
    house
        The firm of the person.
    source
        Where it was published.
    basket
        The basket the call is about (repeatable; several count as one, in equal parts).
    against
        The basket it is compared with (repeatable). Default: the benchmark.
    level
        The level of a level_target.
    horizon
        Due on this day (YYYY-MM-DD) or after this many sessions.
    begins
        First day on which the call applies, if later.
    dip
        Fall from the high that counts as a dip, e.g. 0.05.
    conviction
        Conviction as stated.
    proxy
        How prices are to measure a consolidation or headwind.
    assumed
        A field that you chose because it was not stated (repeatable).
    recorded
        The day of the entry, if later.
    note
        A remark of your own.
    """
    record = {
        "id": id,
        "who": who,
        "house": house,
        "date": day(date, "--date"),
        "source": source,
        "words": words,
        "stance": stance,
        "baskets": tuple(basket or ()),
        "against": tuple(against or ()),
        "level": level,
        "horizon": horizon,
        "begins": begins and day(begins, "--begins"),
        "dip": dip,
        "conviction": conviction,
        "proxy": proxy,
        "assumed": tuple(assumed or ()),
        "recorded": recorded and day(recorded, "--recorded"),
        "note": note,
    }
    from paceline.studies.ledger_file import add as append

    path = _ledger(file, where)
    _check_names([*(basket or ()), *(against or ())], where)
    return _written(append(path, record), path, json)


def correct(
    wrong: str,
    file: File = None,
    /,
    *,
    set: Names = None,
    recorded: str | None = None,
    json: AsJson = False,
    where: Where | None = None,
) -> int:
    """Correct a call by a further record; the original stays and is shown.

    Parameters
    ----------
    wrong
        The id of the call.
    set
        A field and its correct value, e.g. horizon=2026-06-30 (repeatable).
    recorded
        The day of the correction. Default: today.
    """
    changes: dict[str, str] = {}
    for given in set or ():
        name, equals, value = given.partition("=")
        if not equals:
            raise UsageError(f"--set: {given!r} names no value.", "Write it as field=value.")
        changes[name.strip()] = value.strip()
    from paceline.studies.ledger_file import correct as append

    path = _ledger(file, where)
    _check_names(
        [n for k in ("baskets", "against") for n in changes.get(k, "").split(";") if n], where
    )
    when = dt.date.fromisoformat(day(recorded, "--recorded")) if recorded else dt.date.today()
    return _written(append(path, wrong, changes, recorded=when), path, json)


def _check_names(names: list[str], where: Where | None) -> None:
    """Every name must be a basket, group or security of the market, or this says which are."""
    if names and ((where or Where()).market is not None or Path("market.toml").exists()):
        market = open_market(where or Where())
        declared = {**market.file.baskets, **market.file.groups}
        unsure = [n for n in names if n.strip() not in declared]
        if unsure:  # a group's basket, an alias or a security: the stored data know
            market.ensure()
            market.resolve(unsure)


def _written(call: Call, path: Path, json: bool) -> int:
    if json:
        say_json(call.model_dump(mode="json", exclude_defaults=True))
    else:
        say(f"{call.id} added to {path}.")
    if not call.scorable:
        note(
            "It is listed but not scored, because no price confirms or refutes it; "
            "--proxy states how it could be measured."
        )
    return 0
