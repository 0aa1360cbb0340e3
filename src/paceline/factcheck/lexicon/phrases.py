"""Wordings with a meaning of their own, found before single words: one table a class."""

from __future__ import annotations

import re

_ORD = (
    r"(?:\d{1,3}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|"
    r"eleventh|twelfth|"
    r"\w+teenth|twentieth|twenty-\w+)"
)
_MANY = (
    r"(?:\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|"
    r"fifteen|sixteen|"
    r"seventeen|eighteen|nineteen|twenty|several|multiple)"
)
_UNIT = r"(?:(?:trading |calendar )?(?:sessions?|days?|weeks?|months?|quarters?|years?))"
_PER = r"(?:daily|weekly|monthly|quarterly|annual|yearly)"
_MOVE = (
    r"(?:gains?|advances?|rises?|increases?|loss(?:es)?|declines?|drops?|falls?|wins?|winners?|"
    r"losers?|setbacks?|retreats?|"
    r"outperformance|underperformance)"
)
_RUN = (
    r"(?:streaks?|runs?|strings?|stretch|skids?|slides?|slumps?|rally|rallies|losing|winning|"
    r"retreats?|advances?|declines?|climbs?)"
)
_SIDE = r"(?:winning|losing|positive|negative|up|down|higher|lower|loss|gain|green|red)"
_IN_A_ROW = r"(?:straight|consecutive|successive)"
_ROW = (
    r"(?:in a row|running|on the trot|on the bounce|in (?:sequence|succession)|in a line|"
    r"on the spin|back to back)"
)

STREAKS = (
    rf"\b(?:(?:for|to|in) )?(?:a |an |the |its |their )?(?P<n>{_ORD})[- ]{_IN_A_ROW} "
    rf"(?:(?P<per>{_PER}) )?(?:{_SIDE} )?"
    rf"(?P<what>{_UNIT}|{_MOVE})(?: of (?P<move>{_MOVE}))?",
    rf"\b(?:(?:for|to) )?(?:a |an |the |its |their )?(?P<n>{_ORD}) (?:(?P<per>{_PER}) "
    rf")?(?:{_SIDE} )?"
    rf"(?P<what>{_UNIT}|{_MOVE}) {_ROW}",
    rf"\b(?:the|its|their|an?) (?P<n>{_ORD}) (?:{_ROW}|straight(?=[.,;]))",
    rf"\b(?P<n>{_MANY}) (?:(?P<per>{_PER}) )?(?:{_SIDE} )?(?P<what>{_UNIT}|{_MOVE}) (?:out of|in|"
    rf"of) (?P=n)\b",
    rf"\b(?:in |on )?(?:each|every one|every) of (?:the|its|their) (?:past |last |previous |"
    rf"latest )?(?P<n>{_MANY}) (?P<what>{_UNIT})",
    rf"\b(?:for )(?:a |an |the |its )(?P<n>{_ORD}) (?P<what>days?|sessions?|weeks?|months?|"
    rf"quarters?)\b(?! (?:of|in|time))",
    rf"\b(?P<n>{_MANY})[- ](?P<what>day|session|week|month|quarter|"
    rf"year)s?[- ](?P<side>{_SIDE} )?{_RUN}\b"
    rf"(?: of (?P<move>{_MOVE}))?",
    rf"\b(?:for |over |in |up |down )?(?P<n>{_MANY}) {_IN_A_ROW} (?:(?P<per>{_PER}) )?(?:{_SIDE} "
    rf")?(?P<what>{_UNIT}|{_MOVE})"
    rf"(?: of (?P<move>{_MOVE}))?",
    rf"\b(?:for )?(?P<n>{_MANY}) (?:(?P<per>{_PER}) )?(?:(?P<side>{_SIDE}) )?(?P<what>{_UNIT}|"
    rf"{_MOVE}) (?:{_ROW}|straight)\b",
    rf"\bfor (?P<n>{_MANY}) (?P<what>(?:trading )?(?:sessions|days))\b",
    rf"\bfor (?P<n>multiple|several) (?P<what>{_UNIT})\b",
    r"\b(?P<n>multi)-(?P<what>session|day|week)\b",
    rf"\b(?:(?P<per>{_PER}) )?(?P<side>winning|losing)[- ](?:streak|run|string) (?:(?:ended|"
    rf"stands|stood|was \w+) )?(?:to|at|of|reached|after) (?P<n>{_MANY})(?: "
    rf"(?P<what>{_UNIT}))?\b(?! (?:per|points|%))",
    rf"\b(?:strung|put) together (?P<n>{_MANY}) (?:{_SIDE} )(?P<what>{_UNIT})\b|\b(?:reeled off|"
    rf"racked up|notched|logged|chalked up) (?P<n2>{_MANY}) (?:{_SIDE} )(?P<what2>{_UNIT})\b",
    rf"\b(?:streak|run|string) of (?:(?P<per>{_PER}) )?(?P<move>{_MOVE}) (?:to|at|of|"
    rf"reached) (?P<n>{_MANY})\b(?: (?P<what>{_UNIT}))?",
    rf"\b(?P<n>back-to-back) (?:(?P<per>{_PER}) )?(?P<what>{_MOVE})\b",
)

