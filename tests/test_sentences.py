"""No sentence says what no person would: every page and summary with every figure put in doubt.

Each figure that a page reads is missing, nought, one, negative and huge, alone and with others;
every sentence that comes out is read as its reader would. The inventory walks the syntax trees of
the rooms that make sentences: a template that was not heard stands in a list, with its reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

import paceline
import sentences
from paceline import pages, wording
from paceline.document import Document, Section
from paceline.pages import backtest as backtest_page
from paceline.pages import catalysts as catalysts_page
from paceline.pages import headline
from paceline.pages import scenario as scenario_page
from paceline.pages import target as target_page
from paceline.pages.changes import changes
from paceline.pages.page_one import page_one
from paceline.studies import ledger, news, tilts
from paceline.studies.answers import Answers
from sentences import Heard, Stand, faults, hear
from tiny_market import command

PACKAGE = Path(paceline.__file__).parent
DEMO = (PACKAGE / "data" / "demo.toml").read_text(encoding="utf-8")
CALLS = """
[[call]]
id = "run"
who = "A. Analyst"
house = "House"
date = 2025-09-02
words = "small beats large"
stance = "over"
baskets = ["small_index"]
against = ["large_index"]
horizon = 2026-06-30

[[call]]
id = "done"
who = "B. Analyst"
date = 2025-06-02
words = "large beats small"
stance = "over"
baskets = ["large_index"]
against = ["small_index"]
horizon = 40

[[call]]
id = "talk"
who = "B. Analyst"
date = 2025-06-02
words = "headwinds ahead"
stance = "headwind"
baskets = ["small_index"]

[[call]]
id = "level"
who = "B. Analyst"
date = 2025-09-02
words = "up by New Year"
stance = "level_target"
baskets = ["large_index"]
level = 1400
horizon = 2026-12-31

[[call]]
id = "dips"
who = "C. Analyst"
date = 2025-09-02
words = "buy on dips"
stance = "accumulate_on_dips"
baskets = ["large_index"]
horizon = 2026-06-30

[[call]]
id = "lead"
who = "C. Analyst"
date = 2025-09-02
words = "large will take the lead"
stance = "lead_change"
baskets = ["large_index"]
against = ["small_index"]
horizon = 2026-06-30

[[call]]
id = "into"
who = "C. Analyst"
date = 2025-09-02
words = "money rotates into small caps"
stance = "rotation"
baskets = ["small_index"]
against = ["large_index"]
horizon = 2026-06-30

