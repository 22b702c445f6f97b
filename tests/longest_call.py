"""How long a call that a run makes may take: all its tries, each of the longest, and the waits between them."""

import re
from datetime import timedelta
from pathlib import Path

from shared.calling import CONNECTION_TIMEOUT, LONGEST_WAIT, RETRIES

READ_TIMEOUTS = [
    float(seconds)
    for module in Path("shared").rglob("*.py")
    for seconds in re.findall(r"(?m)^READ_TIMEOUT = ([\d.]+)", module.read_text("utf-8"))
]
LONGEST_TRY = CONNECTION_TIMEOUT + max(READ_TIMEOUTS)
LONGEST_CALL = timedelta(seconds=(RETRIES + 1) * LONGEST_TRY + RETRIES * LONGEST_WAIT)
