"""Tables of letters, out of Unicode's own data as Python brings it along, and of what looks like a Latin letter.

They take some fifty milliseconds to make, so whoever reads them imports this module when a text needs them.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import groupby

PLANES = range(0x20000)  # further characters are Chinese ones, tags, variation selectors, or none yet
TEXTUAL = "\t\n\r\x85"  # controls that separate words
LETTER = re.compile(
    r"[A-Z ]*(?:LATIN (CAPITAL |SMALL )?LETTER|REGIONAL INDICATOR SYMBOL LETTER)(?: [A-Z]+)*? ([A-Z])"
    r"(?: WITH (?!SMALL LETTER).+)?"  # that would be two letters in one
)
LETTER_BLOCKS = (
    range(0xC0, 0x2B0),
    range(0x1D00, 0x1DC0),
    range(0x1E00, 0x1F00),
    range(0x2C60, 0x2C80),
    range(0xA720, 0xA800),
    range(0xAB30, 0xAB70),
    range(0x1F150, 0x1F200),
)
WORD_BLOCKS = (*range(0x3300, 0x3358), 0x33AE, 0x33AF, 0xFDFA, 0xFDFB)
ALPHABETS = tuple(
    re.compile(letters) for letters in ("[A-Za-z]", "[\u0370-\u03ff\u1f00-\u1fff]", "[\u0400-\u052f]")
)
OTHER_ALPHABET = re.compile("[\u0370-\u052f\u1f00-\u1fff]")
LOOKS_LIKE = {  # Greek and Cyrillic, and what most fonts draw as they draw the Latin letter
    "A": "\u0391\u0410",
    "B": "\u0392\u0412",
    "C": "\u03f9\u0421",
    "D": "\u0500",
    "E": "\u0395\u0415",
    "G": "\u050c",
    "H": "\u0397\u041d",
    "I": "\u0399\u0406\u04c0",
    "J": "\u037f\u0408",
    "K": "\u039a\u041a",
    "M": "\u039c\u041c",
    "N": "\u039d",
    "O": "\u039f\u041e",
    "P": "\u03a1\u0420",
    "Q": "\u051a",
    "R": "\u042f",
    "S": "\u0405",
    "T": "\u03a4\u0422",
    "V": "\u0474",
    "W": "\u051c",
    "X": "\u03a7\u0425",
    "Y": "\u03a5\u0423\u04ae",
    "Z": "\u0396",
    "a": "\u03b1\u0430",
    "b": "\u042c\u044c\u0432\u03b2",
    "c": "\u03f2\u0441",
    "d": "\u0501",
    "e": "\u03b5\u0435",
    "h": "\u04bb\u043d",
    "i": "\u03b9\u0456",
    "j": "\u03f3\u0458",
    "k": "\u03ba\u043a",
    "l": "\u04cf",
    "m": "\u043c",
    "n": "\u03b7\u043f",
    "o": "\u03bf\u03c3\u043e",
    "p": "\u03c1\u0440",
    "q": "\u051b",
    "r": "\u0433",
    "s": "\u0455",
    "t": "\u03c4\u0442",
    "u": "\u03c5",
    "v": "\u03bd\u0475",
    "w": "\u03c9\u0448\u051d",
    "x": "\u03c7\u0445",
    "y": "\u03b3\u0443\u04af",
}


def _class(fits: Callable[[int], bool]) -> str:
    """Return the code points that fit, as ranges of a class; single ones would be compared one by one."""
    runs = (list(run) for fit, run in groupby(PLANES, fits) if fit)
    return "".join(f"{chr(run[0])}-{chr(run[-1])}" for run in runs)


def _is_mark(point: int) -> bool:
    return unicodedata.category(chr(point)) in ("Mn", "Mc")


def _is_unseen(point: int) -> bool:
    return unicodedata.category(chr(point)) in ("Cc", "Cf", "Me") and chr(point) not in TEXTUAL


def _letters() -> Iterator[tuple[int, str]]:
    """Yield what is a Latin letter by its name, whatever was put on, around or through it, and that letter."""
    for block in LETTER_BLOCKS:
        for point in block:
            found = LETTER.fullmatch(unicodedata.name(chr(point), ""))
            if found is not None:
                yield point, found[2].lower() if found[1] == "SMALL " else found[2]


# By what is no mark: where a class has many members beyond U+FFFF, what it does not hold is found out slowly.
MARK_RUN = re.compile(f"[^{_class(lambda point: not _is_mark(point))}{chr(PLANES.stop)}-\U0010ffff]+")
# What is on no screen: controls, formats, and enclosing marks; marks that compose with no letter, fillers, line
# separators, variation selectors, tags.
HIDDEN = re.compile(
    f"[{_class(_is_unseen)}"
    "\u0300-\u036f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1ab0-\u1aff\u1dc0-\u1dff\u2028\u2029\u20d0-\u20ff\u2800"
    "\u3164\ufe00-\ufe0f\ufe20-\ufe2f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
LETTERS = dict(_letters())
# Words in one character, of up to 18 letters: a prompt full of them would be that much longer. The first letter
# stands for all.
WORDS = {chr(point): unicodedata.normalize("NFKC", chr(point))[0] for point in WORD_BLOCKS}
ONE_WORD = re.compile(f"[{''.join(WORDS)}]")
DECORATED = re.compile(f"[{_class(LETTERS.__contains__)}]")
LATIN = {ord(other): letter for letter, others in LOOKS_LIKE.items() for other in others}
