"""The words that move names: verbs and nouns of movement and comparison, and those that make a claim no claim."""

from __future__ import annotations

#: Quantities that are not prices of a subject: a number that belongs to one of them is no claim about a return.
NOT_PRICES = frozenset(
    "earnings earning eps revenue revenues sales profit profits profitability income margin margins ebitda cash cashflow "
    "dividend dividends buyback buybacks payout payouts yield yields rate rates inflation cpi ppi pce gdp "
    "unemployment jobless payroll payrolls jobs employment wages wage spending consumption demand orders order "
    "production output exports imports deficit debt tariff tariffs tax taxes odds probability chance chances likelihood "
    "weight weights weighting weightings allocation allocations exposure stake stakes ownership volume volumes turnover "
    "volatility valuation valuations multiple multiples p/e pe ratio ratios forecast forecasts estimate estimates "
    "guidance outlook target targets premium discount spread spreads cost costs price-to-earnings "
    "confidence sentiment survey surveys pmi ism housing starts permits deliveries shipments bookings "
    "subscribers users headcount staff assets flows inflows outflows deposits loans lending capex investment "
    "fees fee productivity mortgage futures options contracts premarket supply inventories inventory population "
    "openings quits claims probabilities overweight underweight overweights position positions holdings "
    "positioning cut cuts hike hikes beta correlation concentration capitalization cap".split()
)

#: Verb (any form) -> direction. Numbers, where they follow, take this sign.
_UP = (
    "rise rises rose risen rising|gain gains gained gaining|climb climbs climbed climbing|accelerate accelerated accelerating|jump jumps jumped jumping|"
    "surge surges surged surging|soar soars soared soaring|rally rallies rallied rallying|"
    "advance advances advanced advancing|"
    "spike spikes spiked spiking|leap leaps leapt leaped leaping|rebound rebounds rebounded rebounding|"
    "recover recovers recovered recovering|bounce bounces bounced bouncing|increase increases increased increasing|"
    "appreciate appreciated appreciating|skyrocket skyrockets skyrocketed skyrocketing|rocket rocketed rocketing|"
    "add adds added adding|tack tacked tacking tacked_on tacking_on|eke_out eked_out eking_out eked|piled_on|picked_up picking_up picks_up|edge edged edging|inch inched inching|"
    "pop pops popped popping|vault vaults vaulted vaulting|shoot shot shooting|return returns returned returning|"
    "roar roared roaring|firm firmed firming|"
    "strengthen strengthened strengthening|ascend ascended|put_on putting_on put_up|zoom zoomed|grow grew grown growing|"
    "explode exploded exploding|balloon ballooned|creep crept creeping|nudge nudged nudging|tick ticked ticking|"
    "drift drifted drifting|romp romped|snap_back|perk perked|march marched marching|"
    "power powered powering|storm stormed|race raced|catapult catapulted|bolt bolted|"
    "regain regains regained regaining|claw_back claws_back clawed_back clawing_back|rip rips ripped ripping|blast blasted|bound bounded bounding|"
    "gallop galloped|sprint sprinted|spring sprang|ratchet ratcheted|levitate levitated|scream screamed|swell swelled|win_back won_back|rack_up racked_up|"
    "pile_up piled_up|make_back made_back|trot trotted|muscle muscled|rise_up|lift lifted|mount mounted mounting|thunder thundered|surged|"
    "double doubles doubled doubling|triple triples tripled tripling|quadruple quadrupled|recoup recouped|made|earned|netted|managed|delivered"
)
_DOWN = (
    "fall falls fell fallen falling|drop drops dropped dropping|slump slumps slumped slumping|shed sheds shedding|"
    "lose loses lost losing|slide slides slid sliding|decline declines declined declining|"
    "sink sinks sank sunk sinking|tumble tumbles tumbled tumbling|plunge plunges plunged plunging|"
    "plummet plummets plummeted plummeting|dip dips dipped dipping|knocked_off knock_off|slip slips slipped slipping|"
    "retreat retreats retreated retreating|crash crashes crashed crashing|collapse collapses collapsed collapsing|"
    "tank tanks tanked tanking|crater craters cratered cratering|crumble crumbled crumbling|"
    "weaken weakened weakening|ease eases eased easing|decrease decreased decreasing|swoon swooned swooning|"
    "skid skids skidded skidding|stumble stumbles stumbled stumbling|nosedive nosedived|swoon swooned|"
    "surrender surrendered surrendering|give_up gave_up given_up giving_up|depreciate depreciated|"
    "give_back gave_back given_back giving_back|give_way gave_way given_way giving_way|broke_in broken_in breaking_in|come_off came_off coming_off|handed_back|coughed_up|sag sagged sagging|erode eroded|"
    "halve halves halved halving|contract contracted|correct corrected|dive dives dived dove diving|"
    "reverse reversed|forfeit forfeited|hemorrhage hemorrhaged|cede ceded|buckle buckled|wilt wilted|"
    "bleed bleeds bled bleeding|careen careened|cascade cascaded|cave caved|deflate deflated|droop drooped|melt melted melting|topple toppled|"
    "shave shaved shaving|lurch lurched|reel reeled|wobble wobbled|dwindle dwindled|swoon swooned|tail_off tailed_off|shave_off shaved_off|go_down went_down|"
    "drop_off dropped_off|fall_back fell_back|pull_back pulled_back|roll_over rolled_over|puke puked|trim trimmed trimming|"
    "crumple crumpled|suffer_a_loss|backtrack backtracked|sell_off sold_off selling_off|shrink shrank|plumb"
)