[[call]]
id = "slow"
who = "C. Analyst"
date = 2025-09-02
words = "small lags large"
stance = "over"
baskets = ["small_index"]
against = ["large_index"]
horizon = 2026-09-30
corrects = "run"
recorded = 2025-09-10
"""
#: Rooms and files whose sentences are figures and words.
ROOMS = ("pages", "report/terminal.py", "cli/episodes.py", "cli/target.py", "cli/calls.py")
ROOMS += ("cli/backtest.py",)
#: Rules that are traded, and their settings: one that switches, one that never does, variants.
RULES: dict[str, dict[str, Any]] = {
    "leader:small_vs_large": {"c": 0.5},
    "tilt:small_vs_large": {"size": 0.3},
    "season:small_vs_large": {"size": [0.2, 0.5]},
}
#: Why the market of this test does not make some templates ("..." where a figure stands), and
#: which. One that is heard, or gone, fails.
NOT_HEARD: dict[str, tuple[str, ...]] = {
    "books of holdings: tests/test_exposure.py": (
        ", as concentrated as ",
        ": active share ",
        "; betas by holdings to ",
        "Active share",
        "After it, and in brackets before: active share ",
        "Behaves like ",
        "Beta to",
        "Beta to ...",
        "Betas by holdings",
        "Change, points",
        "Cost, bp one way",
        "Equal names",
        "Equal names: as many of equal weight would be as concentrated. Largest: the ",
        "If a theme goes back to where it last turned",
        "It moves",
        "Market beta",
        "Members of",
        "No betas: returns enough are known of only ",
        "No mix of styles: ",
        "Not matched",
        "Not matched, ",
        "Of a theme: to that side leading the other, after the market. Holdings: the "
        "weighted betas of what is held. Returns: the past of ....",
        "Side of a theme",
        "Sizes and sectors add up to the whole; baskets overlap.",
        "The book",
        "The book before and after it",
        "The book by its holdings' beta, the market standing still; the interval is that "
        "of the beta alone.",
        "The largest trades",
        "The rows that differ most; all stand in --html and --json. ",
        "The tilt",
        "The trades",
        "Themes that turn back",
        "What does it hold beside the benchmark?",
        "What does it move with?",
        "What if a theme goes back to where it turned?",
        "What it holds beside the benchmark",
        "What it moves with",
        "What moves it",
        "What would it trade, and at what cost?",
        " Without a beta: ",
        " basis points of it",
        " largest are ",
        " largest. The last columns are betas by holdings, those of themes after the market.",
        " months, which explains ",
        " of equal weight; the ",
        " of its ups and downs.",
        " of the book, and the cost ",
        " of the book: ",
        " of the book.",
        ". It holds ",
        ". One-way turnover is ",
        "book high",
        "book low",
        "holdings high",
        "holdings low",
        "returns high",
        "returns low",
        "the book as it was on each day",
        "the shares of today, held all along",
        "the weights of today, on every session",
        "way back",
    ),
    "no text for people: styles, types, words that are looked up one by one": (
        "bold yellow",
        "Section | Sequence[Section] | None",
        "\\bfrom (\\S+) to \\1(?=,|$)",
        "since_low rank",
        "last_month rank",
        "not known",
        "not started",
    ),
    "the demo has findings of its own: tests/test_age.py": (
        "No check found a fault, at import or in the market as a whole.",
    ),
    "errors of plug-ins, and what they add: tests/test_plugins.py": (
        "the page",
        "the page failed",
        "it must return a Section, a list of them, or None",
        "All rows: ",
        "Further measures",
    ),
    "printed with colours, not by the verbs of this test: tests/test_screen.py, test_report.py": (
        "  as of ...",
        "No rows.",
        "and ... more caveats: --all shows them",
    ),
    "ledgers that this test does not hold: tests/test_calls.py": (
        "It is listed but not scored, because no price confirms or refutes it; --proxy states how "
        "it could be measured.",
        "No call has been decided, so nothing is proved.",
        "No call was on file by then.",
        "corrected by",
        " (by proxy)",
    ),
    "the simulated companies file no book equity, and no factors are published for them": (
        "... cannot be sorted: no source gives book equity and earnings as they were filed.",
        "Published daily factors over the same days",
        " on factor returns since ",
        "Past drawdown",
        "Momentum crash",
        "Long-term reversal",
    ),
    "a history of five years has too few days, windows and years to compare with": (
        "...... ...: seasonal windows less their control",
        "... out once the number of comparisons is accounted for.",
        " of this year with the same days of earlier years, ",
        "No window of this year can be compared with the same days of earlier years.",
        "Abnormal return",
        "The last ... against the same slot of earlier years",
        "95% of earlier years from",
        "Mean of earlier years",
        "Earlier years",
        "Turn of the year",
        "Days most like today",
        "Nearest first. Compared with ",
        "What followed days like today",
        "... three months later",
        "Why no number",
        "what followed earlier episodes",
        "it was never as large in this history",
        "never in this history",
        "Of all past windows of that length ",
        "... of them reached it at some close",
        "... of them ended with at least that return",
        "ended at least as high.",
        "rose as much.",
        "fell as much.",
        "history, low end",
        "history, high end",
    ),
    "no theme of this market is unusual, its sectors are asked nothing, its members in no order: "
    "tests/test_themes.py, test_pages_rotation.py": (
        "Nothing can be judged: ",
        "They fall from the laggards to the leaders: the lead passed from one end to the other.",
        "They rise from the laggards to the leaders: those who led go on.",
        " Noise in which they move together as they do spreads as widely with probability ",
        " lead by the rule of turns",
        " moved by ",
    ),
    "drifts and ends that the open target of this test does not take: tests/test_target.py": (
        "The drift given",
        "The one given",
        "volatility at ...",
        "the drift given",
        "The target",
        "target mean",
        "touch zero",
        "end zero",
        "zero mean",
        "no drift",
    ),
    "no line here is as long as the records of quadrants want: tests/test_quadrants.py": (
        "What followed a quadrant on lines with a long history stands below. A place describes the "
        "past of a pair; no forward meaning is claimed.",
        ": the quadrant explains ",
        " of the variance of what followed.",
        "What the quadrants were followed by over 13 weeks",
        "Change of the ratio, less its mean",
        "The mean is that of the line over all weeks. Weeks overlap and lines share their news: "
        "the interval draws whole weeks in blocks of half a year.",
        "Which quadrant came next",
        "On random walks",
        "Moves from it",
        "Lines without any drift go round in the same way: the order of the quadrants follows from "
        "their definition.",
    ),
    "needs a history long enough to fit a model": (
        "probability of the model",
        "base rate: nothing better is known",
        "What the model said since it could be fitted, and what came of it",
        "Mean of what was said",
        "Share that came true",
        "By tenths of probability, whether or not the model is used: where it is worth something, "
        "what came true rises with what was said.",
    ),
    "page one as this market does not have it: tests/test_page_one.py, test_pages.py": (
        ", dividends reinvested",
        " closed at a record",
        " closed at records",
        "no theme is declared",
        ", less the mean: ",
        "A low of the benchmark was confirmed: that of ",
        "No breadth: the market file declares no basket with members.",
        "No theme and no rotation is declared in the market file.",
        " How likely a lead lasts is said by a model of all lines.",
        " How likely a lead lasts is not known: too few looks at it.",
        "Returns with dividends",
        "The benchmark closed below its low of ",
        " No low of the benchmark is known yet.",
        " as the strongest....",
        "last on ...",
        "no value by ...",
        "mega caps",
        "with dividends, ",
        "Returns by basket, with dividends",
        "with dividends",
    ),
    "no industries, no styles and no published sorts are stored, and the state of co-movement is "
    "another one: tests/test_pages.py": (
        "Buying industries, before costs",
        "By chance",
        "Chosen by the business cycle",
        "Earned a month",
        "Industries by their past, to ...: first and last",
        "Leaders less laggards",
        "Mix of styles that follows best",
        "None of these signals has come in the last quarter.",
        "Past return",
        "Style mix",
        "Tracking error a year",
        "Value spread of the published sorts, by year",
        "Weights of the mix over the months to ",
        "What do the baskets move like?",
        " It has no value since: ",
        "correlation and dispersion are both high for their history",
        "correlation and dispersion both lie in the lower half of their history",
        "they go together: correlation is high for its history, dispersion is not",
        "value spread of the published sorts",
    ),
    "one driver, nothing without a series, sentences of the terminal: tests/test_scenario.py": (
        ": no series carries it, and it is not in the numbers above. Around past events of the "
        "kind:",
        ": no series carries it, and no past events of the kind are declared. It is not in the "
        "numbers above.",
        "No past stretch of that length has a value of every stated driver.",
        "Past stretches most like it, nearest first: ",
        "Usually with it: ",
        " (rose in ",
        " on average over ",
        " past one",
        " past ones",
        "goes with it",
        "the day itself",
    ),
    "orders for what is gone, histories without three years, and the word for a session: "
    "tests/test_backtest_market.py": (
        "The history is too short for a choice made inside of time.",
        " for what was gone by then: that part stayed in cash.",
        " order was",
        " orders were",
        "Capture of falling {}s",
        "Capture of rising {}s",
        "Kurtosis of returns by {}",
        "Share of {}s ahead, of those that differ",
        "Skew of returns by {}",
    ),
    "what did not happen in this history: a broken low, all sectors down, another leader": (
        ", dividends included",
        " That low has been broken since: the first close below it was on ",
        " lost least, with a return of ",
        "the leader is another one: this is borderline.",
        " accounts for ",
        " makes up ",
    ),
}


def small_market(home: Path, years: int = 5) -> Any:
    """The demo market with sixty companies and a ledger of calls beside it."""
    made = DEMO.replace("companies = 1500, years = 12", f"companies = 60, years = {years}")
    assert made != DEMO
    (home / "market.toml").write_text(made, encoding="utf-8")
    (home / "calls.toml").write_text(CALLS, encoding="utf-8")
    market = paceline.open(home / "market.toml", store=home / "store")
    market.ensure()
    return market


def hear_pages(heard: Heard, stand: Stand, market: Any, *, every: bool = False) -> None:
    """The headline and every page."""
    ask = Answers(market)
    hear(heard, stand, "headline", lambda: headline.sentences(ask), every=every)
    for name, build in pages.plan(ask, whole=True):
        if name != "target":
            hear(heard, stand, name, lambda build=build: pages.built(build, ask), every=every)
    open_ = ledger.open_targets(ask)
    assert open_
    blocks = lambda: [Section("", "", "", tuple(target_page.blocks(a))) for a in open_]  # noqa: E731
    hear(heard, stand, "target", blocks, every=every)
    weighed, around = market.scenario("market_falls", every="week"), market.catalyst("quarter_end")
    could = lambda: [scenario_page.section(weighed)]  # noqa: E731
    hear(heard, stand, "scenario", could, every=every)
    dated = lambda: [catalysts_page.section(around)]  # noqa: E731
    hear(heard, stand, "catalysts", dated, every=every)
    traded = [market.backtest(rule, how, draws=20) for rule, how in RULES.items()]
    for one in traded:
        sheet = lambda one=one: [backtest_page.section(one)]  # noqa: E731
        hear(heard, stand, "backtest", sheet, every=every)
    earned = tilts.earned(market)
    calls = lambda: [Section("", "", "", tuple(backtest_page.earned(earned)))]  # noqa: E731
    hear(heard, stand, "backtest calls", calls, every=every)
    sections = tuple(pages.sections(ask, lambda _what, _share: None, whole=True))
    now = list(Document("", "", ask.market.as_of, False, (), sections).figures())
    for changed in ((None, ()), ("2025-06-30", ())):
        told = sentences.said(page_one(ask, *changed).section)
        heard.hear([s.text for s in told], "page one")
    for other in (lambda row: row, _another):
        then = {"as_of": "2025-06-30", "figures": [other(f.to_json()) for f in now]}
        said = lambda then=then: filter(None, [changes(ask, now, then)])  # noqa: E731
        hear(heard, stand, "changes", said, every=every)
    found = news.changed(ask, now, then)
    first = lambda: [page_one(ask, "2025-06-30", found).section]  # noqa: E731
    hear(heard, stand, "page one", first, every=every)


def _another(row: dict[str, Any]) -> dict[str, Any]:
    """What an earlier report said: another grade, state or rank."""
    value = row["value"]
    return {**row, "value": f"not {value}" if isinstance(value, str) else (value or 0) + 1}


def hear_verbs(heard: Heard, stand: Stand, market: Any, patch: pytest.MonkeyPatch) -> None:
    """What the terminal says of one rotation, one target, the calls, and which rules there are."""
    told: list[str] = []

    def tabled(
        columns: Iterable[str], rows: Iterable[Iterable[str]], title: str = "", keys: int = 1
    ) -> None:
        cells = (c for r in rows for c in r if c != "—")  # alone in its cell: nothing stands there
        told.extend(f"! {words}" for words in (*columns, title, *cells))

    study, answer = market.episodes("small_vs_large"), market.target(1400, "2026-12-31")
    patch.setattr(market, "episodes", lambda *_, **__: study)
    patch.setattr(market, "target", lambda *_, **__: answer)
    for verb in ("episodes", "target", "calls", "backtest", "blocks"):
        module = f"paceline.cli.{verb}"
        patch.setattr(f"{module}.open_market", lambda *_: market, raising=False)
        patch.setattr(f"{module}.remember", lambda *_: None, raising=False)
        for door in ("say", "prose"):
            patch.setattr(f"{module}.{door}", told.append, raising=False)
        patch.setattr(f"{module}.say_table", tabled, raising=False)
    for words in (
        ("episodes", "small_vs_large"),
        ("target", "1400", "--by", "2026-12-31"),
        ("calls", "score", str(market.path)[: -len("market.toml")] + "calls.toml"),
        ("backtest",),
    ):
        told.clear()
        stand.read.clear()
        assert command(*words).code == 0
        _hear_lines(heard, told, words[0])
        for what, rule in sentences.rules(set(stand.read), set(stand.read), every=False):
            told.clear()
            with stand.in_force(rule):
                assert command(*words).code == 0, what
            _hear_lines(heard, told, f"{words[0]}, {what}")
        heard.pages[f"paceline {words[0]}"] = 1


def _hear_lines(heard: Heard, lines: Iterable[str], where: str) -> None:
    for line in (one.strip() for one in lines):
        whole = line.endswith(".") and not line.startswith("!")
        heard.hear([line.removeprefix("! ")], where, whole=whole)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    market, made = small_market(tmp_path_factory.mktemp("said")), Heard()
    with pytest.MonkeyPatch.context() as patch:
        stand = sentences.install(patch)
        hear_pages(made, stand, market)
        hear_verbs(made, stand, market, patch)
        yield made


def test_every_sentence_reads_right_whatever_its_figures_say(heard: Heard) -> None:
    assert not heard.wrong, "\n".join(heard.wrong[:40])
    assert set(heard.pages) >= {
        "headline",
        "page one",
        "themes",
        "target",
        "paceline calls",
        *PAGES,
    }
    assert sum(heard.pages.values()) > 500 and len(heard.where) > 1000


PAGES = {name for name in pages.discover() if name != "target"}


# ---- the linter itself


@pytest.mark.parametrize(
    "text",
    [
        "Of 1 rotations judged, none turned.",
        "The ten largest contributors account for 769.8% of this year's return of +0.44%.",
        "The ten largest contributors account for -20.0% of this year's return of -3.00%.",
        "It has — sessions to go.",
        "It is no value of the index.",
        "It is nan.",
        "Small lost -2.00%.",
        "Small fell -3.00% and is behind.",
        "Small is -2.00% above its high.",
        "Small is 2.00% below -3.00%.",
        "Small gained -1.00%.",
        "Small returned -0.00%.",
        "Small lost 0.00%.",
        "It is 0.00% above its mean.",
        "Small rose , and fell.",
        "Small  rose.",
        "It cannot be judged ().",
        "The share of the the members is known",
        "1 sessions remain.",
        "1 rotation have turned.",
        "2 session remain.",
        "Small returned +1.00%, ahead of Large at +2.00%.",
        "Small returned -1.00%, level with Large at +2.00%.",
        "3 row(s) differ.",
    ],
)
def test_the_linter_hears_what_is_wrong(text: str) -> None:
    assert faults(text)


@pytest.mark.parametrize(
    "text",
    [
        "Of 1 rotation judged since the low of 20 November 2025, 1 made a new turn.",
        "1 of 3 members has no price on 2025-12-05.",
        "0 of 503 members are held.",
        "Small returned +1.00%, ahead of Large at -2.00%; Small set its record close of 5.10.",
        "It is 2.00% below its 252-day high.",
        "Since the November 20 low, A climbed 9.4%.",
        "Leaders less laggards: more than after 21.0% of 1,234 earlier lows.",
        "In November 2025, Top 50 led with a return of +0.30%; Other 450 came last with -1.00%.",
    ],
)
def test_the_linter_lets_right_sentences_be(text: str) -> None:
    assert not faults(text)


# ---- the inventory


def test_every_template_was_heard_or_stands_in_the_list(heard: Heard) -> None:
    everything = "\n".join(heard.where)
    unheard = {t for t in templates() if not re.search(t, everything)}
    listed = {pattern(text) for texts in NOT_HEARD.values() for text in texts}
    assert not unheard - listed, "not heard: " + "\n".join(sorted(unheard - listed))
    assert not listed - unheard, "heard or gone: " + "\n".join(sorted(listed - unheard))


def pattern(text: str) -> str:
    """A template as people write it, as ``templates`` gives it."""
    return re.escape(text).replace(re.escape("..."), ".*?")


def templates() -> set[str]:
    """The sentences of the rooms as patterns: words, with anything where a figure stands."""
    found: set[str] = set()
    for room in ROOMS:
        home = PACKAGE / room
        for path in sorted(home.rglob("*.py")) if home.is_dir() else [home]:
            found |= set(_templates(ast.parse(path.read_text(encoding="utf-8"))))
    return found


def _templates(tree: ast.AST) -> Iterator[str]:
    """Texts of at least two words, outside of docstrings, options and errors."""
    for node in _speaking(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [
                re.escape(p.value) if isinstance(p, ast.Constant) else ".*?" for p in node.values
            ]
            words = " ".join(str(p.value) for p in node.values if isinstance(p, ast.Constant))
            text = "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words, text = node.value, re.escape(node.value)
        else:
            continue
        if len(re.findall(r"[A-Za-z]{2,}", words)) > 1 and " " in words.strip():
            yield text


def _speaking(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a file that may be text for people."""
    if isinstance(tree, (ast.Raise, ast.Assert)):
        return
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Constant):
        return
    if isinstance(tree, ast.Call) and getattr(tree.func, "id", "") in ("Parameter", "flag"):
        return
    yield tree
    if not isinstance(tree, ast.JoinedStr):
        for child in ast.iter_child_nodes(tree):
            yield from _speaking(child)
    else:
        for part in tree.values:
            if isinstance(part, ast.FormattedValue):
                yield from _speaking(part.value)


# ---- numbers and their nouns, in the whole package


def test_nouns_agree_with_their_number() -> None:
    assert [wording.number_of(n, "row") for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]
    assert wording.number_of(12345, "company", "companies") == "12,345 companies"
    assert wording.none_of(1, "member") == "not even the one member"
    assert wording.none_of(3, "member", whose="its ") == "none of its 3 members"
    assert [wording.agreeing(n, "is", "are") for n in (0, 1, 1.0, 2, "1", "1.5")] == [
        "are",
        "is",
        "is",
        "are",
        "is",
        "are",
    ]
