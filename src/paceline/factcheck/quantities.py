"""Numbers as commentary writes them, in digits and words, and how exactly they are meant."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from paceline.factcheck import lexicon

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
SMALL = {
    **{w: n for n, w in enumerate(_UNITS)},
    **_TENS,
    "a": 1,
    "an": 1,
    "several": 3,
    "multiple": 3,
    "dozen": 12,
}
_ORDINALS = {
    w: n
    for n, w in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
        "thirteenth fourteenth fifteenth "
        "sixteenth seventeenth eighteenth nineteenth twentieth".split(),
        1,
    )
}

_WORD = (
    rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(_UNITS[1:10])}))?|{'|'.join(_UNITS)}|(?:a|"
    rf"one) hundred)"
)
_DIGITS = (
    r"\d{1,3},\d{1,2}(?=\s?(?:%|per ?cent|pct|pc\b))|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|"
    r"\.\d+"
)
_VALUE = (
    rf"(?:{_DIGITS}|{_WORD}(?:[- ]and[- ](?:a|one|two|three|four|five|six|seven|eight|"
    rf"nine)[- ](?:half|quarters?|tenths?|thirds?)| point {_WORD})?)"
)
_PERCENT = r"(?:\s?%|[\s-]?per[\s-]?cent\b|[\s-]?pct\b|\s?pc\b)"
_SIGN = r"(?:(?<![\w.)])[+-]\s?|(?<![%\w] )\bplus\s|\bminus\s)?"

PERCENT = re.compile(
    rf"(?<!\d[.,])(?<!\w)(?P<sign>{_SIGN})(?P<low>{_VALUE}|half a|half of one|a|"
    rf"one-half)(?:(?:\s?%)?(?:-|\s-\s|\s?\u2013\s?|\s?to\s?)(?P<high>{_VALUE}))?"
    rf"{_PERCENT}(?![- ]?points?\b)(?!age)(?:\s?(?:to|-|\u2013)\s?(?P<more>{_DIGITS}){_PERCENT})?",
    re.IGNORECASE,
)
PART_OF_PERCENT = re.compile(
    rf"(?P<sign>{_SIGN})\b(?P<many>a|one|two|three|four|five|six|seven|eight|"
    rf"nine)[- ](?P<part>half|thirds?|quarters?|fifths?|tenths?) of "
    rf"(?:a |one )?{_PERCENT.strip()}(?![- ]?points?\b)",
    re.IGNORECASE,
)
BETWEEN = re.compile(
    rf"(?P<sign>)\bbetween (?P<low>{_VALUE})(?:{_PERCENT})? and (?P<high>{_VALUE}){_PERCENT}",
    re.IGNORECASE,
)
POINTS = re.compile(
    rf"(?<!\d[.,])(?<!\w)(?P<sign>{_SIGN})(?P<low>{_VALUE}|half a|a|a full)(?:(?:-|\s-\s|"
    rf"\s?\u2013\s?|\s?to\s?)(?P<high>{_DIGITS}))?"
    r"[\s-]?(?:of a )?(?P<unit>percentage[- ]points?|%[- ]points?|per cent[- ]points?|pps?\b|"
    r"ppts?\b|pct\.? pts?\b|"
    r"basis[- ]points?|bps?\b|points?\b(?! (?:one|two|three|four|five|six|seven|eight|nine|zero|"
    r"oh)\b)|pts\b)",
    re.IGNORECASE,
)
FRACTION = re.compile(
    r"\b(?P<many>a|one|two|three|four)[- ](?P<part>half|thirds?|quarters?|fifths?|"
    r"tenths?)\b(?!\s+(?:straight|consecutive|"
    r"session|day|week|month|year|half|surge|gain|rally|rise|advance|drop|decline|loss|fall|"
    r"performance|return|of (?:\w+ ){0,2}(?:gains|losses|declines|growth|advances)|of (?:the year|"
    r"20\d\d|"
    r"19\d\d)))|\bhalf\b(?=\s+(?:of|its|their|the|as|all))|(?:(?<=by )|(?<=than )|(?<=lost )|"
    r"(?<=about )|(?<=nearly ))half\b(?=[,;.)]|\s+(?:in|since|from|over|during|this|last)\b|$)",
    re.IGNORECASE,
)
#: A number without a unit: an amount of points where a movement stands right before it.
BARE = re.compile(
    r"(?:(?P<sign>(?<![\w.)$/:,])[+-]|(?:(?<=, )|(?<=\())minus )|"
    r"(?<![\w$.,+/:(-]))\d{1,3}(?:,\d{3})*(?:\.\d{1,2})?(?![\w/-]|[.,:]\d|\s?(?:%|per ?cent|pct|"
    r"pc\b|points?\b|pts\b|percentage|basis|bps?\b|million|billion|trillion|"
    r"of \d|st\b|nd\b|rd\b|th\b))"
)
#: The same in words: "lost nearly eighteen".
SAID = re.compile(
    rf"(?<=[a-z] )(?:{_WORD} point {_WORD}|(?:{'|'.join([*_UNITS[10:], *_TENS])})(?:[- "
    rf"](?:{'|'.join(_UNITS[1:10])}))?)(?=[.,;]|$| (?:for|on|this|since|in) )",
    re.IGNORECASE,
)
LEVEL = re.compile(
    r"(?<![\w$.,+/-])(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{3,5}\.\d{1,2}|\d{4,5})(?![\w%/]|[.,]\d|"
    r"\s?(?:%|per ?cent|"
    r"points?\b|shares\b|jobs\b|companies\b|stocks\b|million|billion|trillion|basis|bps?\b|people|"
    r"index\b))"
)

_PARTS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "tenth": 1 / 10}
_BEFORE = re.compile(
    r"(?<![A-Za-z])(?P<not>not )?(?:"
    + "|".join(f"(?P<{how}>{said})" for how, said in lexicon.HEDGES.items())
    + r")\s*(?:an?\s+|the\s+|another\s+|some\s+)?$",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\s*(?:,\s*)?(?:or so|or thereabouts|, give or take)\b", re.IGNORECASE)
_AFTER_MORE = re.compile(r"\s*or (?:more|better)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Number:
    """A stated number: fraction for percent and points, plain for levels.

    step    one unit of the last digit stated, on the same scale
    how     "", about, nearly, over, justover, under, atleast, atmost: how exactly it is meant
    unit    percent, points (percentage points), index_points, level, part (two thirds), times
            (doubled)
    signed  the sign is written out
    """

    low: float
    high: float
    step: float
    unit: str
    start: int
    end: int
    how: str = ""
    signed: bool = False

    @property
    def value(self) -> float:
        """The middle of a range."""
        return (self.low + self.high) / 2

    def times(self, sign: int) -> Number:
        """With a direction: a decline of 2% is -2%."""
        if sign >= 0 or self.signed:
            return self
        return replace(self, low=-self.high, high=-self.low)


def count(text: str) -> int | None:
    """A small whole number, in digits, words or as an ordinal."""
    said = text.casefold().strip().replace("-", " ")
    if (digits := re.match(r"(\d{1,3})(?:st|nd|rd|th)?$", said)) is not None:
        return int(digits.group(1))
    if said in _ORDINALS:
        return _ORDINALS[said]
    if said in SMALL:
        return SMALL[said]
    first, _, rest = said.partition(" ")
    if first in _TENS and rest in _ORDINALS:
        return _TENS[first] + _ORDINALS[rest]
    if first in _TENS and rest in SMALL:
        return _TENS[first] + SMALL[rest]
    return None


def _value(text: str) -> tuple[float, float]:
    """Value and one unit of its last digit."""
    said = " ".join(text.casefold().replace("-", " ").split())
    if re.fullmatch(r"[\d.,]+", said):
        comma = re.fullmatch(r"\d{1,3},\d{1,2}", said) is not None  # a decimal comma
        said = said.replace(",", "." if comma else "")
        decimals = len(said.partition(".")[2])
        return float(said), 10.0**-decimals
    if said in ("half a", "half of one", "one half"):
        return 0.5, 0.1
    if said in ("a", "a full", "an"):
        return 1.0, 1.0
    parts = re.fullmatch(r"(.+) and (\w+) (half|quarter|tenth|third)s?", said)
    if parts is not None:
        ones = float(parts[1]) if parts[1].isdigit() else float(count(parts[1]) or 0)
        return ones + (count(parts[2]) or 1) * _PARTS[parts[3]], 0.1 if parts[3] == "tenth" else 0.5
    whole, point, decimals_ = said.partition(" point ")
    if point:
        return (count(whole) or 0) + (count(decimals_) or 0) / 10, 0.1
    if said in ("a hundred", "one hundred"):
        return 100.0, 1.0
    return float(count(said) or 0), 1.0


def find(text: str, start: int, end: int) -> list[Number]:
    """The numbers of a stretch of text with a unit, in order, none inside another."""
    found: list[Number] = []
    taken: list[tuple[int, int]] = []

    def free(a: int, b: int) -> bool:
        return all(b <= x or a >= y for x, y in taken)

    for kind, pattern in (
        ("tenths", PART_OF_PERCENT),
        ("percent", BETWEEN),
        ("points", POINTS),
        ("percent", PERCENT),
        ("part", FRACTION),
        ("level", LEVEL),
        ("bare", BARE),
        ("bare", SAID),
    ):
        for m in pattern.finditer(text, start, end):
            if not free(m.start(), m.end()):
                continue
            number = _read(kind, m)
            if number is None:
                continue
            taken.append((m.start(), m.end()))
            found.append(_qualified(text, start, end, number))
    return sorted(found, key=lambda n: n.start)


def _read(kind: str, m: re.Match[str]) -> Number | None:
    """A number of a kind; None for a year."""
    begin, end = m.start() + (len(m.group()) - len(m.group().lstrip())), m.end()
    said = m.groupdict()
    sign = said.get("sign") or ""
    minus = sign.strip().casefold() in ("-", "minus")
    if kind in ("tenths", "part"):
        part = (said["part"] or "half").casefold()
        value = (count(said["many"] or "one") or 1) * _PARTS[part.rstrip("s")]
        if kind == "part":
            return Number(value, value, 0.03, "part", begin, end)
        step = 0.001 if part.startswith("tenth") else 0.0025
        value = -value / 100 if minus else value / 100
        return Number(value, value, step, "percent", begin, end, signed=bool(sign.strip()))
    if kind == "bare":
        value, step = _value(m.group().removeprefix(sign))
        value = -value if minus else value
        return Number(value, value, step, "bare", begin, end, signed=bool(sign))
    if kind == "level":
        value, step = _value(m.group())
        year = "," not in m.group() and "." not in m.group() and 1900 <= value <= 2100
        return None if year else Number(value, value, step, "level", begin, end)
    return _read_range(kind, m, begin, minus)


def _read_range(kind: str, m: re.Match[str], begin: int, minus: bool) -> Number:
    """Percent or points, one number or from one to another."""
    said = m.groupdict()
    low, step = _value(said["low"])
    high, unit, scale = low, "percent", 0.01
    if other := said["high"] or said.get("more"):
        high, other_step = _value(other)
        step, low, high = min(step, other_step), min(low, high), max(low, high)
    if kind == "points":
        unit, word = "points", said["unit"].casefold()
        if word.startswith(("basis", "bp")):
            scale = 0.0001
        elif word in ("point", "points", "pts"):
            unit, scale = "index_points", 1.0
    if minus:
        low, high = -high, -low
    signed = bool(said["sign"].strip())
    return Number(low * scale, high * scale, step * scale, unit, begin, m.end(), signed=signed)


def _qualified(text: str, start: int, end: int, number: Number) -> Number:
    before = text[max(start, number.start - 40) : number.start]
    m = _BEFORE.search(before)
    if m is not None:
        how = next(n for n in lexicon.HEDGES if m.group(n))
        if m.group("not"):
            how = {"over": "atmost", "under": "atleast"}.get(how, how)
        if how == "about" and m.group(0).strip().casefold() == "some" and number.unit == "part":
            how = "about"
        if not (
            how in ("under", "over")
            and m.group(0).strip().casefold() in ("below", "above")
            and number.unit == "level"
        ):
            return replace(number, how=how, start=number.start - (len(before) - m.start()))
        return replace(number, how=how)
    if _AFTER.match(text, number.end, end):
        return replace(number, how="about")
    if _AFTER_MORE.match(text, number.end, end):
        return replace(number, how="atleast")
    return number