_SIZE = (
    r"best|worst|strongest|weakest|biggest|largest|heaviest|ugliest|nastiest|steepest|sharpest|"
    r"heftiest|deepest|greatest|poorest|longest|widest|"
    r"smallest|sixth-best"
)
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_WHAT = (
    r"(?:day|session|week|month|quarter|half|year|gain|rise|advance|rally|increase|jump|surge|"
    r"climb|drop|decline|showing|"
    r"result|finish|loss|bounce|fall|slide|slump|plunge|selloff|sell-off|start to a year|start|"
    r"return|streak|run|performance|"
    rf"rebound|setback|pullback|retreat|drawdown|move|stretch|{_MONTHS})(?:e?s)?"
)
_WITHIN = (
    r"(?:more than |at least |over |nearly |almost |about |some |the past |the last )?"
    r"(?:an?|\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|eighteen|"
    r"twenty|two and a half)"
)
#: What an extreme is measured against: "since March 2023", "in four months", "on record".
AGAINST = (
    rf"(?:since (?P<since>(?:[^,;()\u2014.]|\.(?=\d|\s[a-z\d])){{3,60}})|"
    rf"in (?P<many>{_WITHIN}) (?P<many_unit>years?|months?|weeks?|decades?|quarters?)|"
    r"(?P<ever>ever\b|on record|in history|of all time|in its history)|"
    r"(?:(?:so far )?(?:of|this|in|for)|this) (?:the |this )?(?P<year>year)\b|(?:of|"
    r"in) (?P<named>(?:19|20)\d\d)\b|"
    r"of the (?P<decade>decade|century))"
)
EXTREMES = (
    rf"(?<![\w'])(?P<nth>(?:{_ORD}|\w+)[- ])?(?P<how>{_SIZE})(?: (?P<adj>(?:one|single|two|three|"
    rf"five)-(?:day|week|month|session|quarter)|{_PER}|first half|second half|"
    rf"(?:first|second|third|fourth|opening) quarter|percentage|percentage-point|point|calendar|"
    rf"trading|full|losing|winning|closing|"
    rf"price|intraday|{_MONTHS}))*"
    rf" (?P<what>{_WHAT})\b(?!-| performers?| performing)(?P<gap>(?:(?!\bsince\b)[^,;.()]){{0,45}}"
    rf"?) ?{AGAINST}",
    rf"\b(?P<how>highest|lowest) (?P<what>closes?|levels?|finish|closing levels?|reading|"
    rf"settlement|point|closing price|closing)?(?: )?"
    rf"(?P<gap>(?:(?!\bsince\b)[^,;.()]){{0,30}}?) ?{AGAINST}",
    rf"(?:\b(?:its|their|the|his|was|is|were)|,|\(|-) ?(?P<how>best|worst|biggest|largest|"
    rf"heaviest|steepest|sharpest|strongest|weakest)(?P<what>)(?P<gap>) {AGAINST}",
    rf"(?:\bno\b|\bnot\b|n't|\bnever\b)[^,;.()]{{0,40}}?\b(?:so|this|as|that) (?P<how>low|high|"
    rf"bad|good|poor|weak|strong|bad(?:ly)?|well|much|far)(?P<what>)(?P<gap>)(?: (?:at a close|"
    rf"on a closing basis)|(?P<adj> in (?:a|one) (?:single )?(?:day|session|week|month|quarter)))?"
    rf" {AGAINST}",
    rf"\bnot since (?P<since>[^,;()]{{3,40}}?) (?:has|had|have|did) [^.;]{{0,50}}?\b(?:so|this|as|"
    rf"that|such) (?:an? )?(?P<how>low|high|bad|good|poor|weak|strong|badly|well|much|far)\b"
    rf"(?: an?)? ?(?P<what>{_WHAT}|close)?(?P<gap>)",
    rf"\blast (?:had|saw|suffered|enjoyed|endured|posted|managed) an? (?P<how>worse|better|bigger|"
    rf"larger|steeper|sharper|weaker|stronger) (?P<what>{_WHAT}) (?:in|"
    rf"on) (?P<since>[^,;()]{{3,30}})(?P<gap>)",
    rf"\b(?:go|went|look|reach) (?:all the way )?back to (?P<since>[^,;()]{{3,30}}?) (?:to find|"
    rf"to see|for) (?:anything |an? )?(?P<how>worse|better|bigger|larger|steeper|sharper|weaker|"
    rf"stronger|lower|higher)"
    rf"\b ?(?P<what>{_WHAT}|close)?(?P<gap>)",
    rf"\bthe (?P<how>most|least)(?P<what>)(?P<gap>(?: in (?:a|one|any) (?:single )?(?:day|session|"
    rf"week|month)| on a closing basis)?) {AGAINST}",
)

