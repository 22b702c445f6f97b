"""Makes up conversations to pretrain the small base model on; the same seed gives the same ones."""

import random
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from trainer.examples import Example, Message

SOURCE: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
WORDS: dict[str, list[str]] = {
    slot: text.split("|" if "|" in text else " ") for slot, text in SOURCE["words"].items()
}
SLOT = re.compile(r"\{(\w+)\}")
BEFORE_VOWEL = re.compile(r"\b([Aa]) (?=(?!one\b|us[ei]|uni|eu)[aeiou])")


class Writer:
    """Fills templates with words drawn by chance; the subject stays the same for one conversation."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        product = self.one(sorted(SOURCE["products"]))
        parts, purpose = SOURCE["products"][product]
        self._parts = parts.split("|")
        brand = "".join(chance.sample(WORDS["syllable"], chance.randint(2, 3))).capitalize()
        self._kept = {
            "product": product,
            "purpose": purpose,
            "part": self.one(self._parts),
            "brand": brand,
            "name": self.one(WORDS["name"]),
        }

    def one(self, choices: Sequence[str]) -> str:
        """Return one of the choices."""
        return self.chance.choice(choices)

    def fill(self, template: str) -> str:
        """Return the template with each slot filled, also those that the filling brings along."""
        while SLOT.search(template):
            template = SLOT.sub(lambda slot: self._word(slot[1]), template)
        return BEFORE_VOWEL.sub(r"\1n ", template)

    def sentence(self) -> str:
        """Return a plain English sentence, sense not guaranteed."""
        text = self.fill(self.one(SOURCE["sentences"]["plain"]))
        return text[0].upper() + text[1:]

    def careless(self, question: str) -> str:
        """Return the question as some people type it: now and then in lower case or without its end."""
        if self.chance.random() < 0.15:
            question = question.lower()
        return question.rstrip("?.!") if self.chance.random() < 0.15 else question

    def _word(self, slot: str) -> str:
        kind = slot.rstrip("0123456789")
        if slot in self._kept:
            return str(self._kept[slot])
        if kind == "part":
            return self.one(self._parts)
        if kind == "amount":
            return str(self.chance.randint(2, 99) * self.chance.choice([1, 1, 5, 10]))
        if kind == "digits":
            return str(self.chance.randint(1000, 999999))
        if kind == "number":
            return self.one([self.one(WORDS["numeral"]), str(self.chance.randint(2, 60))])
        return self.one(WORDS[kind])


def _chat(*turns: str, system: str = "") -> list[Message]:
    start = [Message("system", system)] if system else []
    return start + [Message(("user", "assistant")[i % 2], text) for i, text in enumerate(turns)]


def support(writer: Writer) -> list[Message]:
    """Ask for help with a product, sometimes more than once."""
    systems, turns = SOURCE["systems"], []
    for topic in writer.chance.sample(SOURCE["support"], writer.chance.choice([1, 1, 1, 2, 3])):
        question = writer.careless(writer.fill(writer.one(topic["ask"])))
        turns += [question, writer.fill(writer.one(topic["answer"]))]
    system = writer.fill(f"{writer.one(systems['openings'])} {writer.one(systems['manners'])}")
    return _chat(*turns, system=system)


def lookup(writer: Writer) -> list[Message]:
    """Find a fact in the system message."""
    names = writer.chance.sample(sorted(SOURCE["facts"]), 4)
    facts = {name: writer.fill(writer.one(SOURCE["facts"][name].split("|"))) for name in names}
    listed = " ".join(f"{name.capitalize()}: {value}." for name, value in facts.items())
    turns: list[str] = []
    for name in writer.chance.sample(names, writer.chance.randint(1, 2)):
        ask = writer.one(["What is the {}?", "Tell me the {}, please.", "Can you tell me the {}?", "{}?"])
        answer = writer.one(["The {} is {}.", "Our {} is {}.", "As far as I know, the {} is {}."])
        turns += [ask.format(name).capitalize(), answer.format(name, facts[name])]
    system = writer.fill("You are the assistant of a {organisation} in {town}.")
    return _chat(*turns, system=f"{system} {listed}")


def writing(writer: Writer) -> list[Message]:
    """Write some sentences."""
    count = writer.chance.randint(1, 3)
    text = " ".join(writer.sentence() for _ in range(count))
    return _chat(f"Write {('a sentence', 'two sentences', 'a short story')[count - 1]}.", text)


def repeating(writer: Writer) -> list[Message]:
    """Say the same again, or part of it."""
    sentence = writer.sentence()
    words = sentence.rstrip(".?").split()
    word = writer.one(words)
    return _chat(
        *writer.chance.choice(
            [
                (f"Say this again: {sentence}", sentence),
                (f"Repeat after me: {sentence}", sentence),
                (f"What is the last word of this sentence? {sentence}", words[-1]),
                (f"Does this sentence contain the word {word}? {sentence}", f"Yes, it contains the word {word}."),
            ]
        )
    )


def politeness(writer: Writer) -> list[Message]:
    """Ask nicely."""
    plain = writer.fill("{imperative}")
    polite = writer.one([f"Could you please {plain}?", f"Would you be so kind? Please {plain}."])
    return _chat(f"Make this polite: {plain}", polite)


def naming(writer: Writer) -> list[Message]:
    """Name some of a kind."""
    kind = writer.one(sorted(SOURCE["kinds"]))
    found = writer.chance.sample(SOURCE["kinds"][kind].split(), 3)
    return _chat(f"Name three {kind}.", f"{found[0].capitalize()}, {found[1]} and {found[2]}.")


def comparing(writer: Writer) -> list[Message]:
    """Tell which number is larger or smaller."""
    low, high = sorted(writer.chance.sample(range(2, 100), 2))
    pair = f"{low} or {high}" if writer.chance.random() < 0.5 else f"{high} or {low}"
    if writer.chance.random() < 0.5:
        return _chat(f"Which is larger, {pair}?", f"{high} is larger than {low}.")
    return _chat(f"Which is smaller, {pair}?", f"{low} is smaller than {high}.")


KINDS: dict[Callable[[Writer], list[Message]], int] = {
    support: 60,
    lookup: 16,
    writing: 12,
    repeating: 6,
    politeness: 2,
    naming: 3,
    comparing: 1,
}


def conversations(seed: int) -> Iterator[Example]:
    """Return made-up conversations without end."""
    chance = random.Random(seed)  # noqa: S311 - chance for a corpus, not for a secret
    kinds, weights = list(KINDS), list(KINDS.values())
    line = 0
    while True:
        line += 1
        kind = chance.choices(kinds, weights)[0]
        yield Example(line, tuple(kind(Writer(chance))))
