"""What answers where nothing was trained: it says the last message back, word by word."""

import re
from collections.abc import AsyncGenerator
from itertools import islice

from scorer.prompt import End, Prompt, Text

WORD = re.compile(r"\s*\S+\s*")  # one token, here


async def echo(prompt: Prompt) -> AsyncGenerator[Text | End, None]:
    """Yield the words of the last message, at most `max_tokens` of them, then the end; `stop` is not looked at."""
    words = WORD.findall(prompt.messages[-1][1])
    said = list(islice(words, prompt.max_tokens))
    for word in said:
        yield Text(word)
    asked = sum(len(WORD.findall(text)) for _, text in prompt.messages)
    yield End("stop" if len(said) == len(words) else "length", asked, len(said))
