"""How many near copies do sketches find, and how many unlike pairs do they take for alike?

Usage: python -m bench.datasets.near_copies
"""

import random
import time
from collections import defaultdict
from itertools import pairwise

from shared.core.dataset.sketches import NEAR, Sketches, sketch

PAIRS = 4_000
BOUNDS = (0.0, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 1.01)  # of what two texts have in common
SHARES = (0.01, 0.03, 0.05, 0.08, 0.12, 0.2)  # of words changed, added or taken out


def main() -> None:
    """Print the share of pairs that are found, by what they have in common."""
    draw = random.Random(3)
    words = [f"{draw.choice('bdfglmnprst')}{number:x}" for number in range(5_000)]
    texts = [draw.choices(words, k=draw.choice((20, 30, 60, 150, 300))) for _ in range(PAIRS)]
    texts += [edited(text, draw, words) for text in texts]
    store = Sketches()
    start = time.process_time()
    places = [place for place, text in enumerate(texts) if added(store, text)]
    spent = time.process_time() - start
    found = {(places[a], places[b]) for a, b in store.candidates() if store.likeness(a, b) >= NEAR}
    rows: dict[int, list[bool]] = defaultdict(list)
    for first in range(PAIRS):
        alike = common(texts[first], texts[first + PAIRS])
        rows[sum(bound <= alike for bound in BOUNDS)].append((first, first + PAIRS) in found)
    for number, (low, high) in enumerate(pairwise(BOUNDS), start=1):
        print(f"{low:.2f} to {high:.2f} in common: {len(rows[number]):5} pairs, {mean(rows[number]):6.1%} found")
    others = sum(later - first != PAIRS for first, later in found)
    print(f"{others} other pairs; {spent / len(texts) * 1e6:.0f} us for each text")


def added(store: Sketches, text: list[str]) -> bool:
    """Add the sketch of a text that is long enough for one."""
    values = sketch([("user", " ".join(text))])
    if values is not None:
        store.add(values)
    return values is not None


def edited(text: list[str], draw: random.Random, words: list[str]) -> list[str]:
    """Return the text with some words changed, added or taken out."""
    text = list(text)
    for _ in range(max(1, int(len(text) * draw.choice(SHARES)))):
        place = draw.randrange(len(text))
        text[place : place + 1] = draw.choice(([draw.choice(words)], [text[place], draw.choice(words)], []))
    return text


def common(one: list[str], other: list[str]) -> float:
    """Return the share of runs of three words that stand in both."""
    of_one, of_other = (set(zip(text, text[1:], text[2:], strict=False)) for text in (one, other))
    return len(of_one & of_other) / len(of_one | of_other)


def mean(found: list[bool]) -> float:
    """Return the share of those found."""
    return sum(found) / max(1, len(found))


if __name__ == "__main__":
    main()