_LED = r"(?:led|leads?|leading|paced|pacing|topped|topping|tops|headed|heading|spearheaded)"
_BETWEEN = (
    r"(?:(?:the|all|other|every|sector|s&p 500|s&p|index|eleven|11|major|\w+'s|market|day's|broad|"
    r"on) )*"
)
_PLACE = (
    r"(?:first|last|second|third|on top|dead last|top|at the top|at the bottom|bottom|"
    r"in first place|in last place)"
)
_GROUP = (
    r"(?:sectors?|performers?|gainers?|winners?|losers?|decliners?|laggards?|advancers?|drags?|"
    r"styles?|factors?|"
    r"(?:industry )?groups?|segments?|ind(?:exe?s?|ices)|areas?|corners?|casualt(?:y|ies))"
)
_MORE = (
    r"(?:s&p 500 |s&p |major |single |large |u\.s\. |equity |size |style |of (?:the |all )?|\d+ |"
    r"eleven |the |individual |main |"
    r"industry |market |big |sector )*"
)
RANKS = (
    rf"\b(?P<verb>{_LED}) {_BETWEEN}(?P<up>gains|gainers|advances?|advancers|rall(?:y|ies)|"
    rf"rebound|winners|sectors?|groups|pack|"
    r"field|charge|upside|market higher|recovery|bounce|table|leaderboard|league table|list|"
    r"(?:the )?way(?: (?:higher|up))?|higher)\b"
    r"(?! (?:lower|down|of the))",
    rf"\b(?P<verb>{_LED}) {_BETWEEN}(?:\w+ing )?(?P<down>declines?|declining sectors|losses|"
    rf"losers|decliners|retreat|selloff|"
    r"sell-off|slide|drop|rout|downside|laggards|(?:the )?way (?:lower|down)|market lower|fall|"
    r"pullback)\b",
    r"\b(?P<verb>held up|hold up|holding up|fared|fare|did|does|done|performed|doing|"
    r"faring) (?:the )?(?:(?P<up>best)|(?P<down>worst))\b(?! (?:since|in))",
    rf"\b(?P<verb>finished|finishing|came|coming|ranked|placed|ended|was|were) (?:in |out |"
    rf"up )?(?P<place>{_PLACE})\b"
    rf"(?= (?:among|of|in the|for|with|at|behind|on|this|\()|[,.;]|$)",
    r"\b(?P<verb>(?P<up>led))(?= ?(?:[.;,()]|$|again\b|(?:on|for|over) the (?:day|week|month|"
    r"year)\b|today\b|this (?:week|month|year)\b|with (?:an? )?[\d(]))",
    r"\b(?P<verb>(?P<down>lagged|trailed))(?= ?(?:[.;,()]|$|(?:in|on|for|over|"
    r"this) (?!the )\w+[.,;]))",
    r"(?<=[\w%)] )(?P<bare>(?P<place>second|third|last))(?= ?\(|, ?[-+\d]| at [-+\d])",
    r"\b(?P<verb>(?P<down>propped up|took the wooden spoon|(?:languished|"
    r"sat) at the bottom))\b(?: of)?(?: the (?:table|list|pile|pack|rankings|leaderboard))?(?! by)",
    r"\b(?:(?P<up>top)|(?P<down>bottom)) of the (?:table|list|pile|pack|rankings|leaderboard|"
    r"league)(?= )",
    r"\bno (?:other )?(?:sector|group|industry) (?:did|fared|fell|rose|gained|lost|performed|"
    r"has done) (?:(?P<up>better)|(?P<down>worse)|(?P<most>more))(?: (?:on|in|over|"
    r"this) [\w ]{2,14}?)? than",
    r"(?:\bthe|'s) (?:(?P<up>leader|standout|star|big winner)|(?P<down>laggard|straggler|"
    r"big loser))\b(?! (?:of|in|board|table))",
    r"(?:^|(?<=[\n.;:] )|(?<=\n))(?:(?P<up>best|leaders?|winners?|gainers?)|(?P<down>worst|"
    r"laggards?|losers?|decliners?))(?= ?:)",
    r"(?<=\()(?:the )?(?:(?P<up>best|strongest|top|leader)|(?P<down>worst|weakest|laggard|"
    r"bottom))(?=\)|,)",
    r"\b(?:was|were|is|are) (?:by far |easily |again )?the (?:(?P<up>strongest|best)|"
    r"(?P<down>weakest|worst))(?= ?\(|[,;] (?:up|down|off|with|at|[-+\d])|\.| at [-+\d]|"
    r" on the (?:day|week))",
    rf"\bthe (?:only|sole|lone) (?:[\w&]+ ){{0,2}}?(?:{_GROUP}|one)(?: of the \w+)? (?:to|that|"
    rf"which) (?:(?P<up>gain|gained|rise|rose|advance|advanced|climb|escape|escaped|(?:close|"
    rf"closed|end|ended|finish|finished) "
    r"(?:up|higher|positive|in (?:the green|the black|positive territory)))|(?P<down>fall|fell|"
    r"decline|declined|drop|dropped|lose|lost|slip|slipped|(?:close|closed|end|ended|finish|"
    r"finished) (?:down|lower|negative|in (?:the red|negative territory))))\b",
    r"\b(?:pipped|beaten|topped|bettered|eclipsed|surpassed|outdone|bested|"
    r"exceeded) only (?P<by>by)(?= (?:[a-z]+ )?[A-Za-z&]+)|"
    r"\bsecond only (?P<by2>to)(?= [A-Za-z&]+)",
    rf"\b(?:the )?(?P<most>most|least)(?=(?: (?:of|among) (?:any|all|"
    rf"the)(?: \w+)?(?: of the \w+)? {_GROUP}\b)|\s*(?:[.;)]|$)|, )(?! ?, ?(?:of|and))",
    r"\b(?P<verb>brought|bringing|brings) up the (?P<down>rear)\b",
    r"\b(?P<by>led) (?:(?P<up>higher|up) |(?P<down>lower|"
    r"down) )?by(?= (?:[a-z]+ )?[A-Za-z&]+)(?! (?:an?|the|its) )",
    r"\bthe (?P<nth>second|third|2nd|3rd)-(?:(?P<up>best|strongest)|(?P<down>worst|"
    r"weakest))(?=[,.;]|$)",
    rf"\b(?:(?P<nth>second|third|2nd|3rd)[- ])?(?:(?P<up>best|top|strongest|leading)|"
    rf"(?P<down>worst|weakest|poorest|bottom|hardest-hit))"
    rf"[- ](?:performing )?{_MORE}(?:s&p 500 )?{_GROUP}\b(?! (?:declin|los[es]|laggard|drag|drop|"
    rf"fall))",
    r"\b(?:(?P<nth>second|third)[- ])?(?:biggest|largest|main|chief|lone|sole|"
    r"only) (?!other )(?:\w+ )?"
    r"(?:(?P<up>gainers?|winners?|advancers?|boosts?)|(?P<down>losers?|decliners?|laggards?|"
    r"drags?|casualt(?:y|ies)))\b",
    r"\b(?:(?P<up>best|strongest|top)|(?P<down>worst|weakest|feeblest|softest|poorest)) (?:of|"
    r"among) (?:all |any )?(?:the )?(?:(?:(?:[\w&]+|500's) ){0,3}(?:sectors?|groups?|industries)|"
    r"lot|bunch|eleven|11)\b",
)

