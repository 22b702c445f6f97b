"""The base models: known by name, each with what its fine-tuning asks for."""

from datetime import date

import pytest

from shared.core.base_models import (
    DEFAULT_BASE_MODEL,
    Route,
    UnknownBaseModel,
    all_control_tokens,
    base_model,
    base_models,
    refusal,
)


@pytest.mark.parametrize("name", ["Phi-4-mini-instruct", "phi-4-MINI-instruct", " Phi-4-mini-instruct "])
def test_a_name_is_found_however_it_is_capitalised(name):
    assert base_model(name).name == DEFAULT_BASE_MODEL


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Phi-4-mini", "did you mean Phi-4"),
        ("Phi-3-mini-4k", "did you mean Phi-3-mini-4k-instruct?"),
        ("Llama", "choose one of Phi-4-mini-instruct, Phi-4, "),
        ("", "choose one of"),
    ],
)
def test_an_unknown_name_is_refused_with_a_way_out(name, hint):
    with pytest.raises(UnknownBaseModel, match="no base model") as unknown:
        base_model(name)
    assert hint in str(unknown.value)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Phi-4-mini-instruct", "azureml://registries/azureml/models/Phi-4-mini-instruct/versions/1"),
        ("Phi-3-mini-4k-instruct", "azureml://registries/azureml/models/Phi-3-mini-4k-instruct/versions/15"),
        ("Phi-3.5-mini-instruct", "azureml://registries/azureml/models/Phi-3.5-mini-instruct/versions/6"),
    ],
)
def test_each_has_its_path_in_the_registry(name, path):
    assert base_model(name).registry_path == path


@pytest.mark.parametrize(
    ("name", "today", "reason"),
    [
        ("Phi-4-mini-instruct", date(2026, 11, 20), None),
        ("Phi-4", date(2026, 11, 20), None),
        ("Phi-3-mini-4k-instruct", date(2026, 11, 20), None),
        ("Phi-3-mini-128k-instruct", date(2026, 11, 20), None),
        ("Phi-3.5-mini-instruct", date(2026, 11, 20), None),
        ("Phi-3-small-8k-instruct", date(2025, 8, 29), None),
        ("Phi-3-small-8k-instruct", date(2025, 8, 30), "retired from serverless fine-tuning on 2025-08-30"),
        ("Phi-3.5-MoE-instruct", date(2026, 11, 20), "use Phi-4-mini-instruct instead"),
        ("Phi-3-medium-128k-instruct", date(2026, 11, 20), "use Phi-4 instead"),
    ],
)
def test_a_retired_one_is_refused_with_its_replacement(name, today, reason):
    refused = refusal(base_model(name), today)
    assert refused is None if reason is None else reason in (refused or "")


@pytest.mark.parametrize("model", base_models().values(), ids=base_models())
def test_the_facts_of_each_fit_together(model):
    assert model.context_length >= 4096
    assert set(model.control_tokens) <= all_control_tokens()
    assert {"user", "assistant"} <= set(model.roles)
    assert bool(model.regions) == (model.retired_on is None and model.route is Route.SERVERLESS)
    assert model.version is not None or model.retired_on is not None
    assert (model.retired_on is None) == (model.replaced_by == "")
    assert model.replaced_by == "" or base_model(model.replaced_by).retired_on is None
    assert all(token.startswith("<|") for token in model.control_tokens)
