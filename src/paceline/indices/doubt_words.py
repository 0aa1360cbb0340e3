"""How caveats say what the weight of a basket lacks, by the kind of share (``drift.SHARES``)."""

#: How the caveat begins of returns that are doubted.
CONTRADICT = "closes, changes and total returns contradict one another"
#: How the caveat begins of closes that stand still for weeks, or for half the market at once.
REPEAT = "closes repeat those of the session before"
#: How the caveat begins of closes that leapt and came back at once.
CAME_BACK = "closes that leapt by six daily sigmas or more came back the session after"
#: How the caveat begins of closes whose market cap did not move with them.
PARTED = "closes moved otherwise than their market caps"
#: How the caveat begins of closes that leapt and nobody traded them.
UNTRADED = "closes leapt by eight daily sigmas or more on no more than usual volume"
#: How the caveat begins of returns from the last close of one source to the first of the next.
JOINED = "returns join two sources, whose scales may differ,"
#: Kinds of doubt about a close, in the order in which they are said.
DOUBTS = (
    ("doubted", CONTRADICT),
    ("repeated", REPEAT),
    ("returned", CAME_BACK),
    ("parted", PARTED),
    ("quiet", UNTRADED),
    ("seam", JOINED),
)
#: Weights move with price returns, on any basis: the share of those in doubt, and of which doubt.
#: Other doubts are made good by the next close.
MOVING = {f"moved_{kind}": kind for kind in ("doubted", "parted", "quiet", "seam")}
#: How the caveats begin of what returns show over months (``market.doubting``).
OVER_MONTHS = {
    "unpaid": "no dividends in total returns, though they are usually paid,",
    "below": "total returns lose on price returns",
    "odd": "dividends in total returns are of another unit",
    "late": "daily changes fit those of the market a session late or early",
}
#: What stands in, by the kind of share and the basis of the level.
STAND_INS = {
    ("other_basis", "price"): "total returns stand in for price returns",
    ("other_basis", "total"): "price returns, without dividends, stand in for total returns",
    ("other_source", "price"): "returns of another source stand in",
    ("other_source", "total"): "returns of another source stand in",
}
