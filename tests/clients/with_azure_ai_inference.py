"""Asks with azure-ai-inference, at both of its paths: python with_azure_ai_inference.py URL KEY < scenarios."""

import json
import sys

from azure.ai.inference import ChatCompletionsClient
from azure.ai.inference.models import UserMessage
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import AzureError, HttpResponseError

URL, KEY = sys.argv[1:]


def ask(scenario: dict, endpoint: str) -> str:
    """Return what the client makes of one scenario."""
    client = ChatCompletionsClient(
        endpoint, AzureKeyCredential(scenario["key"] or KEY), retry_total=scenario["retries"]
    )
    request = {"messages": [UserMessage(scenario["prompt"])], "model": scenario["model"]}
    try:
        if scenario["stream"]:
            choices = [update.choices[0] for update in client.complete(**request, stream=True)]
            text = "".join(choice.delta.content or "" for choice in choices)
            return f"{text} [{choices[-1].finish_reason}]"
        choice = client.complete(**request, model_extras={"unknown": 1}).choices[0]
    except HttpResponseError as error:
        return f"{type(error).__name__} {error.error.code if error.error else error.reason}"
    except AzureError as error:
        return type(error).__name__
    return f"{choice.message.content} [{choice.finish_reason}]"


told = ChatCompletionsClient(URL, AzureKeyCredential(KEY)).get_model_info()
asked = json.load(sys.stdin)
outcomes = {name: ask(scenario, URL) for name, scenario in asked.items()}
outcomes |= {f"{name}, under /v1": ask(scenario, f"{URL}/v1") for name, scenario in asked.items()}
print(json.dumps(outcomes | {"info": told.model_name}))
