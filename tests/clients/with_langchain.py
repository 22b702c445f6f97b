"""Asks with langchain-openai: python with_langchain.py URL KEY < scenarios > outcomes."""

import json
import sys

import openai
from langchain_openai import ChatOpenAI

URL, KEY = sys.argv[1:]


def ask(scenario: dict) -> str:
    """Return what LangChain makes of one scenario."""
    chat = ChatOpenAI(
        base_url=f"{URL}/v1",
        api_key=scenario["key"] or KEY,
        model=scenario["model"],
        max_retries=scenario["retries"],
    )
    try:
        if scenario["stream"]:
            chunks = list(chat.stream(scenario["prompt"]))
            reasons = [chunk.response_metadata.get("finish_reason") for chunk in chunks]
            text = "".join(chunk.content for chunk in chunks)
            return f"{text} [{next(reason for reason in reversed(reasons) if reason)}]"
        answer = chat.invoke(scenario["prompt"])
    except openai.APIError as error:
        return f"{openai_name(error)} {error.code}"
    return f"{answer.content} [{answer.response_metadata['finish_reason']}]"


def openai_name(error: openai.APIError) -> str:
    """Return the class of the openai package: LangChain raises classes of its own that are made of those."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__.startswith("openai"))


print(json.dumps({name: ask(scenario) for name, scenario in json.load(sys.stdin).items()}))
