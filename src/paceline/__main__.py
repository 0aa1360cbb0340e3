"""``python -m paceline`` is the command line.

Python puts the working folder on the path of imports when it is called so; a file that lies beside
a market file is data until it is allowed, so the folder is taken off again.
"""

import sys
from pathlib import Path

if sys.path and not sys.flags.safe_path and Path(sys.path[0]).resolve() == Path.cwd():
    del sys.path[0]

from paceline.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
