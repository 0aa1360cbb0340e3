"""The wordings of windows: each with the method of ``windows.Reader`` that says what it means."""

from __future__ import annotations

import re

from paceline.factcheck.dates import DATE, DAY, DAYS, MONTH, MONTHS, YEAR

_NTH_DAY = r"\d{1,2}(?:st|nd|rd|th)?"

_N = r"(?:\d{1,3}|[a-z]+(?:-[a-z]+)?)"
_TURN = (
    r"(?:(?:short-term|closing|recent|interim|intermediate|cycle|bear-market|bull-market|"
    r"multi-year|record|all-time|new|"
    r"fresh|intraday|record closing|52-week|pandemic|crisis|latest|prior|previous|most recent|"
    r"year-to-date|relief|panic|"
    r"COVID|Covid) )*"
    r"(?P<turn>lows?|bottom|trough|nadir|highs?|peak|top|record|record close)"
)
#: What stands between a number and the high or low that it is measured from.
_AWAY = (
    r"(?:since|from|off|below|above|under|beneath|short of|shy of|adrift of|away from|clear of|"
    r"beyond)"
)
_DET = r"(?:(?:a|an|its|their|the|his|that|this|our)\s+)?"
_TO = (
    rf"(?:\s+(?:to|through|until|till)\s+(?:(?:last|the close (?:on|of))\s+)?(?P<to>{DATE}|"
    rf"{DAY})(?:'s(?: close)?)?)"
)
_EVENT = (
    r"(?P<event>election|vote|referendum|crash|invasion|outbreak|announcement|meeting|collapse|"
    r"speech|attack|attacks)"
)

_COUNT = (
    r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|"
    r"eighteen|twenty|thirty|fifty-two)"
)
HOLIDAYS = (
    r"(?:Good Friday|Easter Monday|Easter|Maundy Thursday|Black Friday|Thanksgiving(?: Day)?|"
    r"Christmas(?: Eve| Day)?|Boxing Day|New Year's Eve|"
    r"New Year(?:'s)?(?: Day)?|Halloween|Valentine's Day|Independence Day|the Fourth of July|"
    r"July Fourth|Labor Day|Memorial Day|"
    r"Presidents'? Day|Martin Luther King Jr\.? Day|MLK Day|Juneteenth)"
)

RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(p, re.IGNORECASE), b)
    for p, b in (
        (
            rf"\b(?:in |over |for |during )?(?:the |its |their )?(?P<n>{_COUNT})[- ](?P<unit>week|"
            rf"month|quarter|year|day|session)s?(?: period)? "
            rf"(?:to|through|ended|ending|until|up to)(?: the)?(?: end of| close (?:on|"
            rf"of))? (?P<to>{DATE}|{DAY}|{MONTH}(?:\s+{YEAR})?)",
            "n_to",
        ),
        (
            rf"\b(?:in |over |during |for )?the (?:first|opening) (?P<n>{_COUNT}) (?P<unit>months|"
            rf"weeks|quarters)(?: of (?:the year|this year|(?P<y>{YEAR})))?",
            "first_n",
        ),
        (
            rf"\b(?:for |over |in |on )?(?:the |a |its |their )(?:past |last |"
            rf"trailing )?(?P<n>{_COUNT})[- ](?P<unit>week|month|quarter|year)s?[- ](?:period|"
            rf"span|stretch|basis|horizon)\b",
            "rolling",
        ),
        (
            r"\b(?:over|in|for|during|across) the (?P<n>two|three|four|five|six|nine|ten|twelve|"
            r"\d{1,2}) (?P<unit>week|month|quarter|year)s\b(?! (?:to|through|ended|ending|of|"
            r"before|ago|after))",
            "rolling",
        ),
        (
            r"\b(?:in|over|for|within) (?:about |just |only |less than |little more than |"
            r"just over )?(?P<n>an?|one) (?P<unit>year|month|week|quarter)\b(?! (?:ago|earlier|"
            r"low|high|of|that|when|before|in which))",
            "rolling",
        ),
        (
            r"\b(?:trailing |rolling )?(?P<n>\d{1,3}|one|two|three|four|five|six|nine|ten|twelve|"
            r"fifteen|twenty)-(?P<unit>year|month|week|quarter)(?= (?:\w+ )?(?:return|returns|"
            r"gain|gains|loss|losses|"
            r"advance|decline|change|performance|rise|increase|drop)\b)",
            "rolling",
        ),
        (
            rf"\b(?:from|over|compared with|compared to|versus|than|on) (?:its |the )?(?:level |"
            rf"close |value )?(?:of )?(?P<n>{_COUNT}) (?P<unit>years?|months?|weeks?) "
            r"(?:ago|earlier|before|previously)\b",
            "year_ago",
        ),
        (
            r"\b(?:since|from|above|over) (?P<which>last|the previous|the prior) (?P<unit>week|"
            r"month|quarter|year)'s (?:close|end|finish|last close)(?: of [\d,.]+\d)?",
            "from_last",
        ),
        (
            rf"\bsince (?:the|its) (?:one|week|month|quarter|day|session|period|five days|"
            rf"year) (?:that )?(?:ended|ending|of|to|through)(?: on)? (?P<d>{DATE})",
            "since_date",
        ),
        (
            r"\b(?:since|from|after) (?:the )?(?:presidential |us |u\.s\. |"
            r"midterm )?election(?: day)?\b(?! (?:on|of|in)\b)",
            "since_election",
        ),
        (
            rf"\b(?:since|from|over) (?:the close (?:on|of) )?(?:that |the |"
            rf"last )?(?P<d>{HOLIDAYS})(?:'s)?(?: (?:low|lows|bottom|high|highs|peak|close|"
            rf"panic))?\b(?! week)",
            "since_holiday",
        ),
        (
            rf"\b(?:in |during |over |for )?(?:the |this )?(?P<d>{HOLIDAYS})(?:-shortened)?[- "
            rf"](?:shortened )?week\b",
            "holiday_week",
        ),
        (
            rf"\b(?:on )?(?P<d>{HOLIDAYS})\b(?:'s)?(?! (?:rally|season|sales|shopping|spending|by|"
            rf"quarter))",
            "holiday",
        ),
        (
            r"\b(?:in |over |during |for )?the (?P<m>March|June|September|"
            r"December) (?P<unit>quarter)\b",
            "quarter_named",
        ),
        (
            rf"\b{_AWAY} (?:its|their|the|a) (?:[\w'-]+ ){{0,3}}?(?P<d>{MONTH}\s+{_NTH_DAY},?(?:\s"
            rf"+{YEAR})?),?\s+(?:all-time |closing |record |intraday |panic |pandemic )*"
            rf"(?P<turn>lows?|bottom|trough|peak|highs?|record|top|nadir)(?: close)?",
            "turning_on",
        ),
        (
            rf"\b{_AWAY} (?:its|their|the|a) (?:[\w'-]+ ){{0,4}}?(?P<turn>low|high|peak|bottom|"
            rf"trough|record|close)(?: close)?,? (?:of|on|from|set on|set|reached on|"
            rf"hit on) (?P<d>{DATE})",
            "turning_on",
        ),
        (
            rf"\b(?:between|from) (?:early|late|mid)[- ]{MONTH} (?:and|to|through|"
            rf"until) (?:early |late |mid-?)?(?:{DATE}|{DAY}|{MONTH}|now)",
            "no_day",
        ),
        (
            r"\ba year ago (?:this|last) (?:week|month)\b|\b(?:at )?this time last year\b|"
            r"\bin the (?:first|last|final|opening) (?:few |\w+ )?(?:days|weeks|"
            r"sessions) of\b[^,;.]{0,20}",
            "no_day",
        ),
        (
            rf"\b(?:from )(?P<a>{MONTH})(?: (?P<ya>{YEAR}))? (?:to|through|"
            rf"until) (?P<b>{MONTH})(?: (?P<yb>{YEAR}))?(?!\s+\d)",
            "months",
        ),
        (
            r"\b(?:for|over|in|during) (?:the |its |our )?(?:fiscal (?:year|period)|"
            r"12-month (?:period|reporting period)|reporting period)\b(?! (?:ended|ending))",
            "fiscal_year",
        ),
        (
            rf"\b(?:for |in |over |during )?(?:the |its |our )?(?:fiscal |12-month |"
            rf"twelve-month )?(?P<unit>year|quarter)(?: period)? (?:ended|"
            rf"ending)(?: on)? (?P<d>{DATE})",
            "week_ended",
        ),
        (
            r"\b(?:a|the) (?P<which>previous )?(?P<unit>week|month|quarter|year) (?:before|"
            r"earlier|prior)\b(?! (?:last|the|that))",
            "last_period",
        ),
        (
            r"\bin the (?P<q>first|second|third|fourth|final)\b(?=\s*(?:[,.;)]|and\b|but\b|$))",
            "quarter_short",
        ),
        (
            rf"\b{_AWAY} (?P<m>{MONTH})(?:\s+(?P<y>{YEAR}))?'s (?:closing |all-time |record |"
            rf"intraday )*(?P<turn>lows?|bottom|trough|peak|highs?|record|top)",
            "turning_in",
        ),
        (
            r"\bon an? (?P<which>)(?P<unit>daily|weekly|monthly|quarterly|annual|yearly) basis\b",
            "basis",
        ),
        (r"\b(?:for|on|in|over|this) (?:the |this )?(?P<unit>wk|mo|yr|qtr)\b", "short"),
        (r"\b(?P<which>last|past|prior|prev) (?P<unit>wk|mo|yr|qtr)\b", "short_last"),
        (r"\bsince (?:its |the )?(?:inception|launch|debut|listing|IPO)\b", "unknown_start"),
        (
            rf"\b(?:since|from|off|after)\s+(?:(?:hitting|reaching|setting|making|touching|"
            rf"bottoming|peaking|closing|falling|"
            rf"rising|notching|forming|establishing)\s+(?:at |to |"
            rf"out )?)?{_DET}{_TURN}\s*,?\s*(?:(?:set|reached|hit|made|posted|"
            rf"touched|struck)\s+)?(?:on|of|at|from)\s+(?:the close (?:on|"
            rf"of) )?(?P<d>{DATE}){_TO}?",
            "turning_on",
        ),
        (
            rf"\b{_AWAY}\s+(?:its|their|the|a)\s+(?:[\w'-]+\s+){{0,3}}?(?P<turn>low|high|peak|"
            rf"bottom|trough|record)"
            rf"(?:\s+close)?\s+of\s+[\d,.]+\d\s*,?\s*(?:(?:that was |which it )?(?:reached|set|"
            rf"hit|touched|made|posted|struck)\s+)?(?:on|from)\s+"
            rf"(?P<d>{DATE})",
            "turning_on",
        ),
        (
            rf"\b{_AWAY}\s+(?:its|their|the|a)\s+(?:[\w'-]+\s+){{0,3}}?(?P<turn>low|high|peak|"
            rf"bottom|trough|record)"
            rf"(?:\s+close)?\s+(?:(?:that )?(?:it|they) )?(?:had )?(?:reached |set |hit |made |"
            rf"scaled |touched |notched |recorded )?(?:on|of|"
            rf"from)\s+(?:the )?(?P<d>{DATE})(?:\s+of\s+[\d,.]+\d)?",
            "turning_on",
        ),
        (
            rf"\b{_AWAY}\s+(?:its|their|the|that|a)\s+(?P<d>{DATE})\s+(?:\w+ )?(?P<turn>lows?|"
            rf"bottom|trough|peak|highs?|"
            rf"record|top|nadir)(?:\s+close)?{_TO}?",
            "turning_on",
        ),
        (
            rf"\bsince\s+(?:bottoming|troughing)(?:\s+out)?\s+(?P<turn>)on\s+(?P<d>{DATE}){_TO}?",
            "turning_on",
        ),
        (rf"\bsince\s+peaking\s+(?P<turn>)on\s+(?P<d>{DATE}){_TO}?", "turning_on"),
        (
            rf"\b{_AWAY}\s+(?:its|their|the|that|a)\s+(?:\w+-)?(?P<m>{MONTH})(?:\s+(?P<y>{YEAR}))?"
            rf"(?:'s)?\s+"
            rf"(?:closing |bear-market |panic )?(?P<turn>lows?|bottom|trough|peak|highs?|record|"
            rf"top|nadir){_TO}?",
            "turning_in",
        ),
        (
            rf"\b(?:since|from|off)\s+{_DET}{_TURN}\s+(?:(?:set|reached|hit|made)\s+)?(?:in|of|"
            rf"from)\s+(?:early |late |mid-)?"
            rf"(?P<m>{MONTH})(?:\s+(?P<y>{YEAR}))?{_TO}?",
            "turning_in",
        ),
        (
            rf"\b{_AWAY}\s+(?:(?:hitting|reaching|setting)\s+)?{_DET}(?:year's |"
            rf"2\d\d\d )?{_TURN}\b(?!\s+(?:on|of|in|earnings|since|yield))",
            "turning_free",
        ),
        (
            rf"\b(?:from|between)\s+(?P<d>{DATE}|{DAY})(?:'s close)?\s+(?:to|through|until|till|"
            rf"and)\s+(?P<to>{DATE}|{DAY})"
            rf"(?:'s close)?",
            "from_to",
        ),
        (
            rf"\b(?:since|from)\s+(?:the\s+)?(?:close (?:of|"
            rf"on)\s+)?(?:\w+(?:ial)?\s+)?{_EVENT}\s+(?:on|of)\s+(?P<d>{DATE})",
            "since_date",
        ),
        (
            rf"\b(?:since|from)\s+(?:(?:the )?close (?:of|on)\s+|last\s+)?(?P<d>{DATE}|"
            rf"{DAY})(?:'s (?:close|low|high))?",
            "since_date",
        ),
        (rf"\b(?:since|from)\s+(?:the\s+)?(?:\w+(?:ial)?\s+)?{_EVENT}\b", "since_event"),
        (
            rf"\b(?:since|from)\s+(?:the\s+)?(?P<edge>start|beginning|end|close|middle|mid|outset|"
            rf"turn)\s+of\s+(?:the\s+)?"
            rf"(?P<what>(?:last |previous |this )?(?:year|month|quarter|week|decade)|"
            rf"{MONTH}(?:\s+{YEAR})?|{YEAR})",
            "since_edge",
        ),
        (
            rf"\bsince\s+(?:early |late |mid-?)?(?P<m>{MONTH})(?:\s+(?P<y>{YEAR}))?\b(?!\s+\d)",
            "since_month",
        ),
        (rf"\bsince\s+(?P<y>{YEAR})\b", "since_year"),
        (
            r"(?:(?<=has )|(?<=have )|(?<=had ))since\b(?= \w+(?:ed|en|ost|un|own|ung|ained|"
            r"ell)\b)",
            "since_then",
        ),
        (
            r"\bfrom (?:there|then)\b(?: on)?(?: (?:to|through|until) (?:the )?(?:year[- ]end|"
            r"end of (?:the|that) (?:year|month|quarter)|now|today))?|\bsince then\b|\b(?:since|"
            r"from) that (?:date|day|point|moment|session)\b",
            "since_then",
        ),
        (
            rf"\b(?:in |over |during )?the (?:first|second|early|latter|opening) (?:half|part|"
            rf"days|weeks) of (?:the |this )?(?:month|week|session|day|quarter|{MONTHS}|decade)\b",
            "no_day",
        ),
        (r"\b(?P<unit>w/w|wow|w-o-w)\b", "short"),
        (r"\b(?P<which>of the )(?P<unit>day|week|month|quarter|year)(?=:)", "this_period"),
        (
            r"\b(?:an?|another) (?:losing|winning|down|up|positive|negative|good|bad|great|rough|"
            r"tough|wild|volatile|banner|strong|weak) (?P<which>)(?P<unit>day|week|month|quarter|"
            r"year)"
            r"(?= ?\(|, (?:minus|plus|down|up|[-+\d]))",
            "this_period",
        ),
        (
            r"\b(?:over|in|for|across) the (?:four|five) (?:trading )?(?:days|"
            r"sessions)\b(?! (?:to|through|ended|of|before|after))",
            "same",
        ),
        (r"\bon the (?P<nth>\d{1,2})(?:st|nd|rd|th)\b", "on_the"),
        (r"\b(?P<which>the )(?P<unit>week|month|quarter|year)'s\b", "this_period"),
        (
            r"(?:(?<=finished )|(?<=finishing )|(?<=finish )|(?<=ended )|(?<=ending )|(?<=end )|"
            r"(?<=closed )|(?<=closing ))"
            r"(?P<which>the )(?P<unit>day|session|week|month|quarter|year)\b(?!'|-|\s+(?:ago|"
            r"earlier|before|ended|ending|of\b|low|high|in\b|end\b))",
            "period_over",
        ),
        (
            rf"\b(?:the |in the |during the |for the )?week "
            rf"of\s+(?P<d>{DATE})(?:\s?[-\u2013]\s?\d{{1,2}})?",
            "week_of",
        ),
        (
            rf"\b(?:in |for |during |over )?(?:the )?(?P<unit>week|month|quarter|year)\s+(?:ended|"
            rf"ending|to)\s+(?:on )?(?P<d>{DATE}|{DAY})",
            "week_ended",
        ),
        (
            r"\b(?:over|in|during|for|across|through)\s+(?:the|that|"
            r"this)\s+(?:very )?(?:same\s+)?(?:period|stretch|span|time ?frame|time|interval|"
            r"window|stretch of time|run)\b",
            "same",
        ),
        (
            r"\b(?:in|during|over|for|on)\s+(?:the same|that)\s+(?:month|week|quarter|year|day|"
            r"session|month's)\b|\bthat (?:day|week|"
            r"month|year|quarter)\b",
            "same",
        ),
        (
            rf"\b(?:in|over|during|for|across)?\s*(?:the|its|their)\s+(?P<which>past|last|latest|"
            rf"previous|prior|preceding|trailing)\s+"
            rf"(?P<n>{_N}\s+|couple of\s+|few\s+)?(?P<unit>trading days?|trading sessions?|days?|"
            rf"sessions?|weeks?|months?|quarters?|years?|"
            r"decades?)\b(?!\s+(?:high|low))",
            "past_n",
        ),
        (
            rf"\b(?:in|over|within)\s+(?P<which>)(?:just |only |a span of |"
            rf"the span of )?(?P<n>{_N})\s+(?P<unit>trading days|trading sessions|days|sessions|"
            r"weeks|months|quarters|years)\b(?!\s+(?:high|low|ago))",
            "in_n",
        ),
        (
            r"\b(?:(?:in|over|during|for)\s+)?(?<!the )last\s+(?P<unit>week|month|quarter|year|"
            r"session)\b(?:'s)?",
            "last_period",
        ),
        (
            rf"\b(?P<which>this|for the|on the|in the|the current|over the|during the)\s+(?:full |"
            rf"whole |entire |holiday-shortened |shortened |"
            rf"calendar |trading )*(?P<unit>day|session|week|month|quarter|year)\b(?:'s)?(?!-|"
            rf" (?:ago|earlier|before|through|ended|ending|"
            rf"to (?:{MONTH}|{DAYS}|\d{{1,2}}\b(?![,.\d]))|of\b|low|high))",
            "this_period",
        ),
        (
            r"\b(?:so far )?in the (?:new|running) year\b|\b(?:year|month|quarter|"
            r"week)[- ]to[- ]date\b|\b(?:YTD|MTD|QTD|WTD)\b",
            "to_date",
        ),
        (
            rf"\bso far (?:in |this )?(?P<what>year|month|quarter|week|decade|{MONTH}|{YEAR})\b",
            "so_far",
        ),
        (
            rf"\b(?:in|for|during|of|over|calendar|throughout|across)\s+(?:all of |the whole of |"
            rf"calendar |full-year )?(?P<y>{YEAR})\b(?!\s+(?:stocks|index))",
            "year",
        ),
        (rf"(?<![-/\d,.])\b(?P<y>{YEAR})'s\b", "year"),
        (rf"\b(?P<d>{DATE})\s*(?:to|through|-|\u2013|\u2014)\s*(?P<to>{DATE})", "from_to"),
        (
            rf"\b(?:finish(?:ed|es|ing)?|end(?:ed|s|ing)?|clos(?:ed|es|ing)|start(?:ed|s|ing)?|"
            rf"began|beginning)\s+(?P<y>{YEAR})\b",
            "year",
        ),
        (
            rf"^(?P<y>{YEAR})(?=\s+in review)|\b(?:the )?(?P<y2>{YEAR})\s+(?:calendar |full |"
            rf"trading )?year\b",
            "year",
        ),
        (
            rf"\b(?P<m>{MONTHS})\b(?=\s+(?:was|proved|saw|brought|turned|has been|delivered|"
            rf"marked|ended|is|had|went|gave|closed|did|undid|belonged|began|started|made|took|"
            rf"came|offered|produced)\b)",
            "month",
        ),
        (r"\bearlier (?:this|in the|that|last) (?:year|month|week|quarter|decade)\b", "earlier"),
        (
            rf"\b(?:in|for|during|throughout|over|through)\s+(?:all of |the month of |early |"
            rf"late )?(?P<m>{MONTH})(?:,?\s+(?:of\s+)?(?P<y>{YEAR}))?"
            rf"(?:\s+alone)?\b(?!\s+\d{{1,2}}\b)",
            "month",
        ),
        (rf"\b(?P<m>{MONTH})(?:\s+(?P<y>{YEAR}))?'s\b", "month"),
        (rf"\b(?P<m>(?:{MONTHS}))\s+(?P<y>{YEAR})\b", "month"),
        (rf"\blast\s+(?P<m>(?:{MONTHS}))\b(?!\s+\d)", "last_month_named"),
        (
            rf"\b(?:in |for |during |over )?(?:the )?(?P<q>first|second|third|fourth|final|"
            rf"opening|1st|2nd|3rd|4th)[- ]"
            rf"(?P<unit>quarter|half)\b(?:'s)?(?P<of>(?:\s+of)?(?:\s+(?P<y>{YEAR})|\s+(?:the|this|"
            rf"last) year))?",
            "quarter",
        ),
        (
            rf"\b(?:in |for |during )?(?P<unit>Q|H)(?P<q>[1-4])(?:[\s']*(?P<y>{YEAR})|"
            rf"\s?'(?P<yy>\d\d))?\b",
            "quarter",
        ),
        (
            rf"\b(?:in |for |during )?(?P<q>[1-4])(?P<unit>Q|H)(?:\s*(?P<y>{YEAR})|"
            rf"\s?'?(?P<yy>\d\d))?\b",
            "quarter",
        ),
        (r"\bfor the (?P<unit>half)[- ]year\b(?P<q>)", "quarter"),
        (
            rf"\b(?:on |last |by |at |the previous )?(?:last )?(?P<w>(?:{DAYS})\b)\.?(?:'s(?: "
            rf"close| session)?)?",
            "weekday",
        ),
        (rf"\b(?:on\s+)?(?P<d>{DATE})(?:'s)?", "on_date"),
        (
            r"\bthe (?:day|session|week|month) (?:after|following|before) (?:the |that |its |"
            r"a )(?P<what>\w+)",
            "after_event",
        ),
        (
            r"\bthe (?:next|following) (?:day|session|trading day)\b|\bthe day after\b(?! (?:the|"
            r"that|its|a)\b)|\ba day later\b",
            "next_day",
        ),
        (
            rf"\b(?:through|until|till|up to|as of|by)\s+(?:(?:last|the close (?:on|"
            rf"of))\s+)?(?P<to>{DATE}|{DAY}|(?:{MONTHS})\b)(?:'s(?: close)?)?(?!\s+\d)",
            "through",
        ),
        (rf"\b(?:on\s+)?that\s+(?P<w>(?:{DAYS})\b)\.?(?:'s)?", "same_day"),
        (r"\btoday(?:'s)?\b|\bat the close(?: today)?\b|\btonight\b", "today_"),
        (
            r"\byesterday(?:'s)?\b|\bthe (?:previous|prior) (?:day|session)\b|\bthe day before\b|"
            r"\ba day earlier\b",
            "yesterday",
        ),
        (
            r"\b(?P<adj>annual|yearly|monthly|weekly|quarterly|daily|one-day|single-day|full-year|"
            r"calendar-year|year-to-date|"
            r"month-to-date)\b(?=[^.;,]{0,30}\b(?:gain|gains|loss|losses|return|returns|advance|"
            r"decline|drop|rise|"
            r"increase|performance|rally|fall)\b)",
            "adjective",
        ),
        (
            rf"\b(?:for |in |over )?(?:the )?(?P<unit>year|quarter|"
            rf"month)\s+through\s+(?P<to>{DATE}|{MONTH})",
            "year_through",
        ),
        (
            r"\b(?:in|during) (?:early|late|morning|afternoon|midday|midmorning|intraday|"
            r"premarket|after-hours|extended) (?:\w+ )?(?:trading|"
            r"trade|dealings)\b|\bintraday\b|\bat one (?:point|stage|time)\b|\bat (?:its|their|"
            r"the) (?:session|intraday) (?:low|high)s?\b|\bearlier in the (?:day|session)\b|"
            r"\bat midday\b",
            "intraday",
        ),
        (
            r"\b(?P<m>January|February|March|April|June|July|August|September|October|November|"
            r"December)\b(?!'s|\s+\d|\s+(?:high|low|peak|bottom|futures|contract|"
            r"meeting|record|through|to|rate|cut|hike|of))",
            "month_spoken",
        ),
    )
)
