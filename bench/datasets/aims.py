"""What the first pass shall take at most, and what of it a measurement misses."""

SPEED, SHARE = 200, 0.5  # MB per second of CPU time; of the floor's speed
MEMORY, PER_LINE = 100, 16  # MB, and bytes for each line
HEAD = ("target", "missed")


def against(speed: float, share: float | None, peak_mb: float, lines: int) -> tuple[str, str]:
    """Return the target of one file, and which of its figures miss it."""
    memory = MEMORY + PER_LINE * lines / 1e6
    target = [f"{SPEED} MB/s", f"{memory:.0f} MB"]
    missed = [name for name, misses in (("speed", speed < SPEED), ("memory", peak_mb > memory)) if misses]
    if share is not None:
        target.insert(1, f"{SHARE} of the floor")
        missed += ["share of the floor"] if share < SHARE else []
    return ", ".join(target), ", ".join(missed) or "nothing"