RECORDS = (
    r"\b(?:all-time|record|lifetime|historic)(?:[- ](?:setting|breaking))?(?: (?:closing|intraday|"
    r"new|fresh))* "
    r"(?P<what>highs?|close|closes|closing highs?|peaks?|levels?|territory|finish|finishes|lows?|"
    r"settlement)\b",
    r"\b(?P<year>52-week|one-year|12-month|fifty-two-week|yearly|"
    r"2\d\d\d) (?:closing )?(?P<what>highs?|lows?)\b",
    r"\b(?:new|fresh|another)(?: (?:closing|all-time))* (?P<what>records?|highs?|"
    r"peaks?)\b(?! (?:for|of|in) (?:the|this) year)",
    r"\b(?:at|to|into|hit|hits|hitting|set|sets|setting|notch\w*|post\w*|reach\w*|touch\w*|log\w*|"
    r"scor\w*|mark\w*) "
    r"(?:(?:a|an|another|fresh|new|yet|successive|closing|its|their|\w+th|second|third|first|"
    r"straight) )*records?\b"
    r"(?! (?:earnings|profits?|revenue|sales|low|pace|rate|amount|number|inflow|outflow|volume|of|"
    r"highs?|closes?|closing|"
    r"peaks?|levels?|territory|finish|\w+ quarter|\w+ly)\b)(?![-\w])",
    r"\bnever (?:before )?(?:closed|finished|ended|settled|been) (?:so |"
    r"this )?(?P<what>high)(?:er)?\b",
)

