"""What a text says without its disguises: the copies that are judged beside it, each only where it differs.

A model, or a reader, sees through what keeps a classifier from knowing a word: letters without width, floods of
marks, letters of other alphabets that look alike, text in tag characters, text that runs backwards. All of it is
found in Unicode's own data, which Python brings along, but for a small table of look-alikes. Each step takes time
in proportion to the text, and no character becomes more than four.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

PRINTABLE_ASCII = re.compile(r"[\t\n\r -~]*")
ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
TAGS = re.compile("[\U000e0020-\U000e007e]+")
BACKWARDS = re.compile("\u202e([^\u202c\u202e\u2029\n]+)")
STRETCH = 128  # characters
ASCII = re.compile(r"[\x00-\x7f]")
POINTED = frozenset({"HEBREW", "ARABIC"})  # commonly written without their marks
WORD = re.compile(r"\w+")


def copies(text: str) -> tuple[str, ...]:
    """Return a text and what else it says: once without disguise, and once with marks and look-alikes undone too.

    Tag characters are invisible, so they hide a word where they stand between its letters, and are one when read
    as the ASCII that they stand for: both, and both together, are copies where there are such.
    """
    plain = _unescaped(text)
    if plain.isascii() and PRINTABLE_ASCII.fullmatch(plain):
        return (text,) if plain == text else (text, plain)
    found = [text, seen := _seen(plain), _folded(seen)]
    if TAGS.search(plain):
        found += ["".join(_untagged(tags) for tags in TAGS.findall(plain)), bare(_tags_read(plain))]
    if BACKWARDS.search(plain):
        found.append(bare(BACKWARDS.sub(lambda run: run[1][::-1], plain)))
    return tuple(dict.fromkeys(found))


def normalised(text: str) -> str:
    """Return the text as a reader sees it: compatibility forms and JSON's escapes resolved, the invisible gone."""
    return _seen(_unescaped(text))


def bare(text: str) -> str:
    """Return the shortest copy: nothing invisible in it, no marks that can be flooded, look-alikes as Latin."""
    return _folded(normalised(text))


def bare_end(text: str, length: int) -> str:
    """Return the end of a text, so many characters of all that it may say; a flood of the invisible is gone.

    What is visible comes first, so that whoever holds back text from it on holds back enough.
    """
    return bare(text)[-length:] + "".join(TAGS.findall(text))[-length:]


def _unescaped(text: str) -> str:
    if "\\u" not in text:
        return text
    text = ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _seen(text: str) -> str:
    if text.isascii() and PRINTABLE_ASCII.fullmatch(text):
        return text
    from shared.core.letters import HIDDEN, ONE_WORD, WORDS

    text = ONE_WORD.sub(lambda found: WORDS[found[0]], text)
    return HIDDEN.sub("", "".join(unicodedata.normalize("NFKC", stretch) for stretch in _stretches(text)))


def _folded(text: str) -> str:
    """Return a text that was normalised without what only decorates its letters."""
    if text.isascii():
        return text
    from shared.core.letters import DECORATED, LETTERS, MARK_RUN, OTHER_ALPHABET

    if DECORATED.search(text):
        text = text.translate(LETTERS)
    text = MARK_RUN.sub(_own_marks, text)
    return WORD.sub(_in_one_alphabet, text) if OTHER_ALPHABET.search(text) else text


def _own_marks(found: re.Match[str]) -> str:
    """Keep the marks without which a script cannot be read, such as the vowels of Hindi.

    What belongs together in other scripts is composed by now: one character, no marks.
    """
    start = found.start()
    script = _script(found.string[start - 1]) if start else ""
    if script == "LATIN" or script in POINTED:
        return ""
    return "".join(mark for mark in found[0] if _script(mark) == script)


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    """Return the first word of a character's name: its script, or COMBINING for marks of all scripts."""
    return unicodedata.name(char, "").split(" ")[0]


def _in_one_alphabet(found: re.Match[str]) -> str:
    """Return a word in Latin letters where it mixes alphabets; honest Greek and Russian words do not."""
    from shared.core.letters import ALPHABETS, HIDDEN, LATIN

    word = found[0]
    if sum(letters.search(word) is not None for letters in ALPHABETS) < 2:
        return word
    return HIDDEN.sub("", unicodedata.normalize("NFD", word)).translate(LATIN)


def _untagged(tags: str) -> str:
    return "".join(chr(ord(tag) - 0xE0000) for tag in tags)


def _tags_read(text: str) -> str:
    return TAGS.sub(lambda found: _untagged(found[0]), text)


def _stretches(text: str) -> Iterator[str]:
    """Yield the text in short stretches: normalising takes time with the square of a run of combining marks.

    A stretch ends before an ASCII character where one comes soon, since that composes with nothing before it.
    """
    start = 0
    while start < len(text):
        end = start + 2 * STRETCH
        cut = ASCII.search(text, start + STRETCH, end)
        end = cut.start() if cut else end
        yield text[start:end]
        start = end
