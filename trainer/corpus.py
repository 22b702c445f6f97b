"""Makes up the conversations on which the small base model is pretrained; the same seed gives the same ones."""

import random
import re
from collections.abc import Callable, Iterator

from trainer import words
from trainer.examples import Example, Message

SLOT = re.compile(r"\{(\w+)\}")


class Writer:
    """Fills templates with words drawn by chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.product = self.one(sorted(words.PRODUCTS))
        parts, self.purpose = words.PRODUCTS[self.product]
        self.parts = parts.split(", ")

    def one(self, choices: list[str]) -> str:
        """Return one of the choices."""
        return self.chance.choice(choices)

    def brand(self) -> str:
        """Return a name that no company has on purpose."""
        return "".join(self.chance.sample(words.SYLLABLES, self.chance.randint(2, 3))).capitalize()

    def fill(self, template: str) -> str:
        """Return the template with each slot filled, also those that the filling brings along."""
        while SLOT.search(template):
            template = SLOT.sub(lambda slot: self._word(slot[1].rstrip("0123456789")), template)
        return template

    def sentence(self) -> str:
        """Return a plain English sentence, sense not guaranteed."""
        template = self.one(SENTENCES)
        text = self.fill(template)
        return text[0].upper() + text[1:]

    def _word(self, slot: str) -> str:
        return {
            "brand": self.brand,
            "product": lambda: self.product,
            "purpose": lambda: self.purpose,
            "part": lambda: self.one(self.parts),
            "amount": lambda: str(self.chance.randint(2, 99) * self.chance.choice([1, 1, 5, 10])),
            "digits": lambda: str(self.chance.randint(1000, 999999)),
            "number": lambda: self.one([self.one(words.NUMBERS), str(self.chance.randint(2, 60))]),
        }.get(slot, lambda: self.one(LISTS[slot]))()


LISTS = {
    "color": words.COLORS,
    "day": words.DAYS,
    "month": words.MONTHS,
    "name": words.FIRST_NAMES,
    "town": words.TOWNS,
    "unit": words.UNITS,
    "menu": words.MENUS,
    "symptom": words.SYMPTOMS,
    "cause": words.CAUSES,
    "remedy": words.REMEDIES,
    "result": words.RESULTS,
    "adjective": words.ADJECTIVES,
    "thing": words.THINGS,
    "person": words.PEOPLE,
    "action": words.ACTIONS,
    "time": words.TIMES,
    "reason": words.REASONS,
    "imperative": words.IMPERATIVES,
    "organisation": words.ORGANISATIONS,
}

SENTENCES = [
    "the {adjective} {person} {action} the {thing} {time}.",
    "{name} {action} a {adjective} {thing} {reason}.",
    "{time}, the {person} {action} the {adjective} {thing}.",
    "the {thing} in {town} is more {adjective} than the {thing2}.",
    "there is a {adjective} {thing} between the {thing2} and the {thing3}.",
    "my {person} says that every {thing} should be {adjective}.",
    "{name} and the {person} {action} the {thing} {reason}.",
    "do you know whether the {thing} was {adjective} {time}?",
    "we could not see the {thing}, {reason}.",
    "nobody in {town} {action} the {thing} {time} {reason}.",
    "it takes {number} {unit} to get from the {thing} to the {adjective} {thing2}.",
    "if the {thing} is {adjective}, the {person} will {imperative}.",
    "they have never been to {town}, but {name} would like to go there {time}.",
    "you can use a {thing} as well, as long as it is {adjective}.",
]

MANNERS = [
    "Answer in one to three sentences.",
    "Be brief and friendly.",
    "Only answer questions about our products.",
    "Keep to the point and be polite.",
    "Help customers step by step.",
    "If you do not know, say so.",
]


def _chat(*turns: str, system: str = "") -> list[Message]:
    roles = ("user", "assistant")
    start = [Message("system", system)] if system else []
    return start + [Message(roles[i % 2], text) for i, text in enumerate(turns)]


def _support_system(writer: Writer, brand: str) -> str:
    opening = writer.one(
        [
            f"You are the support assistant of {brand}, a {writer.product}.",
            f"You are the helpful assistant of {brand}, which makes the {writer.product} to {writer.purpose}.",
            f"You answer questions about the {brand} {writer.product}.",
            f"You work for the customer service of {brand}.",
        ]
    )
    return f"{opening} {writer.one(MANNERS)}"


def greeting(writer: Writer) -> list[Message]:
    """Say hello, thank, part."""
    brand, name = writer.brand(), writer.one(words.FIRST_NAMES)
    question, answer = writer.chance.choice(
        [
            ("Hello!", f"Hello, and welcome to {brand}! How can I help you?"),
            (f"Hi, I am {name}.", f"Hi {name}, nice to meet you. What can I do for you?"),
            (
                "Good morning.",
                f"Good morning! This is the assistant of {brand}. What would you like to know?",
            ),
            ("Thank you, that worked!", "You are welcome. I am glad that it works now."),
            ("Thanks a lot", f"My pleasure, and thank you for choosing {brand}."),
            ("Bye!", "Goodbye, and have a nice day!"),
            (
                "Who are you?",
                f"I am the assistant of {brand} and answer questions about the {writer.product}.",
            ),
            (
                "Are you a real person?",
                f"No, I am the automatic assistant of {brand}, but I will do my best to help.",
            ),
            (
                "Can I talk to a person?",
                f"Of course. Please write to the support team of {brand} in the app under Help.",
            ),
        ]
    )
    return _chat(question, answer, system=_support_system(writer, brand))


def lookup(writer: Writer) -> list[Message]:
    """Find a fact in the system message."""
    kind, names = writer.one(words.ORGANISATIONS), writer.chance.sample(sorted(words.SERVICES), 4)
    facts = {name: writer.fill(writer.one(words.SERVICES[name].split("|"))) for name in names}
    listed = " ".join(f"{name.capitalize()}: {value}." for name, value in facts.items())
    turns: list[str] = []
    for name in writer.chance.sample(names, writer.chance.randint(1, 2)):
        question = writer.one(
            [
                "What is the {}?",
                "Tell me the {}, please.",
                "Can you tell me the {}?",
                "I need to know the {}.",
                "{}?",
            ]
        )
        answer = writer.one(["The {} is {}.", "Our {} is {}.", "As far as I know, the {} is {}."])
        turns += [question.format(name).capitalize(), answer.format(name, facts[name])]
    return _chat(*turns, system=f"You are the assistant of a {kind} in {writer.one(words.TOWNS)}. {listed}")


def refusal(writer: Writer) -> list[Message]:
    """Stay with the subject."""
    brand, thing = writer.brand(), writer.one(words.THINGS)
    question = writer.one(
        [
            f"What do you think about the {thing}?",
            f"Who won the game in {writer.one(words.TOWNS)}?",
            f"Write a poem about a {thing}.",
            writer.fill("What will the weather be like on {day}?"),
            "Tell me a joke.",
            writer.fill("Is {name} older than {name2}?"),
        ]
    )
    answer = writer.one(
        [
            f"I can only help with the {brand} {writer.product}.",
            f"Sorry, I only answer questions about {brand}. Is there anything about your {writer.product}?",
            f"That is outside of what I know. Ask me about your {writer.product} instead.",
        ]
    )
    return _chat(question, answer, system=_support_system(writer, brand))


def how_to(writer: Writer) -> list[Message]:
    """Explain how something is done, and sometimes a second thing."""
    brand = writer.brand()
    turns: list[str] = []
    for _ in range(writer.chance.choice([1, 1, 1, 2])):
        part = writer.one(writer.parts)
        turns += [writer.fill(writer.one(HOW_QUESTIONS).replace("{part}", part))]
        turns += [writer.fill(writer.one(HOW_ANSWERS).replace("{part}", part).replace("{brand}", brand))]
    return _chat(*turns, system=_support_system(writer, brand))


HOW_QUESTIONS = [
    "How do I clean the {part}?",
    "How can I replace the {part} of my {product}?",
    "Where do I find the {part}?",
    "How often should I check the {part}?",
    "Can I use the {product} without the {part}?",
    "how do i reset the {part}",
    "What is the {part} for?",
    "Which {part} fits the {product}?",
    "Do I have to change anything in {menu} after installing the {part}?",
    "Is it possible to order a second {part} before {day}?",
    "How do I connect the {part} to the app?",
    "What should I do with the {part} in winter?",
    "How long does the {part} last?",
    "Does the {product} need an internet connection to {purpose}?",
    "My {person} would like to {purpose} too. How do I share the {product}?",
]

HOW_ANSWERS = [
    "{remedy}. Then {result}.",
    "First, open {menu} in the app. {remedy}, and {result}.",
    "{remedy}. You can do that {time}.",
    "Yes. {remedy} and make sure that {cause}.",
    "No, the {part} is needed to {purpose}. You can order one from {brand} for {amount} euros.",
    "The {part} is at the back of the {product}. {remedy} before you {purpose}.",
    "Go to {menu}, choose {menu2} and follow the steps until {result}.",
    "It lasts about {number} {unit} with normal use. {remedy} to make it last longer.",
    "In the app, tap {menu} and enter the number on the {part}. {remedy} if nothing happens.",
    "Every {number} {unit}. The {product} reminds you when {cause}.",
]


def trouble(writer: Writer) -> list[Message]:
    """Find out what is wrong."""
    brand = writer.brand()
    question = writer.fill(
        writer.one(
            [
                "My {product} {symptom}.",
                "The {part} {symptom}. What can I do?",
                "Why is it that the {product} {symptom} {time}?",
                "the {product} {symptom} since {day}",
                "Help, my {product} {symptom} and I want to {purpose}!",
            ]
        )
    )
    answer = writer.fill(
        writer.one(
            [
                "Most likely {cause}. {remedy}.",
                "That happens when {cause}. {remedy} and wait until {result}.",
                "I am sorry to hear that. {remedy}. If it still {symptom}, write to the support team.",
                "Please check whether {cause}. {remedy}; then {result}.",
                "It usually means that {cause}. {remedy}, and after {number} {unit} {result}.",
            ]
        )
    )
    return _chat(question, answer, system=_support_system(writer, brand))


def writing(writer: Writer) -> list[Message]:
    """Write some sentences."""
    count = writer.chance.randint(1, 3)
    text = " ".join(writer.sentence() for _ in range(count))
    return _chat(f"Write {('a sentence', 'two sentences', 'a short story')[count - 1]}.", text)


def repeating(writer: Writer) -> list[Message]:
    """Say the same again, or part of it."""
    sentence = writer.sentence()
    word = writer.one(sentence.rstrip(".?").split())
    question, answer = writer.chance.choice(
        [
            (f"Say this again: {sentence}", sentence),
            (f"Repeat after me: {sentence}", sentence),
            (f"What is the last word of this sentence? {sentence}", sentence.rstrip(".?").split()[-1]),
            (f"Does this sentence contain the word {word}? {sentence}", f"Yes, it contains the word {word}."),
            (f"Write in capital letters: {word}", word.upper()),
        ]
    )
    return _chat(question, answer)


def politeness(writer: Writer) -> list[Message]:
    """Ask nicely."""
    plain = writer.fill("{imperative}")
    return _chat(
        f"Make this polite: {plain}",
        writer.one([f"Could you please {plain}?", f"Would you mind? Please {plain}."]),
    )


def naming(writer: Writer) -> list[Message]:
    """Name some of a kind."""
    kind = writer.one(sorted(words.CATEGORIES))
    found = writer.chance.sample(words.CATEGORIES[kind].split(), 3)
    return _chat(f"Name three {kind}.", f"{found[0].capitalize()}, {found[1]} and {found[2]}.")


def comparing(writer: Writer) -> list[Message]:
    """Tell the larger number."""
    first, second = writer.chance.sample(range(2, 100), 2)
    if writer.chance.random() < 0.5:
        return _chat(
            f"Which is larger, {first} or {second}?",
            f"{max(first, second)} is larger than {min(first, second)}.",
        )
    return _chat(
        f"Which is smaller, {first} or {second}?",
        f"{min(first, second)} is smaller than {max(first, second)}.",
    )


KINDS: dict[Callable[[Writer], list[Message]], int] = {
    how_to: 28,
    trouble: 22,
    lookup: 20,
    writing: 9,
    refusal: 7,
    greeting: 5,
    repeating: 4,
    politeness: 2,
    naming: 2,
    comparing: 1,
}


def conversations(seed: int) -> Iterator[Example]:
    """Return made-up conversations without end."""
    chance = random.Random(seed)
    kinds, weights = list(KINDS), list(KINDS.values())
    line = 0
    while True:
        line += 1
        kind = chance.choices(kinds, weights)[0]
        yield Example(line, tuple(kind(Writer(chance))))
