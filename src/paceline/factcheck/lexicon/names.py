"""What commentary calls indices, sectors, styles, themes, companies and other assets, and what stands for them.

An entry lists the names of a thing and the instruments that stand for it, in order of preference; baskets of the
market file that carry one of the names come before the instruments (an index: after the published level).
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


_STOCKS = ("", " stocks", " shares", " equities", " names", " titles", " values")


def _sector(label: str, names: str, funds: str) -> Entry:
    every = [n + s for n in names.split("|") for s in (*_STOCKS, " sector", " companies", " issues", " group",
                                                         " select sector spdr", " select sector spdr fund",
                                                         " select sector spdr etf")]
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
        "standard & poors 500|standard and poors 500|standard and poors 500 index|cap-weighted s&p 500|capitalization-weighted s&p 500|market-cap-weighted s&p 500|"
        "cap-weighted s&p|large caps|large-caps|large-cap stocks|large-cap shares|large cap stocks|large-cap index|large-cap indexes|large-cap indices|large-cap benchmarks|"
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
        "nasdaq composite|nasdaq comp|nasdaq composite index|nasdaq composite index comp|nasdaq|nasdaq index|ixic",
        "IXIC ONEQ",
    ),
    Entry(
        "Dow Jones Industrial Average",
        "index",
        "dow jones industrial average|dow jones industrials|dow jones industrial|dow industrials|dow jones|dow|djia|"
        "dow jones industrial average djia|blue chips|blue-chip stocks|blue chip index|blue-chip index|blue chip average|blue-chip average|blue-chip gauge|blue-chip dow|dow 30|industrial average",
        "DIA",
        proxy=True,
    ),
    Entry(
        "Russell 2000",
        "index",
        "russell 2000|russell 2000 index|russell2000|rut|rty|r2k|russell|smaller stocks|small caps|small-caps|smallcaps|small-cap stocks|"
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
        "equal weight|equal-weight s&p 500|equal-weighted s&p 500|equal weight s&p 500|equally weighted s&p 500|"
        "equal-weighted s&p|equal-weight s&p|s&p 500 equal weight|s&p 500 equal weight index|"
        "s&p 500 equal-weight index|s&p 500 equal weighted index|equal-weight index|equal-weighted index|"
        "equal-weight s&p 500 index|equal-weighted s&p 500 index|s&p 500 ewi|s&p 500 equal-weighted index|equal-weight benchmark|average stock|typical stock|average s&p 500 stock",
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
        "communication services|communications services|communication|communications|comms|comm services",
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
    _sector("Utilities", "utilities|utility|utes", "XLU"),
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
    "segment titles values category bellwether cohort industry players peers heavyweights tracker trust bloc complex cohort".split()
)

#: Traded things this market may lack: named, so that a claim about them is "data missing", not silence.
FOREIGN = (
    "bitcoin|ethereum|ether|crypto|cryptocurrencies|crude|crude oil|oil|brent|brent crude|wti|wti crude|"
    "west texas intermediate|u.s. crude|oil prices|crude prices|natural gas|copper|silver|platinum|"
    "palladium|wheat|corn|soybeans|commodities|the dollar|dollar|dollar index|u.s. dollar|u.s. dollar index|dxy|euro|"
    "the euro|yen|the yen|pound|sterling|yuan|renminbi|nikkei|nikkei 225|nikkei average|topix|hang seng|"
    "hang seng index|shanghai composite|csi 300|kospi|sensex|nifty|nifty 50|asx 200|ftse|ftse 100|ftse 250|dax|"
    "cac|cac 40|stoxx 600|stoxx europe 600|euro stoxx 50|ibex|tsx|s&p/tsx composite|bovespa|ibovespa|ipc|"
    "wilshire 5000|value line|nyse composite|amex composite|european stocks|"
    "european shares|asian stocks|asian shares|japanese stocks|chinese stocks|chinese shares|u.k. stocks|"
    "british stocks|german stocks|treasuries|u.s. treasuries|treasury bonds|bonds|municipal bonds|the bond market|"
    "bond prices|treasury prices|msci world|msci world index|msci acwi|msci all country world index|msci all country world|"
    "msci acwi ex usa|msci acwi ex us|msci world ex us|msci europe|msci japan|msci china|bloomberg u.s. aggregate|world stocks|global stocks|global equities|"
    "latin american stocks|asia-pacific shares|eurozone stocks|indian stocks|brazilian stocks"
)
#: Named, and no price: a number of theirs is a figure, never a claim about whoever was spoken of before.
FIGURES = "vix|vix index|cboe volatility index|cboe vix|volatility index|fear gauge|fear index|move index|skew index|put-call ratio"

#: Numbers in names, as they are spoken.
SPOKEN = {
    "50": "fifty", "100": "one hundred", "400": "four hundred", "450": "four hundred and fifty", "500": "five hundred",
    "600": "six hundred", "1000": "one thousand", "2000": "two thousand", "3000": "three thousand", "7": "seven",
}  # fmt: skip

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
    "NOTE HOPE JPM- TR PR NR GR COMP COMPX DJIA INX GSPC EWI TSR".split()
)

#: What people call well-known companies -> ticker, beyond the names in the store.
NICKNAMES: dict[str, str] = {
    "3m": "MMM",
    "chipotle": "CMG",
    "ford": "F",
    "accenture": "ACN",
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
