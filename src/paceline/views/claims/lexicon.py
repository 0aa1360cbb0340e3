"""The words of the market: names of indices, sectors, styles and themes, and the verbs that move them.

An entry lists what commentary calls a thing and which instruments stand for it, in order of preference; baskets of
the market file that carry one of the names come before the instruments (an index: after the published level).
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """A subject: its name, kind, what it is called, and the instruments that may stand for it.

    proxy   the instruments are funds that follow something which is not stored itself
    """

    name: str
    kind: str
    names: str
    instruments: str = ""
    proxy: bool = False


_STOCKS = ("", " stocks", " shares", " equities", " names")


def _sector(label: str, names: str, funds: str) -> Entry:
    every = [n + s for n in names.split("|") for s in (*_STOCKS, " sector", " companies", " issues", " group")]
    return Entry(label, "sector", "|".join(every), funds)


def _style(label: str, names: str, funds: str) -> Entry:
    every = [n + s for n in names.split("|") for s in (*_STOCKS, " factor", " index", " benchmark")]
    return Entry(label, "style", "|".join(every), funds)


def _theme(label: str, names: str, funds: str) -> Entry:
    every = [n + s for n in names.split("|") for s in (*_STOCKS, " companies", " group", " index", " industry")]
    return Entry(label, "theme", "|".join(every), funds)


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "S&P 500",
        "index",
        "s&p 500|s&p 500 index|s&p500|s&p|s and p 500|s & p 500|sp500|sp 500|spx|s&p composite|s&p 500 benchmark|"
        "standard & poor's 500|standard and poor's 500|standard & poor's 500 index|standard and poor's 500 index|"
        "standard & poors 500|cap-weighted s&p 500|capitalization-weighted s&p 500|market-cap-weighted s&p 500|"
        "cap-weighted s&p|large caps|large-caps|large-cap stocks|large-cap shares|large cap stocks|large-cap index|"
        "large companies|large-company stocks|large stocks",
        "SPX SPY",
    ),
    Entry(
        "Market",
        "market",
        "the market|the stock market|stock market|broad market|broader market|overall market|u.s. stocks|us stocks|"
        "u.s. equities|us equities|american stocks|american equities|wall street|u.s. shares|u.s. stock market|"
        "us stock market|broad-based market|domestic equities|domestic stocks|stocks|equities|broad index",
        "",
    ),
    Entry(
        "Nasdaq 100",
        "index",
        "nasdaq 100|nasdaq-100|nasdaq 100 index|nasdaq-100 index|ndx|nasdaq100|",
        "NDX QQQ",
    ),
    Entry(
        "Nasdaq Composite",
        "index",
        "nasdaq composite|nasdaq comp|nasdaq composite index|nasdaq|nasdaq index|ixic",
        "IXIC ONEQ",
    ),
    Entry(
        "Dow Jones Industrial Average",
        "index",
        "dow jones industrial average|dow jones industrials|dow jones industrial|dow industrials|dow jones|dow|djia|"
        "blue chips|blue-chip stocks|dow 30|industrial average",
        "DIA",
        proxy=True,
    ),
    Entry(
        "Russell 2000",
        "index",
        "russell 2000|russell 2000 index|russell2000|rut|russell|smaller stocks|small caps|small-caps|smallcaps|small-cap stocks|"
        "small cap stocks|small-cap shares|small-cap index|small-cap benchmark|small-cap gauge|small-cap equities|"
        "small-company stocks|small companies|smaller companies|small-capitalization stocks|small stocks|"
        "small-cap companies|small-cap names|small-cap|smaller-cap stocks|small company stocks|"
        "shares of small companies|shares of smaller companies|stocks of small companies",
        "RUT IWM",
    ),
    Entry("Russell 1000", "index", "russell 1000|russell 1000 index", "IWB", proxy=True),
    Entry("Russell 3000", "index", "russell 3000|russell 3000 index", "IWV", proxy=True),
    Entry("S&P 100", "index", "s&p 100|s&p 100 index|oex", "OEF", proxy=True),
    Entry(
        "S&P MidCap 400",
        "index",
        "s&p midcap 400|s&p mid-cap 400|s&p 400|s&p midcap 400 index|mid caps|mid-caps|midcaps|mid-cap stocks|"
        "midcap stocks|mid-cap shares|mid cap stocks|medium-sized companies|mid-sized companies|mid-cap index",
        "IJH VO",
        proxy=True,
    ),
    Entry(
        "S&P SmallCap 600",
        "index",
        "s&p smallcap 600|s&p small-cap 600|s&p 600|s&p 600 index|s&p smallcap 600 index",
        "IJR",
        proxy=True,
    ),
    Entry(
        "S&P 500 equal weight",
        "index",
        "equal-weight s&p 500|equal-weighted s&p 500|equal weight s&p 500|equally weighted s&p 500|"
        "equal-weighted s&p|equal-weight s&p|s&p 500 equal weight|s&p 500 equal weight index|"
        "s&p 500 equal-weight index|s&p 500 equal weighted index|equal-weight index|equal-weighted index|"
        "equal-weight s&p 500 index|equal-weighted s&p 500 index|equal-weight benchmark|average stock|typical stock|average s&p 500 stock",
        "RSP",
    ),
    Entry(
        "Nasdaq 100 equal weight",
        "index",
        "equal-weight nasdaq 100|equal-weighted nasdaq 100|nasdaq-100 equal weighted index|equal-weight nasdaq-100",
        "QQQE",
        proxy=True,
    ),
    Entry(
        "Top 50",
        "size",
        "top 50|top 50 firms|top 50 companies|top 50 stocks|largest 50 stocks|50 largest stocks|50 largest companies|"
        "50 largest firms|biggest 50 stocks|largest 50 companies|50 biggest companies|s&p 500's top 50 firms|"
        "s&p 500's 50 largest companies|s&p 500 top 50|50 biggest stocks|top fifty",
        "XLG",
    ),
    Entry(
        "Other 450",
        "size",
        "other 450|remaining 450|other 450 stocks|remaining 450 stocks|other 450 companies|remaining 450 companies|"
        "other 450 members|remaining 450 members|remaining 450 mid- and small-cap constituents|"
        "remaining 450 constituents|bottom 450|smallest 450",
        "",
    ),
    Entry(
        "Micro caps",
        "size",
        "micro caps|micro-caps|microcaps|micro-cap stocks|microcap stocks|micro-cap shares|micro cap stocks|"
        "russell microcap index|micro-cap index|micro-cap companies",
        "IWC",
    ),
    Entry(
        "Tech giants",
        "theme",
        "magnificent seven|magnificent 7|mag 7|mag seven|mag-7|big tech|big-tech|tech giants|technology giants|"
        "tech megacaps|megacap tech|mega-cap tech|megacap technology|mega-cap technology|megacap tech stocks|"
        "mega-cap tech stocks|magnificent seven stocks|seven largest tech stocks|big tech stocks|big technology|"
        "megacap technology stocks|mega-cap technology stocks",
        "MAGS",
    ),
    # sectors: the own cap-weighted basket first, then the sector fund
    _sector(
        "Communication Services",
        "communication services|communications services|communication|communications|comm services",
        "XLC",
    ),
    _sector(
        "Consumer Discretionary",
        "consumer discretionary|discretionary|consumer-discretionary|consumer cyclicals|consumer cyclical",
        "XLY",
    ),
    _sector("Consumer Staples", "consumer staples|staples|consumer-staples|consumer non-cyclicals", "XLP"),
    _sector("Energy", "energy|oil and gas|oil-and-gas|oil & gas", "XLE"),
    _sector("Financials", "financials|financial|financial services|financials sector", "XLF"),
    _sector("Health Care", "health care|healthcare|health-care", "XLV"),
    _sector("Industrials", "industrials|industrial", "XLI"),
    _sector(
        "Information Technology",
        "information technology|technology|tech|info tech|information-technology|technology-sector",
        "XLK",
    ),
    _sector("Materials", "materials|basic materials|raw materials|raw-material", "XLB"),
    _sector("Real Estate", "real estate|real-estate|property", "XLRE IYR VNQ"),
    _sector("Utilities", "utilities|utility", "XLU"),
    # styles
    _style("Value", "value|large-cap value|large value|russell 1000 value", "IWD VTV IVE"),
    _style("Growth", "growth|large-cap growth|large growth|russell 1000 growth", "IWF VUG IVW"),
    _style("Momentum", "momentum|high-momentum|price momentum", "MTUM"),
    _style("Quality", "quality|high-quality", "QUAL"),
    _style(
        "Minimum volatility",
        "minimum volatility|min vol|low volatility|low-volatility|low-vol|minimum-volatility|"
        "defensive low-volatility|low vol",
        "USMV SPLV",
    ),
    _style("High beta", "high beta|high-beta", "SPHB"),
    _style("Size factor", "size", "SIZE"),
    _style(
        "Small-cap value",
        "small-cap value|small value|russell 2000 value|small cap value|small-company value",
        "IWN VBR IJS",
    ),
    _style(
        "Small-cap growth",
        "small-cap growth|small growth|russell 2000 growth|small cap growth|small-company growth",
        "IWO VBK IJT",
    ),
    _style("Mid-cap growth", "mid-cap growth|midcap growth|russell midcap growth", "IWP VOT"),
    _style("Mid-cap value", "mid-cap value|midcap value", "VOE"),
    _style("Dividend aristocrats", "dividend aristocrats|dividend growers", "NOBL"),
    _style("High dividend", "high-dividend|high dividend|dividend|dividend-paying|high-yielding", "VYM DVY SCHD"),
    # industries and themes
    _theme(
        "Semiconductors",
        "semiconductor|semiconductors|chip|chips|chipmaker|chipmakers|chip makers|chip-maker|"
        "philadelphia semiconductor|philadelphia stock exchange semiconductor|phlx semiconductor|sox|semis",
        "SOX SMH SOXX",
    ),
    _theme("Biotechnology", "biotech|biotechs|biotechnology", "IBB XBI"),
    _theme("Pharmaceuticals", "pharmaceutical|pharmaceuticals|drugmakers|drugmaker|pharma|drug makers", "XPH"),
    _theme("Medical devices", "medical device|medical devices|medical-device", "IHI"),
    _theme("Software", "software", "IGV"),
    _theme("Regional banks", "regional banks|regional bank|regional lenders|regional banking", "KRE"),
    _theme("Banks", "banks|bank|lenders|banking", "KBE"),
    _theme("Insurers", "insurers|insurance|insurer", "KIE"),
    _theme("Homebuilders", "homebuilders|homebuilder|home builders|home-builders|housebuilders|builders", "XHB ITB"),
    _theme("Retail", "retail|retailers|retailer", "XRT"),
    _theme(
        "Oil and gas explorers",
        "oil and gas explorers|oil explorers|exploration and production|oil producers",
        "XOP",
    ),
    _theme("Oil services", "oil services|oil-services|oil service|oilfield services", "OIH"),
    _theme("Metals and mining", "metals and mining|metals & mining|miners|mining", "XME"),
    _theme("Airlines", "airlines|airline|passenger airlines|carriers", "JETS"),
    _theme(
        "Transports",
        "transports|transportation|transport|dow transports|dow jones transportation average|"
        "transportation average|trucking, shipping, and airlines|trucking, shipping and airlines",
        "IYT XTN",
    ),
    _theme("Trucking", "trucking|truckers", ""),
    _theme("Shipping", "shipping|shippers|marine shipping", "BOAT SEA"),
    _theme(
        "Aerospace and defense",
        "aerospace and defense|aerospace & defense|defense|aerospace|defence|aerospace and defence|defense contractors",
        "ITA XAR PPA",
    ),
    _theme("Infrastructure", "infrastructure|u.s. infrastructure", "PAVE"),
    _theme("REITs", "reits|reit|real estate investment trusts", "VNQ IYR"),
    _theme("AI leaders", "ai leaders|ai winners|artificial intelligence leaders|ai darlings", ""),
    _theme("Telecoms", "telecom|telecoms|telecommunications", "XTL"),
    # other assets that funds stand for
    Entry("Gold", "asset", "gold|bullion|gold price|price of gold|gold prices|spot gold", "GLD", proxy=True),
    _theme("Gold miners", "gold miners|gold-mining|gold mining|gold miner", "GDX"),
    Entry(
        "Emerging markets",
        "asset",
        "emerging markets|emerging-market stocks|emerging-markets stocks|"
        "emerging market stocks|emerging-market equities|emerging market equities|emerging-market shares|"
        "msci emerging markets index|emerging markets index|emerging-markets equities",
        "EEM",
        proxy=True,
    ),
    Entry(
        "Developed markets outside the US",
        "asset",
        "international stocks|developed international stocks|"
        "foreign stocks|msci eafe|msci eafe index|eafe|developed international equities|international developed stocks|"
        "developed markets|international equities|foreign developed markets|overseas stocks",
        "EFA",
        proxy=True,
    ),
    Entry(
        "Long Treasuries",
        "asset",
        "long treasuries|long-dated treasuries|long-term treasuries|"
        "long treasury bonds|long-dated treasury bonds|long-term treasury bonds|20-year treasuries|long bonds|"
        "long bond|20+ year treasuries|long-term government bonds|long-maturity treasuries|long-duration treasuries",
        "TLT",
        proxy=True,
    ),
    Entry(
        "Intermediate Treasuries",
        "asset",
        "intermediate treasuries|7-10 year treasuries|intermediate-term treasuries",
        "IEF",
        proxy=True,
    ),
    Entry("Short Treasuries", "asset", "short-term treasuries|short treasuries|1-3 year treasuries", "SHY", proxy=True),
    Entry("Treasury bills", "asset", "treasury bills|t-bills", "BIL", proxy=True),
    Entry(
        "High-yield bonds",
        "asset",
        "high-yield bonds|high yield bonds|junk bonds|high-yield corporate bonds|junk debt",
        "HYG",
        proxy=True,
    ),
    Entry(
        "Investment-grade bonds",
        "asset",
        "investment-grade bonds|investment-grade corporate bonds|"
        "investment grade corporate bonds|investment-grade credit|corporate bonds",
        "LQD",
        proxy=True,
    ),
)

#: Nouns that make a bare sector, style or theme word a subject of its own ("energy stocks").
SUFFIXES = frozenset(
    "stock stocks share shares equities names sector sectors index indexes indices benchmark gauge average composite "
    "companies firms constituents members issues group factor factors etf etfs fund funds basket barometer measure "
    "segment category bellwether cohort industry players peers heavyweights tracker trust bloc complex cohort".split()
)

#: Traded things this market may lack: named, so that a claim about them is "data missing", not silence.
FOREIGN = (
    "bitcoin|ethereum|ether|crypto|cryptocurrencies|crude|crude oil|oil|brent|brent crude|wti|wti crude|"
    "west texas intermediate|u.s. crude|oil prices|crude prices|natural gas|copper|silver|platinum|"
    "palladium|wheat|corn|soybeans|commodities|the dollar|dollar|dollar index|u.s. dollar|u.s. dollar index|dxy|euro|"
    "the euro|yen|the yen|pound|sterling|yuan|renminbi|nikkei|nikkei 225|nikkei average|topix|hang seng|"
    "hang seng index|shanghai composite|csi 300|kospi|sensex|nifty|nifty 50|asx 200|ftse|ftse 100|ftse 250|dax|"
    "cac|cac 40|stoxx 600|stoxx europe 600|euro stoxx 50|ibex|tsx|s&p/tsx composite|bovespa|ibovespa|ipc|vix|"
    "cboe volatility index|volatility index|wilshire 5000|value line|nyse composite|amex composite|european stocks|"
    "european shares|asian stocks|asian shares|japanese stocks|chinese stocks|chinese shares|u.k. stocks|"
    "british stocks|german stocks|treasuries|u.s. treasuries|treasury bonds|bonds|municipal bonds|the bond market|"
    "bond prices|treasury prices|msci world|msci world index|msci acwi|world stocks|global stocks|global equities|"
    "latin american stocks|asia-pacific shares|eurozone stocks|indian stocks|brazilian stocks"
)

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
    "positioning cut cuts hike hikes beta correlation concentration capitalization cap".split()
)

#: Verb (any form) -> direction. Numbers, where they follow, take this sign.
_UP = (
    "rise rises rose risen rising|gain gains gained gaining|climb climbs climbed climbing|jump jumps jumped jumping|"
    "surge surges surged surging|soar soars soared soaring|rally rallies rallied rallying|"
    "advance advances advanced advancing|"
    "spike spikes spiked spiking|leap leaps leapt leaped leaping|rebound rebounds rebounded rebounding|"
    "recover recovers recovered recovering|bounce bounces bounced bouncing|increase increases increased increasing|"
    "appreciate appreciated appreciating|skyrocket skyrockets skyrocketed skyrocketing|rocket rocketed rocketing|"
    "add adds added adding|tack tacked tacking tacked_on tacking_on|eke_out eked_out eking_out eked|piled_on|picked_up picking_up picks_up|edge edged edging|inch inched inching|"
    "pop pops popped popping|vault vaults vaulted vaulting|shoot shot shooting|return returns returned returning|"
    "roar roared roaring|firm firmed firming|"
    "strengthen strengthened strengthening|ascend ascended|put_on putting_on|zoom zoomed|grow grew grown growing|"
    "explode exploded exploding|balloon ballooned|creep crept creeping|nudge nudged nudging|tick ticked ticking|"
    "drift drifted drifting|romp romped|snap_back|perk perked|march marched marching|"
    "power powered powering|storm stormed|race raced|catapult catapulted|bolt bolted|"
    "double doubles doubled doubling|triple triples tripled tripling|quadruple quadrupled|recoup recouped|made|earned|netted|managed|delivered"
)
_DOWN = (
    "fall falls fell fallen falling|drop drops dropped dropping|slump slumps slumped slumping|shed sheds shedding|"
    "lose loses lost losing|slide slides slid sliding|decline declines declined declining|"
    "sink sinks sank sunk sinking|tumble tumbles tumbled tumbling|plunge plunges plunged plunging|"
    "plummet plummets plummeted plummeting|dip dips dipped dipping|slip slips slipped slipping|"
    "retreat retreats retreated retreating|crash crashes crashed crashing|collapse collapses collapsed collapsing|"
    "tank tanks tanked tanking|crater craters cratered cratering|crumble crumbled crumbling|"
    "weaken weakened weakening|ease eases eased easing|decrease decreased decreasing|swoon swooned swooning|"
    "skid skids skidded skidding|stumble stumbles stumbled stumbling|nosedive nosedived|swoon swooned|"
    "surrender surrendered surrendering|give_up gave_up given_up giving_up|depreciate depreciated|"
    "give_back gave_back given_back giving_back|handed_back|coughed_up|sag sagged sagging|erode eroded|"
    "halve halves halved halving|contract contracted|correct corrected|dive dives dived dove diving|"
    "reverse reversed|forfeit forfeited|hemorrhage hemorrhaged|cede ceded|buckle buckled|wilt wilted|"
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
    "ease eases eased easing grow increase increased increases increasing recover recovers recovered recovering".split()
) | {
    "give up",
    "gave up",
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
        "bounce upswing improvement leap spike run runup run-up appreciation profit uptick pop "
        "up-move upmove".split(),
        1,
    ),
    **dict.fromkeys(
        "drop decline declines loss losses fall slide slump plunge tumble selloff sell-off retreat pullback "
        "correction decrease crash collapse dip setback drawdown rout swoon downturn drubbing "
        "nosedive skid stumble".split(),
        -1,
    ),
}
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
    r"behind": -1,
    r"led": 1,
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
    r"\bcalls? for\b|\bcan (?:rise|fall|gain|expand|climb|drop|reach|continue|go)\b|\bimplied?\b|\bover the coming\b|"
    r"\bin the coming\b"
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

#: Capitalised single words that are companies only with "shares", a ticker or an apostrophe beside them.
AMBIGUOUS = frozenset(
    "target gap visa block snap match ford chase discover carnival southern progressive wells best key ally coach apple "
    "global general first national american united public dominion capital prudential principal travelers allstate "
    "assurant republic waters ball pool paycom masco nucor dover gartner domino host camden regency kimco trade morgan "
    "news fox match constellation generac entergy republic edison invesco equity loews eaton aon news corning "
    "linde lam williams cooper jacobs cummins ross dollar lowe baker stanley franklin lincoln phillips conagra fair "
    "insulet vulcan martin textron trane ingersoll carrier smith leidos viatris zimmer baxter moody realty "
    "boston charter western norfolk union federal simon weyerhaeuser welltower ventas essex fortune steel "
    "old expand arch everest everg evergy vici invitation church clorox molson kraft campbell kenvue dow "
    "workday crown digital extra public f5 on it now all are be can go has he hd low man one out real see she so "
    "so t up us v we well wm".split()
)
#: Upper-case words that are no tickers.
NO_TICKERS = frozenset(
    "A AI AM AN AND ARE AS AT BE BY CAN CEO CFO CIO COO CPI DC ECB EPS EU ETF ETFS EV EVS FED FOMC FOR FX GDP GO HAS HE I "
    "IMF IN IPO IS ISM IT ITS JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC LA LLC LOW M MA MBS NEW NO NOT NOW NY NYSE "
    "OF OIL ON ONE OPEC OR OUT PCE PE PM PMI PPI Q QE REIT REITS ROI S SAN SEC SO SP T THE TO TV U UK UN UP US USA USD UST "
    "V VAT WAS WE WTI X YOY YTD MTD QTD ALL ANY BIG DAY HIGH KEY MORE TECH TOP WHO YOU WELL OPEN REAL NEXT BEST GOOD CASH "
    "FUND TRUE FAST LIFE LOVE PLAY SAFE SEE TWO VERY WORK CAP DOW S&P ANCHOR RATE RATES GOLD BULL BEAR EST EDT ET "
    "NOTE HOPE JPM-".split()
)

#: What people call well-known companies -> ticker, beyond the names in the store.
NICKNAMES: dict[str, str] = {
    "nvidia": "NVDA",
    "microsoft": "MSFT",
    "apple": "AAPL",
    "amazon": "AMZN",
    "amazon.com": "AMZN",
    "alphabet": "GOOGL",
    "google": "GOOGL",
    "meta": "META",
    "meta platforms": "META",
    "facebook": "META",
    "tesla": "TSLA",
    "broadcom": "AVGO",
    "netflix": "NFLX",
    "berkshire hathaway": "BRK-B",
    "berkshire": "BRK-B",
    "jpmorgan": "JPM",
    "jpmorgan chase": "JPM",
    "goldman sachs": "GS",
    "bank of america": "BAC",
    "wells fargo": "WFC",
    "citigroup": "C",
    "walmart": "WMT",
    "exxon": "XOM",
    "exxon mobil": "XOM",
    "exxonmobil": "XOM",
    "chevron": "CVX",
    "eli lilly": "LLY",
    "lilly": "LLY",
    "palantir": "PLTR",
    "oracle": "ORCL",
    "intel": "INTC",
    "amd": "AMD",
    "advanced micro devices": "AMD",
    "micron": "MU",
    "salesforce": "CRM",
    "adobe": "ADBE",
    "ibm": "IBM",
    "qualcomm": "QCOM",
    "home depot": "HD",
    "costco": "COST",
    "coca-cola": "KO",
    "pepsico": "PEP",
    "disney": "DIS",
    "walt disney": "DIS",
    "mcdonald's": "MCD",
    "boeing": "BA",
    "caterpillar": "CAT",
    "general electric": "GE",
    "ge aerospace": "GE",
    "procter & gamble": "PG",
    "johnson & johnson": "JNJ",
    "merck": "MRK",
    "pfizer": "PFE",
    "unitedhealth": "UNH",
    "unitedhealth group": "UNH",
    "morgan stanley": "MS",
    "american express": "AXP",
    "verizon": "VZ",
    "at&t": "T",
    "comcast": "CMCSA",
    "delta air lines": "DAL",
    "united airlines": "UAL",
    "southwest airlines": "LUV",
    "american airlines": "AAL",
    "fedex": "FDX",
    "ups": "UPS",
    "united parcel service": "UPS",
    "nike": "NKE",
    "starbucks": "SBUX",
    "super micro": "SMCI",
    "super micro computer": "SMCI",
    "coinbase": "COIN",
    "uber": "UBER",
    "airbnb": "ABNB",
    "general motors": "GM",
    "lockheed martin": "LMT",
    "warner bros. discovery": "WBD",
    "warner bros discovery": "WBD",
}
