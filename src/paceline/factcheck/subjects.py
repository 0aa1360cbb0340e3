"""Who a text speaks of: names of market file, lexicon and stored securities, longest first."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from paceline.factcheck import lexicon

if TYPE_CHECKING:
    import polars as pl

    from paceline.config import Basket, MarketFile
    from paceline.market import Market

_WORD = re.compile(r"[A-Za-z0-9&$][\w&.'/+-]*|[,()]")
_TICKER = re.compile(
    r"(?:(?:NYSE(?: ?Arca)?|NASDAQ|Nasdaq|AMEX|CBOE)\s*:\s*|\$)(?P<a>[A-Z]{1,5}(?:[.-][A-Z])?)\b"
    r"|\(\s*(?:(?:NYSE(?: ?Arca)?|NASDAQ|Nasdaq|AMEX)\s*:\s*|ticker:?\s+|"
    r"symbol:?\s+)?(?P<b>[A-Z]{1,5}(?:[.-][A-Z])?)"
    r"(?:\.(?:US|N|O|OQ|K|P|A))?(?=\s*[),;:])|(?<![\w&$.-])(?P<c>[A-Z]{2,5}(?:-[A-Z])?)(?:\.(?:US|"
    r"N|O))?(?![\w&-])"
)
#: The sector by its letters, which are a pronoun in small ones.
_IT = re.compile(r"(?<![\w.&])IT(?![\w&-])")
_NO_TICKERS_IN_BRACKETS = frozenset(
    "AI US UK EU ETF ECB FED CPI GDP IT EPS TR PR NR GR EWI COMP".split()
)
_COMPANY_END = re.compile(
    r",?\s+(?:Inc|Corp|Corporation|Company|Companies|Co|Ltd|Limited|plc|PLC|Plc|Holdings?|Group|"
    r"N\.V|S\.A|SE|AG|"
    r"Incorporated|Common|Class|Ordinary|American Depositary|The|LLC|L\.P|LP|Trust|\(|New|"
    r"Bancorp)\b.*$"
)


class Candidate(NamedTuple):
    """What may stand for a subject. ``proxy``: a fund for something not stored itself."""

    basket: str
    instrument: str
    proxy: bool = False


@dataclass(frozen=True)
class Subject:
    """Who is meant; ``candidates`` in the order in which they are tried; none: not stored."""

    name: str
    kind: str
    candidates: tuple[Candidate, ...] = ()

    def only(self, ticker: str) -> Subject:
        """The same subject, said to be measured by one instrument."""
        chosen = tuple(c._replace(proxy=False) for c in self.candidates if c.instrument == ticker)
        return replace(self, candidates=chosen) if chosen else self


class Mention(NamedTuple):
    """A subject in the clean text. ``bare``: a weak word without "stocks" or the like."""

    start: int
    end: int
    subject: Subject
    bare: bool = False
    possessive: bool = False
    ticker: bool = False


def words(text: str) -> tuple[str, ...]:
    """A name as the words it is found by."""
    return tuple(_plain(m.group()) for m in _WORD.finditer(text))


def _plain(word: str) -> str:
    word = word.casefold().rstrip(".").replace("s-and-p", "s&p")
    return word.removesuffix("'s").removesuffix("'")


def _called(name: str, spec: Basket) -> list[str]:
    """What a basket of the market file is called."""
    return [_shorter(n.casefold()) for n in (name, spec.label, *spec.aliases) if n]


def _spoken(name: str) -> str:
    """A name with its number in words: "nasdaq one hundred"."""
    return " ".join(lexicon.SPOKEN.get(w, w) for w in re.split(r"[ -]", name))


def _shorter(name: str) -> str:
    """Without its article, unless only a common word would be left ("the benchmark")."""
    rest = name.removeprefix("the ")
    return name if rest in lexicon.SUFFIXES or rest in ("market", "tape") else rest


class Names:
    """Every name a market knows."""

    def __init__(self, market: Market) -> None:
        self._tree: dict[str, dict[str, object]] = {}
        self.subjects: dict[str, Subject] = {}
        self.tickers: dict[str, str] = {}
        self.common: set[str] = set()
        self._capital: set[tuple[str, ...]] = set()
        self._load(market)

    # -- building ---------------------------------------------------------------------------------

    def _load(self, market: Market) -> None:
        file = market.file
        columns = ("security", "ticker", "name", "kind")
        stored = (
            market.stored.table("securities").select(columns).unique().sort("security").collect()
        )
        self._kinds = dict(zip(stored["security"], stored["kind"], strict=True))
        self._held = {spec.instrument: b for b, spec in file.baskets.items() if spec.instrument}
        classes = (
            market.stored.table("classes").select("security", "scheme", "sector").unique().collect()
        )
        self._sectors(file, classes)
        taken = self._entries(file)
        self._baskets(file, taken)
        for name in lexicon.FOREIGN:
            if words(name) and not self._known(words(name)):
                self._add(Subject(name.removeprefix("the "), "unknown"), [name])
        for name in lexicon.FIGURES:
            self._add(Subject(name, "figure"), [name])
        self._securities(stored, set(classes["security"]))
        self.common = {f for e in lexicon.ENTRIES for f in e.instruments if f in self._kinds}

    def _entries(self, file: MarketFile) -> set[str]:
        """Adds the lexicon's entries; the baskets that stand for one of them."""
        called = {b: _called(b, spec) for b, spec in file.baskets.items()}
        taken: set[str] = set()
        for entry in lexicon.ENTRIES:
            names = {*entry.called, entry.name.casefold()}
            own = [
                b
                for b, spec in file.baskets.items()
                if b not in taken
                and (
                    set(called[b]) & names
                    or (spec.instrument and spec.instrument in entry.instruments[:1])
                )
            ]
            taken |= set(own)
            found = self._candidates(entry, own, file)
            first, title = found[0] if found else Candidate("", ""), entry.name
            # another index stands for a general name such as "small caps": it goes by its own
            other = first.basket in own and first.instrument not in entry.instruments
            if (
                entry.kind == "index"
                and other
                and entry.name.casefold() not in called[first.basket]
            ):
                title = file.baskets[first.basket].label or first.basket
            more = (n for b in own for n in called[b])
            self._add(
                Subject(title, entry.kind, tuple(found)),
                [*entry.called, entry.name.casefold(), *more],
            )
        return taken

    def _candidates(
        self, entry: lexicon.Entry, own: list[str], file: MarketFile
    ) -> list[Candidate]:
        """What stands for an entry: baskets that carry its name, then stored instruments."""
        if entry.kind == "market":
            bench = file.market.benchmark
            return [Candidate(bench, file.baskets[bench].instrument or "")]
        kinds = self._kinds
        found = [Candidate(b, file.baskets[b].instrument or "") for b in own]
        if group := self._group.get(entry.name):
            found.insert(0, Candidate(group, ""))
        if entry.kind == "index":  # a published level before anything built or bought
            found.sort(key=lambda c: (kinds.get(c.instrument) != "index", bool(c.instrument)))
        have = {c.instrument for c in found}
        found += [
            Candidate("", f, entry.proxy) for f in entry.instruments if f in kinds and f not in have
        ]
        if entry.kind == "index":
            found.sort(key=lambda c: kinds.get(c.instrument) != "index")
        return [c._replace(proxy=entry.proxy and kinds.get(c.instrument) == "etf") for c in found]

    def _baskets(self, file: MarketFile, taken: set[str]) -> None:
        """Adds baskets that no entry of the lexicon names, and sectors likewise."""
        for b, spec in file.baskets.items():
            if b not in taken:
                instrument = spec.instrument or ""
                fund = self._kinds.get(instrument) == "etf"
                kind = "fund" if fund else "index" if instrument else "basket"
                label = spec.label or b.replace("_", " ")
                self._add(Subject(label, kind, (Candidate(b, instrument),)), _called(b, spec))
        for name, group in self._group.items():
            if name not in self.subjects:
                endings = ("", " stocks", " shares", " sector")
                subject = Subject(name, "sector", (Candidate(group, ""),))
                self._add(subject, [f"{name.casefold()}{s}" for s in endings])

    def _securities(self, stored: pl.DataFrame, covered: set[str]) -> None:
        """Adds tickers, companies by their stored names, and what people call them."""
        for security, ticker, name, kind in stored.iter_rows():
            if kind in ("warrant", "unit", "right", "note", "preferred", "spac"):
                continue
            if ticker and ticker not in self.tickers:
                self.tickers[ticker] = security
            if kind == "common" and security in covered and name:
                self._company(security, str(name))
        for name, ticker in lexicon.NICKNAMES.items():
            if ticker in self.tickers or ticker in self._kinds:
                basket = self._held.get(ticker, "")
                subject = Subject(ticker, "stock", (Candidate(basket, ticker),))
                self._add(subject, [name], capital=True)

    def _sectors(self, file: MarketFile, classes: pl.DataFrame) -> None:
        self._group: dict[str, str] = {}
        for name, group in file.groups.items():
            if group.by == "sector" and group.universe is not None:
                scheme = file.universes[group.universe].scheme
                rows = classes if scheme is None else classes.filter(classes["scheme"] == scheme)
                for sector in sorted({s for s in rows["sector"] if s}):
                    self._group.setdefault(sector, f"{name}:{sector}")

    def _company(self, security: str, name: str) -> None:
        base = _COMPANY_END.sub("", name).strip(" .,")
        base = re.sub(r"\.com$", "", base)
        said = words(base)
        if not said or (
            len(said) == 1
            and (said[0] in lexicon.AMBIGUOUS or len(said[0]) < 4 or said[0].isdigit())
        ):
            return
        if not self._known(said):
            self._add(Subject(security, "stock", (Candidate("", security),)), [base], capital=True)

    def _add(self, subject: Subject, names: list[str], capital: bool = False) -> None:
        self.subjects.setdefault(subject.name, subject)
        for name in (*names, *(spoken for n in names if (spoken := _spoken(n)) != n)):
            said = words(name)
            if not said:
                continue
            node: dict[str, Any] = self._tree
            for w in said:
                node = node.setdefault(w, {})
            if "" not in node or not capital:
                node.setdefault("", subject)
                if capital and node[""] is subject:
                    self._capital.add(said)

    def _known(self, said: tuple[str, ...]) -> bool:
        node: dict[str, object] = self._tree  # type: ignore[assignment]
        for w in said:
            if w not in node:
                return False
            node = node[w]  # type: ignore[assignment]
        return "" in node

    def kind(self, security: str) -> str:
        """index, fund or stock."""
        return {"etf": "fund", "index": "index"}.get(str(self._kinds.get(security)), "stock")

    # -- looking up -------------------------------------------------------------------------------

    def lookup(self, name: str) -> Subject | None:
        """The subject a name alone stands for."""
        node: dict[str, object] = self._tree  # type: ignore[assignment]
        said = words(name)
        if said[:1] == ("the",) and not self._known(said):
            said = said[1:]
        for w in said:
            if w not in node:
                return self.by_ticker(name) or self.subjects.get(name)
            node = node[w]  # type: ignore[assignment]
        found = node.get("")
        return found if isinstance(found, Subject) else self.by_ticker(name)

    def by_ticker(self, ticker: str) -> Subject | None:
        """The subject that a ticker stands for."""
        for said in (ticker, ticker.replace(".", "-")):
            if said in self.tickers:
                security = self.tickers[said]
                kind = self.kind(security)
                for subject in self.subjects.values():
                    if (
                        kind == "index"
                        and subject.candidates
                        and subject.candidates[0].instrument == security
                    ):
                        return subject
                return Subject(security, kind, (Candidate(self._held.get(security, ""), security),))
        return None

    def find(self, clean: str, start: int, end: int) -> list[Mention]:
        """Subjects of a stretch of text, in order, none inside another."""
        part = clean[start:end]
        letters = [c for c in part if c.isalpha()]
        shouting = sum(c.isupper() for c in letters) > 0.6 * len(letters) and len(letters) > 12
        tokens = [(m.start() + start, m.end() + start, m.group()) for m in _WORD.finditer(part)]
        found: list[Mention] = []
        i = 0
        while i < len(tokens):
            mention, used = self._longest(clean, tokens, i, shouting)
            found += [mention] if mention is not None else []
            i += used or 1
        for m in _TICKER.finditer(clean, start, end):
            group = next(g for g in "abc" if m.group(g))
            a, b = m.span(group)
            subject = self._ticker(m.group(group), group, shouting)
            if subject is not None and not any(f.start <= a < f.end for f in found):
                owned = clean[b : b + 2] == "'s"
                found.append(Mention(a, b, subject, ticker=True, possessive=owned))
        tech = self.lookup("information technology")
        if tech is not None and not shouting:
            found += [Mention(*m.span(), tech) for m in _IT.finditer(clean, start, end)]
        return sorted(found)

    def _ticker(self, said: str, group: str, shouting: bool) -> Subject | None:
        """Whom a ticker means: with its exchange (a), in brackets (b) or bare (c)."""
        subject = self.by_ticker(said)
        if subject is None or (group == "b" and said in _NO_TICKERS_IN_BRACKETS):
            return None
        short = subject.kind == "stock" and len(said) < 3
        bare = group == "c" and (shouting or said in lexicon.NO_TICKERS or short)
        return None if bare else subject

    def _longest(
        self, clean: str, tokens: list[tuple[int, int, str]], i: int, shouting: bool
    ) -> tuple[Mention | None, int]:
        node: dict[str, object] = self._tree  # type: ignore[assignment]
        best: tuple[Mention, int] | None = None
        said: list[str] = []
        for j in range(i, min(i + 9, len(tokens))):
            a, b, word = tokens[j]
            if j > i and clean[tokens[j - 1][1] : a].strip():
                break
            plain = _plain(word)
            if plain not in node:
                break
            node = node[plain]  # type: ignore[assignment]
            said.append(plain)
            subject = node.get("")
            if isinstance(subject, Subject):
                key = tuple(said)
                if key in self._capital and not shouting:
                    written = [tokens[k][2] for k in range(i, j + 1)]
                    if not all(
                        w[:1].isupper() or w[:1].isdigit() or w in ("&", "of", "and")
                        for w in written
                    ):
                        continue
                low = word.casefold()
                owned = low.endswith(("'s", "s'"))
                stop = b - (2 if low.endswith("'s") else 1 if low.endswith(("'", ".")) else 0)
                if low.endswith(".") and not low.endswith("s."):
                    stop = b - 1
                bare = len(said) == 1 and (said[0] in lexicon.SHY or said[0] in lexicon.NEVER)
                if len(said) == 1 and said[0] in lexicon.NEVER:
                    continue
                best = Mention(tokens[i][0], stop, subject, bare, owned), j - i + 1
        return best if best is not None else (None, 0)
