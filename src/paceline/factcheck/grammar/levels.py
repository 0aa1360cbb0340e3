"""Levels: "closed at 6,870.40", of the day and the thing that is spoken of."""

from __future__ import annotations

import re
from dataclasses import replace

from paceline.factcheck.grammar.model import Aside
from paceline.factcheck.grammar.moves import Moves
from paceline.factcheck.joining import Item

_INTRADAY = re.compile(
    r"\s*(?:at|as) (?:its|the|their) (?:intraday |session )?(?:high|low|peak|best|worst)\b|\s*intraday")


class Levels(Moves):
    """Levels: "closed at 6,870.40", of the day and the thing that is spoken of."""

    def _level(self, k: int, item: Item) -> None:
        items, state, number = self.items, self.state, item.number
        assert number is not None
        before = items[k - 1] if k else None
        word = before.text.casefold() if before is not None else ""
        item.used = True
        if (
            before is None
            or word
            not in (
                "to",
                "at",
                "above",
                "below",
                "past",
                "over",
                "under",
                "near",
                "beyond",
                "through",
                "topped",
                "tops",
                "reach",
                "reached",
                "hit",
                "around",
                "about",
                "record",
                "of",
                "beneath",
                "crossed",
                "topping",
                "surpassed",
                "level",
                "close",
            )
        ) and not (before is not None and before.tag in ("C", "record")):
            return
        left = items[max(0, k - 4) : k]
        if any(i.tag == "mean" for i in left) and all(i.tag in ("mean", "f", "(", ",") for i in left[-2:]):
            return  # "its 100-day average (at 4,199)": the average's own level
        clean = self.text.clean
        if _INTRADAY.match(clean, item.end):
            return  # within the day
        if word == "of" and re.search(
            r"\b(?:high|low|peak|bottom|trough|record|top|close|level)\b[^.;]*$", clean[self.sentence.start : item.start], re.IGNORECASE
        ) and any(i.tag == "W" and i.window is not None and i.window.unit == "day" and not i.window.open for i in items[max(0, k - 7) : k + 5]):
            return  # "the peak of 14,164 on October 9": another day's level
        subjects = state.subjects
        if (
            not subjects
            or state.blocked
            or subjects[0].kind not in ("index", "stock", "fund", "market", "asset", "unknown")
        ):
            return
        claimed = next((c for c in reversed(self.claims) if c.subject.name == subjects[0].name), None)
        forecast = self._forecast(item.start, item.end)
        if forecast is not None:
            self.out.asides.append(
                Aside("forecast", item.start, item.end, "a forecast: only time can check it", subjects[0])
            )
            return
        side = {
            "above": 1,
            "past": 1,
            "over": 1,
            "beyond": 1,
            "topped": 1,
            "tops": 1,
            "topping": 1,
            "surpassed": 1,
            "crossed": 1,
            "through": 1,
            "below": -1,
            "under": -1,
            "beneath": -1,
        }.get(word, 0)
        if word in ("near", "around", "about") and not number.how:
            number = replace(number, how="about")
        if before is not None and before.tag == "C":
            side, before.used = 1, True
            state.compare = None
        if number.unit == "level" and number.step >= 1 and not side and number.how == "" and number.value % 100 == 0:
            number = replace(number, how="about")
        del claimed
        self._claim("level", subjects[:1], (before.start if before else item.start), item.end, number=number, side=side)