def _forms(text: str, sign: int) -> dict[str, int]:
    return {form.replace("_", " "): sign for group in text.split("|") for form in group.split()}


VERBS: dict[str, int] = {**_forms(_UP, 1), **_forms(_DOWN, -1)}
#: Verbs that need their adverb or a number: "edged up", "added 2%" but never "added" alone.
NEEDS_NUMBER = frozenset(
    "made earned netted managed delivered add adds added adding put on tack tacked tacking return returns returned returning edge edged edging inch inched "
    "inching creep crept creeping nudge nudged nudging tick ticked ticking drift drifted drifting grow grew grown "
    "growing shoot shot shooting power powered powering march marched marching race raced storm stormed bolt bolted "
    "contract contracted correct corrected reverse reversed firm firmed firming cede ceded perk perked shrink shrank "
    "double doubles doubled doubling triple triples tripled tripling quadruple quadrupled halve halves halved halving "
    "lose loses lost losing shed sheds shedding give up gave up given up giving up surrender surrendered surrendering "
    "trim trimmed trimming shave shaved shaving mount mounted mounting lift lifted win back won back rack up racked up pile up piled up make back made back "
    "ease eases eased easing grow increase increased increases increasing recover recovers recovered recovering".split()
) | {
    "give up",
    "gave up",
    "give way",
    "gave way",
    "given way",
    "broke in",
    "come off",
    "came off",
    "tacked on",
    "tacking on",
    "eke out",
    "eked out",
    "eking out",
    "eked",
    "piled on",
    "picked up",
    "picking up",
    "picks up",
    "putting on",
    "handed back",
    "coughed up",
    "giving up",
    "giving back",
    "give back",
    "gave back",
    "given back",
    "given up",
    "put on",
    "put up",
}
#: Verbs whose own adverb decides: "edged up", "ticked down".
NEUTRAL = frozenset(
    "edge edged edging inch inched inching creep crept creeping nudge nudged nudging tick ticked ticking "
    "drift drifted drifting power powered powering march marched marching".split()
)
#: Verbs that are a number themselves: (fraction of change).
MULTIPLES = {
    **dict.fromkeys(("double", "doubles", "doubled", "doubling"), 1.0),
    **dict.fromkeys(("triple", "triples", "tripled", "tripling"), 2.0),
    **dict.fromkeys(("quadruple", "quadrupled"), 3.0),
    **dict.fromkeys(("halve", "halves", "halved", "halving"), -0.5),
}
#: Nouns of movement -> direction ("a gain of 2%", "its 2% slide").
NOUNS: dict[str, int] = {
    **dict.fromkeys(
        "gain gains rise increase advance advances rally jump surge climb return returns rebound recovery "
        "plus bounce upswing improvement leap spike run runup run-up appreciation profit uptick pop "
        "up-move upmove total-return ascent comeback bump boost lift thrust".split(),
        1,
    ),
    **dict.fromkeys(
        "minus drop decline declines loss losses fall slide slump plunge tumble selloff sell-off retreat pullback "
        "correction decrease crash collapse dip setback drawdown rout swoon downturn drubbing "
        "nosedive skid stumble drubbing selloffs sell-offs plunges haircut whipping bloodbath descent slippage dive".split(),
        -1,
    ),
}
NOUNS["rallies"] = 1
NOUNS |= {f"{noun}s": sign for noun, sign in NOUNS.items() if not noun.endswith("s")}

