"""Streaks, and the best or worst since: claims about runs and periods of a subject."""

from __future__ import annotations

import datetime as dt
import re

from dateutil.relativedelta import relativedelta

from paceline.factcheck import dates, lexicon, windows
from paceline.factcheck.quantities import count
from paceline.factcheck.reader.compare import Compare
from paceline.factcheck.reader.who import PRONOUNS, Subjects
from paceline.factcheck.subjects import Names

_UNITS = (
    (("session", "day", "daily"), "day"),
    (("week",), "week"),
    (("month", *(m.casefold() for m in dates.MONTHS.split("|")[:12])), "month"),
    (("quarter",), "quarter"),
    (("year", "annual"), "year"),
)
_DOWN = re.compile(
    r"\b(?:los\w+|declin\w+|drops?|falls?|negative|down|lower|slides?|slumps?|skids?|retreats?|"
    r"setbacks?|pullbacks?|selloffs?|sell-offs?|plunges?|drawdowns?)\b"
)
_UP = re.compile(
    r"\b(?:gains?|win\w*|advances?|ris\w+|increases?|positive|up|higher|rall\w+|climbs?|rebounds?|"
    r"jumps?|surges?)\b"
)
#: What a comparison with all that came before amounts to.
_HOW = {
    **dict.fromkeys(("low", "lower"), "lowest"),
    **dict.fromkeys(("high", "higher"), "highest"),
    **dict.fromkeys(("bad", "badly", "poor", "weak", "worse", "weaker"), "worst"),
    **dict.fromkeys(("good", "well", "strong", "better", "stronger"), "best"),
    **dict.fromkeys(("bigger", "larger", "steeper", "sharper"), "biggest"),
    **dict.fromkeys(("much", "far"), "most"),
}
_ENDED = re.compile(
    r"\b(?:snap\w*|end(?:ed|ing|s)?|br(?:oke|eak)\w*|halt\w*|stopp\w*|after)\b[^,;]*$",
    re.IGNORECASE,
)

_A_RUN = re.compile(r"streak|run|string|skid|slide|slump|rally|losing|winning|in a row|straight")
_NTH = re.compile(r"\d|(?:second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|\w+teenth)\b")
#: Periods that are not compared, and nouns that say no direction.
_ODD_PERIOD = re.compile(
    r"\b(?:start|half|first|second|third|fourth|two-day|three-day|five-day|intraday)\b"
)
_PLAIN = ("day", "session", "week", "month", "quarter", "year", "performance")


def unit_of(said: str) -> str:
    """day, week, month, quarter or year, by the words of a phrase; "" where they name none."""
    return next((u for keys, u in _UNITS if any(re.search(rf"\b{k}", said) for k in keys)), "")


