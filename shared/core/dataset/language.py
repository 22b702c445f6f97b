"""Which language a text is in: a rough guess by script and by small words; good for shares, not for one text."""

import re

_WORD = re.compile(r"[^\W\d_]+")
_LETTER = re.compile(r"[^\W\d_]")
_LATIN = "\u036f"  # the last of its letters and accents
_READ = 500  # characters
_SCRIPTS = (  # the order decides: Japanese has Chinese characters, too
    ("ja", 0x3040, 0x30FF), ("ko", 0xAC00, 0xD7AF), ("zh", 0x4E00, 0x9FFF), ("ru", 0x0400, 0x04FF),
    ("el", 0x0370, 0x03FF), ("ar", 0x0600, 0x06FF), ("he", 0x0590, 0x05FF), ("hi", 0x0900, 0x097F),
    ("th", 0x0E00, 0x0E7F), ("bn", 0x0980, 0x09FF), ("ta", 0x0B80, 0x0BFF),
)  # fmt: skip
_SMALL_WORDS = {
    "en": "the and is are was were of to in that it you for with this have not be on what how can your my do i "
    "a as at no or so me by from if an but will we they its has there when which who would then than only out",
    "de": "der die das und ist sind war nicht ein eine einen zu mit auf für von den dem ich sie wie kann mein was",
    "fr": "le la les et est sont dans un une des du pour que qui avec sur pas je vous comment mon ce au ne quel",
    "es": "el la los las y es son en un una de del para que con por no se mi su como cómo qué está puedo al lo",
    "it": "il lo la gli e è sono in un una di del della per che con non si come mi suo posso nel cosa alla le",
    "pt": "o a os as e é são em um uma de do da para que com por não se meu como posso no na você seu qual ao",
    "nl": "de het een en is zijn van te in dat niet met voor op ik je hoe kan mijn wat er aan ook naar bij wordt",
    "sv": "och är att det en ett som för på med inte av jag du hur kan min vad till har den om från ska de",
    "da": "og er at det en et som for på med ikke af jeg du hvordan kan min hvad til har den om fra skal de",
    "pl": "i jest w na z do nie to się że jak co czy mój moja są dla po od może przez jego tego ale lub o",
    "tr": "ve bir bu için ile ne nasıl mi mı değil var daha çok olarak ben sen gibi kadar ama veya benim",
    "cs": "a je v na z do ne to se že jak co můj jsou pro po od může ale nebo s jsem které být při",
    "fi": "ja on ei se että miten voi minun mikä ovat oli kanssa mutta tai kun niin myös hän joka ole",
    "id": "dan yang di ke dari untuk dengan tidak ini itu adalah saya anda bagaimana apa bisa pada atau akan",
    "vi": "và là của có không cho được trong một các tôi bạn như thế nào này với để người những",
}
_LANGUAGES_OF: dict[str, tuple[str, ...]] = {}
for _language, _words in _SMALL_WORDS.items():
    for _word in _words.split():
        _LANGUAGES_OF[_word] = (*_LANGUAGES_OF.get(_word, ()), _language)
_ENOUGH = 3  # different small words that tell a language
_LEAD = 1.5  # how much more there must be of them than of the next language's


def language_of(text: str) -> str | None:
    """Return the language's two letters, or None where the text does not tell."""
    start = text[:_READ]
    return (None if start.isascii() else _by_script(start)) or _by_words(start)


def _by_script(text: str) -> str | None:
    """Return the language of the script that a good part of the letters is in."""
    letters = _LETTER.findall(text)
    if sum(letter > _LATIN for letter in letters) <= len(letters) / 10:
        return None
    for language, first, last in _SCRIPTS:
        share = sum(first <= ord(letter) <= last for letter in letters) / (len(letters) or 1)
        if share > (0.1 if language == "ja" else 0.3):
            return language
    return None


def _by_words(text: str) -> str | None:
    """Return the language that most of the small words are of, if they are clearly of one."""
    points: dict[str, float] = {}
    for word in set(_WORD.findall(text.lower())):
        languages = _LANGUAGES_OF.get(word, ())
        for language in languages:
            points[language] = points.get(language, 0) + 1
    ranked = [*sorted(points.values(), reverse=True), 0]
    if ranked[0] < _ENOUGH or ranked[0] < ranked[1] * _LEAD:
        return None
    return max(points, key=lambda language: points[language])
