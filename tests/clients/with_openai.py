"""Asks with the openai package, blocking and not: python with_openai.py URL KEY < scenarios > outcomes."""

import asyncio
import json
import sys

import openai

URL, KEY = sys.argv[1:]


def outcome_of(error: openai.APIError) -> str:
    """Return the error as the package names it, with the code that the endpoint gave it."""
    return f"{type(error).__name__} {error.code}"


def ask(scenario: dict) -> str:
    """Return what the blocking client makes of one scenario."""
    client = openai.OpenAI(base_url=f"{URL}/v1", api_key=scenario["key"] or KEY, max_retries=scenario["retries"])
    request = {"model": scenario["model"], "messages": [{"role": "user", "content": scenario["prompt"]}]}
    try:
        if scenario["stream"]:
            choices = [chunk.choices[0] for chunk in client.chat.completions.create(**request, stream=True)]
            return "".join(one.delta.content or "" for one in choices) + f" [{choices[-1].finish_reason}]"
        choice = client.chat.completions.create(**request).choices[0]
    except openai.APIError as error:
        return outcome_of(error)
    return f"{choice.message.content} [{choice.finish_reason}]"


async def ask_async(scenario: dict) -> str:
    """Return what the other client makes of it."""
    client = openai.AsyncOpenAI(
        base_url=f"{URL}/v1", api_key=scenario["key"] or KEY, max_retries=scenario["retries"]
    )
    request = {"model": scenario["model"], "messages": [{"role": "user", "content": scenario["prompt"]}]}
    try:
        if scenario["stream"]:
            stream = await client.chat.completions.create(**request, stream=True)
            choices = [chunk.choices[0] async for chunk in stream]
            return "".join(one.delta.content or "" for one in choices) + f" [{choices[-1].finish_reason}]"
        choice = (await client.chat.completions.create(**request)).choices[0]
    except openai.APIError as error:
        return outcome_of(error)
    return f"{choice.message.content} [{choice.finish_reason}]"


async def ask_all(scenarios: dict) -> dict:
    """Return all outcomes of the client that does not block."""
    return {f"{name}, async": await ask_async(scenario) for name, scenario in scenarios.items()}


asked = json.load(sys.stdin)
print(json.dumps({name: ask(scenario) for name, scenario in asked.items()} | asyncio.run(ask_all(asked))))