class Runs(Compare):
    """Streaks, and the best or worst since."""

    def holder(self, k: int) -> Subjects:
        """Whose a phrase is: its owner, what it stands beside, or the subject of its verb."""
        head = self._head(k)
        beside = self._just_said(k)
        if beside:
            return beside
        for j in range(head, k - 12, -1):
            if j < 0 or not (
                self.nodes[j].phrase == self.nodes[k].phrase
                and self.nodes[j].link is self.nodes[k].link
            ):
                break
            if self.nodes[j].low in PRONOUNS and self.nodes[j].low != "the":
                found = self.who.phrase(j)
                if found:
                    return found
        self.who.why = ""
        found = self.who.owner(head) if not self.t.verb(head) else self.who.subject(head)
        if found:
            return found
        over = self.t.clause(head)
        found = self.who.subject(over) if self.t.verb(over) else ()
        if found:
            return found
        if any(
            self.nodes[c].dep == "nsubj" and self.nodes[c].window is not None
            for c in self.t.children[over]
        ):
            return ()  # "September was the strongest since 1939": of what is not said
        left = [j for j in range(k) if self.nodes[j].subjects and not self.nodes[j].used]
        if left and not self.who.why:
            return self.nodes[left[-1]].subjects
        return self.topic(k) if not left else ()

    def _just_said(self, k: int) -> Subjects:
        """As in "the Nasdaq 100 fell 2%, its lowest close": of whom the claim before is."""
        start = k
        while start and self.nodes[start - 1].low in (
            "its",
            "their",
            "the",
            "a",
            "by",
            "far",
            "easily",
            "again",
            "once",
            "also",
            "clearly",
            "comfortably",
        ):
            start -= 1
        if not start or self.nodes[start - 1].low not in (
            ",",
            "(",
            ";",
            "\u2014",
            "--",
            "\u2013",
            "-",
        ):
            return ()
        before = [
            d
            for d in self.sheet.drafts
            if d.claim.kind in ("return", "level", "points")
            and self.nodes[d.to].end <= self.nodes[start].start
        ]
        last = max(
            before, key=lambda d: (self.nodes[max(d.to, d.at)].end, d.claim.start), default=None
        )
        if last is None or any(
            self.nodes[j].subjects or self.t.verb(j)
            for j in range(max(last.to, last.at) + 1, start)
        ):
            return ()
        return tuple(
            dict.fromkeys(d.claim.subject for d in before if d.to == last.to and d.at == last.at)
        )

    def _head(self, k: int) -> int:
        """The word of a phrase that the others hang on."""
        same = [
            j
            for j in range(k, min(k + 14, len(self.nodes)))
            if self.nodes[j].link is self.nodes[k].link
        ]
        return next((j for j in reversed(same) if self.nodes[j].head not in same), same[-1])

    # -- streaks ----------------------------------------------------------------------------------

    def _streak(self, k: int) -> None:
        m = self.nodes[k].match
        if m.get("n2"):
            m = {**m, "n": m["n2"], "what": m["what2"]}
        said = m["n"].casefold()
        vague = said in ("multi", "several", "multiple")
        n = 3 if vague else 2 if said == "back-to-back" else count(said)
        head, last = self._head(k), self._last(k)
        if not n or n < 2 or self.t.ahead(head):
            return
        clause = self.t.clause(head)
        ranks = (j for j in range(max(0, k - 8), k) if self.nodes[j].phrase == "rank")
        if any(self.t.clause(j) == clause for j in ranks):
            return  # "the best sector for a second straight year"
        text = self.sheet.clean[self.nodes[k].start : self.nodes[last].end].casefold()
        if text.startswith("in ") and len({self.t.move(i) for i in range(k)} - {0, None}) > 1:
            return  # "rise 9% and slump 12% in two consecutive sessions"
        units = (m.get("per", "").casefold(), m.get("what", "").casefold(), m.get("unit", ""))
        unit = next((u for w in units if (u := unit_of(w))), "") or self._unit_spoken(k)
        if self._streak_against(k, n, unit, vague):
            return
        before = self.sheet.clean[self.sheet.sentence.start : self.nodes[k].start]
        over = bool(_ENDED.search(before) or " ended at" in text)
        ended = over and _A_RUN.search(text) is not None
        sign = -1 if _DOWN.search(text) else 1 if _UP.search(text) else 0
        if not sign:
            sign = -(self.t.move(clause) or 0) if ended else self._moves(clause, k)
        subjects = self._behind(last) or self.holder(k)
        if subjects and sign:
            self.make(
                "streak",
                subjects,
                head,
                last,
                start=k,
                sign=sign,
                n=n,
                unit=unit or "day",
                vague=vague,
                ended=ended,
            )

    def _last(self, k: int) -> int:
        return max(
            j
            for j in range(k, min(k + 16, len(self.nodes)))
            if self.nodes[j].link is self.nodes[k].link
        )

    def _unit_spoken(self, k: int) -> str:
        """As in "its seventh gain in a row": of the period that the sentence speaks of."""
        near = [
            i
            for i, n in enumerate(self.nodes)
            if n.window is not None and n.window.unit and i - k < 6
        ]
        nearest = min(near, key=lambda i: (i > k, abs(i - k)), default=-1)
        return self.nodes[nearest].window.unit if nearest >= 0 else ""  # type: ignore[union-attr]

    def _moves(self, over: int, k: int) -> int:
        """Direction of the verb that a run belongs to."""
        for i in (over, *self.t.up(over)):
            if self.t.verb(i):
                move = self.t.move(i) or next(
                    (self.t.move(c) for c in self.t.children[i] if self.t.move(c)), 0
                )
                if move:
                    return move
        return self.context(k)

    def _streak_against(self, k: int, n: int, unit: str, vague: bool) -> bool:
        """As in "multi-session outperformance against X", "beat X for a fifth day"."""
        last = self._last(k)
        noun = next(
            (
                j
                for j in range(k, min(last + 3, len(self.nodes)))
                if self.nodes[j].low in ("outperformance", "underperformance")
            ),
            -1,
        )
        c = (
            noun
            if noun >= 0
            else next(
                (
                    i
                    for i in (self.t.clause(self._head(k)),)
                    if self.nodes[i].low in lexicon.COMPARE or self.nodes[i].phrase == "cmp"
                ),
                -1,
            )
        )
        if c < 0:
            return False
        sign = lexicon.COMPARE.get(self.nodes[c].low, int(self.nodes[c].match.get("sign", "1")))
        subjects = self.who.owner(c) if noun >= 0 else self.who.subject(c)
        against, to, _ = self._against(c, subjects)
        for other in against:
            self.make(
                "streak",
                tuple(s for s in subjects if s != other),
                c,
                max(to, last),
                start=k,
                sign=sign,
                n=n,
                unit=unit or "day",
                vague=vague,
                ended=False,
                against=other,
            )
        if against and subjects:
            self.sheet.drafts = [
                d for d in self.sheet.drafts if not (d.claim.kind == "compare" and d.at == c)
            ]
        return bool(against and subjects)

    # -- extremes ---------------------------------------------------------------------------------

    def _extreme(self, k: int) -> None:
        m, link = self.nodes[k].match, self.nodes[k].link
        assert link is not None
        reference = self._reference(m)
        if _NTH.match(m.get("nth", "")) or reference is None or self.t.ahead(self._head(k)):
            return
        ref, since, size = reference
        text = self.sheet.clean[link.start() : link.start("gap")].casefold()
        how = _HOW.get(m["how"].casefold(), m["how"].casefold())
        what = re.sub(r"(?<=ss)es$|(?<!s)s$", "", (m.get("what") or "").casefold())
        unit = self._extreme_unit(k, m, text, what, how)
        if what in ("setback", "pullback", "drawdown", "retreat") and not m.get("adj"):
            return  # from a high to a low, over no period that is named
        if not unit or _ODD_PERIOD.search(text) or (unit == "streak" and self._odd_run(text, link)):
            return
        subjects = self._extreme_holder(k, link)
        sign = self._extreme_sign(k, how, what, text)
        if (
            not subjects
            or not sign
            or (how in ("biggest", "largest", "longest") and what in _PLAIN)
        ):
            return
        head, last = self._head(k), self._last(k)
        if unit == "level" and ref == "ever":
            self.make("record", subjects, head, last, start=k, sign=sign, sessions=0)
            return
        guessed = not (unit_of(text) or unit in ("level", "streak"))
        self.make(
            "extreme",
            subjects,
            head,
            last,
            start=k,
            sign=sign,
            unit=unit,
            since=since,
            ref=ref,
            size=size,
            guessed=guessed,
        )

    def _odd_run(self, text: str, link: re.Match[str]) -> bool:
        """Is the longest run over, or one of weeks or months, which are compared with no others?"""
        said = [n.match for n in self.nodes if n.phrase == "streak"]
        units = {unit_of(f"{m.get('per', '')} {m.get('what', '')}".casefold()) for m in said}
        before = self.sheet.clean[self.sheet.sentence.start : link.start()]
        counted = {*units, unit_of(text)} - {"", "day"}
        return bool(_ENDED.search(before) or counted)

    def _reference(self, m: dict[str, str]) -> tuple[str, dt.date | None, str] | None:
        """since, within, year or ever; the day; and how exactly that day is meant."""
        today = self.today
        if m.get("since"):
            since = "since " + re.sub(r"^(?:early|late|mid)[- ]", "", m["since"])
            w = windows.Reader(today).find(since, 0, len(since))
            if not w or w[0].first is None or w[0].base in ("low", "high") or w[0].unclear:
                return None
            said = w[0].text
            day = (
                re.search(rf"{dates.MONTH}\s+\d{{1,2}}\b(?!\d)", said) is not None
                or re.search(dates.DAY, said) is not None
            )
            month = re.search(dates.MONTH, said, re.IGNORECASE) is not None
            return "since", w[0].first, "day" if day else "month" if month else "year"
        if m.get("ever"):
            return "ever", None, ""
        if m.get("year"):
            return "year", dt.date(today.year, 1, 1), ""
        if m.get("named"):
            return (
                ("year", dt.date(int(m["named"]), 1, 1), "")
                if int(m["named"]) == today.year
                else None
            )
        if m.get("decade"):
            return "year", dt.date(today.year - today.year % 10, 1, 1), ""
        if not m.get("many"):
            return None
        n = count(
            re.sub(
                r"^(?:more than|at least|over|nearly|almost|about|some|the past|the last)\s+",
                "",
                m["many"].casefold(),
            )
        )
        unit = m["many_unit"].casefold().rstrip("s") + "s"
        if n is None:
            return None
        delta = {
            "years": relativedelta(years=n),
            "decades": relativedelta(years=10 * n),
            "quarters": relativedelta(months=3 * n),
            "weeks": relativedelta(weeks=n),
            "months": relativedelta(months=n),
        }[unit]
        return "within", dates.moved(today, -delta), unit.rstrip("s")

    def _extreme_unit(self, k: int, m: dict[str, str], text: str, what: str, how: str) -> str:
        if how in ("highest", "lowest") or (
            not what
            and any(n.low.endswith(("close", "finish")) for n in self.nodes[max(0, k - 5) : k])
        ):
            return "level"
        if what in ("streak", "run") or (what == "stretch" and how == "longest"):
            return "streak"
        unit = (
            unit_of(m.get("adj", "").casefold())
            or unit_of(what)
            or unit_of(m.get("gap", "").casefold())
            or unit_of(text)
        )
        if unit:
            return unit
        over = self._head(k)
        for i in sorted(
            (i for i, n in enumerate(self.nodes) if n.window is not None),
            key=lambda i: abs(i - over),
        ):
            w = self.nodes[i].window
            if w is not None and w.unit in ("day", "week", "month", "quarter", "year"):
                return w.unit
        found = self.spoken_unit()
        return found if found else "day" if how in ("most", "least") or not what else ""

    def _extreme_sign(self, k: int, how: str, what: str, text: str) -> int:
        if how in ("worst", "weakest", "lowest", "poorest"):
            return -1
        if how in ("best", "strongest", "highest"):
            return 1
        if _DOWN.search(what) or (what in ("streak", "run") and "losing" in text):
            return -1
        if what in ("streak", "run") and "winning" in text:
            return 1
        if how in ("most", "least", "longest") or what in (
            "",
            "move",
            "streak",
            "run",
            "performance",
        ):
            return self._moves(self.t.clause(self._head(k)), k) * (-1 if how == "least" else 1)
        return (
            1
            if _UP.search(what) or what in ("return", "jump", "surge", "rally", "rebound", "climb")
            else 0
        )

    def _extreme_holder(self, k: int, link: re.Match[str]) -> Subjects:
        inside = self.names.find(self.sheet.clean, link.start(), link.end("gap"))
        if inside:
            return (inside[0].subject,)
        return self._behind(self._last(k)) or self.holder(k)

    def _behind(self, last: int) -> Subjects:
        """As in "two weekly gains running for small caps": those named behind a phrase."""
        right = self.right_name(last)
        return (
            self.who.phrase(right)
            if right >= 0 and self.nodes[last + 1].low in ("for", "by", "in")
            else ()
        )

    # set by the reader of the text
    today: dt.date
    names: Names

    def spoken_unit(self) -> str:
        """The unit of the window that the text speaks of; "" where it has spoken of none."""
        return ""
