"""Names for the arrays everything is computed on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Numbers; (securities, sessions) or (subjects, sessions), contiguous along time, NaN where
#: missing.
Array = NDArray[np.float64]
#: Sessions, datetime64[D], ascending.
Dates = NDArray[np.datetime64]
#: Masks of the same shapes.
Bools = NDArray[np.bool_]