MEANS = (
    r"\b(?P<n>\d{2,3})[- ]?(?P<unit>day|session|week|month|d)s?(?: (?:simple|exponential|"
    r"moving))*(?:[- ]day)?"
    r" (?:averages?|means?|trend ?lines?|lines?|MAs?|SMAs?|EMAs?)\b",
    r"\b(?P<n>\d{2,3})[- ]?(?:DMA|SMA|dma|sma)\b",
    r"(?:(?<=above )|(?<=below )|(?<=under )|(?<=over )|(?<=beneath ))(?P<same>its own|their own|"
    r"theirs)\b(?=[.,;)]|$)",
    r"\b(?P<n>50|100|200)-(?P<unit>day)(?=[,.;)]| (?:and|for|on|after|since|at|as|too|in|by|but|"
    r"again|while|this|last|today|now|or|\u2014)\b)",
)
_SPENT = (
    r"(?:stalled|faded|fizzled(?: out)?|(?:run|ran) (?:out of (?:steam|gas|puff|road|fuel|breath)|"
    r"dry)|petered out|ebbed|run aground|(?:come|ground) to a (?:halt|standstill)|sputtered|"
    r"hit a wall|lost (?:its )?(?:steam|momentum|puff))\b"
)
STALLED = (
    r"\b(?:whose |its |their )?(?:upward |price )?(?:momentum|rally|advance|climb|run|"
    r"run-up)(?: (?:in|of) [\w&. -]{2,25}?)? (?:has |have |had )?(?:now |also )?"
    rf"{_SPENT}|\b(?:has|have) (?:now |also )?{_SPENT}",
)
REVERSALS = (
    r"\b(?:sharp|marked|abrupt|stark|clear|striking|dramatic|stunning|remarkable|complete|sudden|"
    r"big) (?:reversal|turnaround|about-face|about-turn|u-turn|volte-face)\b",
)
DROVE = (
    r"\b(?:drove|powered|propelled|fuel?led|drives|has driven|have driven|accounted for|"
    r"accounts for|account for|contributed|"
    r"(?:was|were|is|are) responsible for|made up|supplied|generated|provided|"
    r"delivered)\b(?=(?:[^.;]|\.(?=\d)){0,60}\b(?:gains?|rally|advance|returns?|"
    r"rise|increase|climb|run|rebound|recovery|bounce)\b)",
    r"\b(?P<of>came from|comes from|stems? from|stemmed from|(?:is|was|were) (?:down|due|"
    r"attributable) to)\b",
    r"\b(?:contributed|added|supplied|generated|provided|was worth|were worth|"
    r"chipped in)\b(?= (?:about |some |another |roughly |nearly |almost |"
    r"just )?[\d.]+ (?:percentage )?points?\b)",
)

PHRASES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (tag, re.compile(pattern, re.IGNORECASE))
    for tag, patterns in (
        ("mean", MEANS),
        ("extreme", EXTREMES),
        ("streak", STREAKS),
        ("rank", RANKS),
        ("record", RECORDS),
        ("stalled", STALLED),
        ("reversal", REVERSALS),
        ("drove", DROVE),
    )
    for pattern in patterns
)

_DID = (
    r"(?:did|does|do|done|fared?|fares|performed|held up|holding up|has done|"
    r"have done)(?: (?:slightly|far|much|even|"
    r"a little|a bit|considerably|somewhat|rather|significantly|marginally|only))*"
)
#: Wordings that compare -> +1 subject ahead, -1 behind.
COMPARE_PHRASES: dict[str, int] = {
    rf"{_DID} better(?: still)?(?: than)?": 1,
    rf"{_DID} worse(?: still)?(?: than)?": -1,
    r"fell behind": -1,
    r"fell short of": -1,
    r"lost out to": -1,
    r"pulled ahead of": 1,
    r"edged out": 1,
    r"ahead of": 1,
    r"better than": 1,
    r"worse than": -1,
    r"left (?=[^.;]{3,60} in the dust)": 1,
    r"behind": -1,
    r"in line with": 0,
}
