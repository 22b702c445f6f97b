"""What tools, templates and other models leave behind in texts, and what nobody sees in them."""

import re

from shared.core.dataset.scanning import Pattern, Thing, unmasked

_ASSISTANT = "a"
_LETTERS_READ_WRONGLY = re.compile(  # UTF-8 that was read as Windows-1252: a lead byte, then others
    "[\u00c2\u00c3][\u0080-\u00bf\u0192\u02c6\u02dc\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u2013\u2014\u2018-\u201e"
    "\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]|\u00e2\u20ac[\u0080-\uffff]|\u00ef\u00bb\u00bf|\u00f0\u0178"
)
_NOT_SEEN = re.compile("[\u200b\u2060\ufeff\u00ad\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
_TAGS, _BLACK_FLAG = 0xE0000, "\U0001f3f4"
_HTML = re.compile(
    r"</?(?:div|span|p|br|table|td|tr|tbody|li|ul|ol|font|script|style|iframe)(?:\s[^<>]{0,200})?/?>"
    r"|&(?:nbsp|amp|quot|lt|gt|apos|#[0-9]{2,5}|#x[0-9A-Fa-f]{2,5});"
)
_OTHER_MODEL = re.compile(
    r"(?i)as an ai (?:language )?model|as a large language model|i(?:'|\u2019)?m an ai language model|"
    r"my (?:knowledge cut-?off|training data) (?:is|was|only goes)|trained by (?:openai|anthropic|google)"
)
_TEMPLATE = re.compile(
    r"(?<!\$)\{\{ ?[A-Za-z_][\w.]{0,60} ?\}\}|<(?:your|insert)[ _][\w ]{1,40}>|\[(?:insert|your) [\w ']{1,40}\]"
)
_TO_DO = re.compile(r"(?<![#/*%])(?<![#/*%] )\b(?:TODO|TBD|FIXME)\b(?!\s?list)|[Ll]orem ipsum")


def residue_patterns() -> tuple[Pattern, ...]:
    """Return the table of patterns."""
    return (
        Pattern(
            "R27", _LETTERS_READ_WRONGLY, _mojibake,
            ("\u00c2", "\u00c3", "\u00e2\u20ac", "\u00ef\u00bb\u00bf", "\u00f0\u0178"), beyond_ascii=True,
        ),
        Pattern("R27", re.compile("\ufffd"), unmasked("a replacement character: a letter was lost"), ("\ufffd",)),
        Pattern("R27b", _NOT_SEEN, _not_seen, beyond_ascii=True),
        Pattern("R27c", _HTML, _html, ("<", "&"), code_blocks=False),
        Pattern(
            "R28", _OTHER_MODEL, unmasked("the answer speaks of itself as another model"),
            ("language model", "AI model", "training data", "knowledge cut", "trained by"), roles=_ASSISTANT,
        ),
        Pattern(
            "R28", _TEMPLATE, unmasked("a placeholder was not filled in"),
            ("{", "<", "["), code_blocks=False,
        ),
        Pattern(
            "R28", _TO_DO, _to_do, ("TODO", "TBD", "FIXME", "orem ipsum"), roles=_ASSISTANT, code_blocks=False,
        ),
    )  # fmt: skip


def _mojibake(match: re.Match[str]) -> Thing | None:
    """Take letters that were read in the wrong encoding."""
    return Thing(f"letters were read in the wrong encoding ({ascii(match[0])[1:-1]})")


def _not_seen(match: re.Match[str]) -> Thing | None:
    """Take a character that nobody sees, told by its number."""
    if ord(match[0]) >= _TAGS and _BLACK_FLAG in match.string[max(0, match.start() - 8) : match.start()]:
        return None  # the flags of England, Scotland and Wales are written with these
    turns = "turns the direction of writing" if 0x202A <= ord(match[0]) <= 0x2069 else "is not seen"
    return Thing(f"a character that {turns} (U+{ord(match[0]):04X})")


def _html(match: re.Match[str]) -> Thing | None:
    """Take what is left of a web page; who writes about HTML puts it between backticks or quotes."""
    if match.string[match.start() - 1 : match.start()] in ("`", "'", '"'):
        return None
    return Thing(f"HTML is left over ({re.split(r'[ />]', match[0].lstrip('</'))[0]})")


def _to_do(match: re.Match[str]) -> Thing | None:
    """Take a mark that something is to be written yet."""
    return Thing(f"the answer is not written yet ({match[0]})")
