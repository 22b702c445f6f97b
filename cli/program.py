"""What the command is called here, so that what it proposes can be typed as it stands."""

import sys
from pathlib import Path

AS_MODULE = ("cli", "__main__.py")
PROGRAM = "python -m cli" if Path(sys.argv[0]).parts[-2:] == AS_MODULE else "tunedrop"