#: Comparing verbs -> +1 subject ahead, -1 behind.
COMPARE: dict[str, int] = {
    **dict.fromkeys(
        (
            "outperform outperforms outperformed outperforming outpace outpaces outpaced outpacing beat beats "
            "beating beaten outshine outshines outshone outshining outstrip outstripped outstripping surpass "
            "surpassed surpassing outrun outran trounce trounced trouncing eclipse eclipsed eclipsing exceed "
            "exceeded exceeding crush crushed thump thumped thrash thrashed overtake overtook edged_out "
            "outdistanced outdistance outgain outgained outdo outdid topped bested best_ed walloped "
            "outmuscled outperformance outdoing outdone outpacing"
        ).split(),
        1,
    ),
    **dict.fromkeys(
        (
            "underperform underperforms underperformed underperforming lag lags lagged lagging trail trails "
            "trailed trailing underperformance"
        ).split(),
        -1,
    ),
}
COMPARE_PHRASES: dict[str, int] = {
    r"(?:did|does|do|done|fared?|fares|performed|held up|holding up|has done|have done)(?: (?:slightly|far|much|even|a little|a bit|"
    r"considerably|somewhat|rather|significantly|marginally|only))* better(?: still)?(?: than)?": 1,
    r"(?:did|does|do|done|fared?|fares|performed|held up|holding up|has done|have done)(?: (?:slightly|far|much|even|a little|a bit|"
    r"considerably|somewhat|rather|significantly|marginally|only))* worse(?: still)?(?: than)?": -1,
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

#: Verbs that carry a noun of movement or a record: neither subject nor direction of their own.
LIGHT = frozenset(
    "post posts posted posting notch notches notched notching log logs logged logging record records recorded recording "
    "deliver delivers delivered delivering register registers registered registering see sees saw seen seeing score "
    "scores scored scoring suffer suffers suffered suffering endure endured enjoy enjoys enjoyed enjoying book booked "
    "manage managed eke eked turn turned turning produce produced produces generate generated achieve achieved end ends "
    "ended ending close closes closed closing finish finishes finished finishing settle settled settles settling open "
    "opened opens trade trades traded trading hit hits hitting set sets setting reach reaches reached reaching touch "
    "touched break broke broken cross crossed snap snapped extend extends extended extending continue continued "
    "continues remain remains remained remaining stay stays stayed stand stands stood standing sit sits sitting sat hold "
    "holds held holding cap capped begin began start started lead leads led leading go goes went gone keep kept come "
    "comes came take takes took taken make makes made show shows showed fare fared perform performed performs rank ranks "
    "ranked top tops account accounts accounted contribute contributed contributes drive drove driven drives pace paced "
    "is are was were be been being has have had do did does will would could may might can should "
    "looks look looked sport sports sported carry carried rack racked clock clocked got get pare pared erase erased wipe "
    "wiped push pushed send sent pull pulled bring brought boast boasted claim claimed".split()
)
#: Words that may stand between a subject and its verb and change neither.
FILLERS = frozenset(
    "the a an and or but then also still now just again later even only yet so too both each all either by at to in on "
    "as that which who whose meanwhile however today yesterday itself themselves collectively combined respectively "
    "together already about around roughly nearly almost more less than over under some approximately up down further "
    "another an well far much back off out away about not n't never slightly modestly sharply after before though "
    "while whereas although since because it its their they them this these those there here same first once next "
    "another very quite rather fully alone overall ever solid strong strongly good better mere whopping stellar hefty "
    "healthy modest small sharp steep big large total cumulative annual monthly weekly daily quarterly "
    "net gross one-day single-day impressive robust respectable meager paltry tiny massive huge eye-popping "
    "full whole entire last past".split()
)
PRONOUNS = frozenset("it they which that whose who".split())
#: Prepositions after which a name is not the subject of the next verb.
OBJECT = frozenset(
    "of in against versus vs for from than including among by over to at on into between among "
    "despite within toward towards outside behind ahead".split()
)

FORECAST = (
    r"\b(?:will|would|could|may|might|should|shall|won't|'ll)\b(?! have (?:risen|fallen))|\bexpect(?:s|ed|ing)?\b|"
    r"\bforecast(?:s|ing|ed)?\b|\bpredict(?:s|ed|ing|ion|ions)?\b|\bproject(?:s|ed|ing|ion|ions)?\b|"
    r"\banticipat(?:e|es|ed|ing)\b|\b(?:poised|set|likely|expected|due|bound) (?:to|for)\b|\b(?:price|year-end|12-month) target\b|"
    r"\btarget(?:s|ing|ed)? (?:of|for)\b|\bwe see\b|\bsees? (?:the|a|an|us|it|them|further|more|another|upside|"
    r"downside|room)\b|\bby (?:the end of next|year[- ]end|the end of (?:the|this) year|mid-?year)\b|"
    r"\bnext (?:year|month|week|quarter|decade|few|several|\w+ (?:years|months|weeks|quarters))\b|\bpotential(?:ly)?\b|"
    r"\bif\b|\bprobably\b|\bperhaps\b|\bmay be\b|\boutlook\b|\bupside of\b|\bpriced? in\b|\bodds\b|"
    r"\bcall(?:s|ing)? for\b|\bcan (?:rise|fall|gain|expand|climb|drop|reach|continue|go)\b|\bimplied?\b|\bover the coming\b|"
    r"\bin the coming\b|\blooks? for\b|\b(?:bull|bear|base) case\b|\bsees?\b(?=[^.;]{3,60}\b(?:climbing|rising|falling|gaining|reaching|hitting|dropping)\b)"
)
FLOW = (
    r"\b(?:investors?|traders?|money|funds?|capital|cash|retail|institutions?|assets)\b[^.;]{0,60}?\b(?:are|is|were|was|"
    r"have been|has been|keep|kept)?\s*(?:now )?(?:flocking|pouring|poured|piling|piled|rotating|rotated|flow(?:ing|ed|s)|"
    r"moving|moved|shifting|shifted|rushing|rushed|fleeing|fled|pull(?:ed|ing)|yank(?:ed|ing)|withdr(?:ew|awing)|"
    r"(?:been )?(?:buying|selling|dumping|dumped))\b|\b(?:inflows?|outflows?|fund flows?|net (?:buying|selling|buyers|"
    r"sellers))\b"
)
CAUSE = (
    r"\b(?:triggered by|due to|because(?: of)?|thanks to|on the back of|fuel?led by|driven by|spurred by|sparked by|"
    r"amid|as investors|as traders|on hopes|on fears|on optimism|on worries|on concerns?|after (?:the|a) (?:fed|report)|"
    r"in response to|reflect(?:s|ed|ing)?|attributed to|helped by|hurt by|buoyed by|weighed down by|lifted by)\b"
)
OPINION = (
    r"\b(?:we (?:think|believe|remain|like|prefer|favou?r|recommend|are (?:cautious|bullish|bearish|overweight|"
    r"underweight|convinced|wary)|would|continue to|view|feel|stay|doubt)|(?:recommends?|recommended|recommending|"
    r"favou?rs?|prefers?|overweight(?:ing)?|underweight(?:ing)?|bullish|bearish|attractive|undervalued|"
    r"overvalued|cheap|expensive|overbought|oversold|skepticism|optimism|pessimism|cautioned|cautious|warned|"
    r"bargains?|bubble|frothy|resilien(?:t|ce)|digestion phase|nervous|jittery|in our view|hard to see|seems?|"
    r"appears? to|opportunit(?:y|ies)|headwinds?|tailwinds?|signal(?:s|ing|l?ed)?))\b"
)
