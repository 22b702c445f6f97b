"""What one base model takes another refuses: the rules follow the profiles in base_models.toml."""

from pathlib import Path

import pytest

from shared.core.base_models import base_models
from shared.core.dataset.tokens import Tokens, estimate_for
from tests.unit.dataset.examples import check, file_of, line, say

MINI, PHI_4, SMALL, MEDIUM = "Phi-4-mini-instruct", "Phi-4", "Phi-3-mini-4k-instruct", "Phi-3-medium-4k-instruct"


def found(model: str, *messages: dict, tokens: int = 0) -> set[str]:
    """The codes of a file with this example, beside those that any small file has or that tell a retired model."""
    counting = {"tokens": Tokens(lambda _: tokens, "exact")} if tokens else {}
    report = check(file_of(line(*messages), fill=12), manifest=f"base_model: {model}".encode(), **counting)
    return {finding.code for finding in report.findings} - {"D02", "S09b", "M05", "F08"}


@pytest.mark.parametrize(
    ("token", "of"),
    [
        ("<|end|>", {MINI, SMALL, MEDIUM}),
        ("<|system|>", {MINI, SMALL, MEDIUM}),
        ("<|tool_call|>", {MINI}),
        ("<|im_end|>", {PHI_4}),
        ("<|fim_middle|>", {PHI_4}),
        ("<|endoftext|>", {MINI, PHI_4, SMALL, MEDIUM}),
        ("[INST]", set()),
    ],
)
@pytest.mark.parametrize("model", [MINI, PHI_4, SMALL, MEDIUM])
def test_a_control_token_is_an_error_for_the_model_that_has_it_and_a_warning_for_others(model, token, of):
    codes = found(model, say("user", "Hi?"), say("assistant", f"Hello. {token}"))
    assert codes - {"R25"} == {"R24" if model in of else "R24b"}


@pytest.mark.parametrize(
    ("tokens", "codes"),
    [
        (3_000, {MINI: None, PHI_4: None, SMALL: None}),
        (3_500, {MINI: None, PHI_4: None, SMALL: "R22b"}),
        (5_000, {MINI: None, PHI_4: None, SMALL: "R22"}),
        (9_000, {MINI: "R22b", PHI_4: "R22b", SMALL: "R22"}),
        (17_000, {MINI: "R22b", PHI_4: "R22", SMALL: "R22"}),
        (140_000, {MINI: "R22", PHI_4: "R22", SMALL: "R22"}),
    ],
)
def test_what_is_too_long_depends_on_the_context(tokens, codes):
    for model, code in codes.items():
        assert found(model, say("user", "Hi?"), say("assistant", "Hello."), tokens=tokens) == {code} - {None}


@pytest.mark.parametrize(
    ("tokens", "error", "code"),
    [
        (16_384, 0.0, "R22b"),
        (16_385, 0.0, "R22"),
        (16_385, 0.22, "R22b"),
        (19_988, 0.22, "R22b"),
        (19_989, 0.22, "R22"),
    ],
)
def test_an_estimate_rejects_only_what_is_too_long_beyond_its_own_error(tokens, error, code):
    counting = Tokens(lambda _: tokens, "estimate", error)
    report = check(file_of(fill=12), manifest=b"base_model: Phi-4", tokens=counting)
    told = next(finding for finding in report.findings if finding.code.startswith("R22"))
    assert told.code == code
    assert ("give or take 22%" in told.message) == (error > 0)
    assert report.accepted == (code == "R22b")


@pytest.mark.parametrize("model", [MINI, PHI_4, SMALL])
def test_the_app_allows_for_the_error_that_the_page_states(model):
    page = (Path(__file__).parents[3] / "docs" / "dataset.md").read_text(encoding="utf-8")
    counting = estimate_for(base_models()[model])
    assert counting.kind == "estimate"
    assert f"{counting.error:.0%}".replace("%", " %") in page.partition("totals are within")[2][:200]


@pytest.mark.parametrize(("model", "code"), [(MINI, set()), (PHI_4, set()), (SMALL, set()), (MEDIUM, {"R25"})])
def test_system_messages_are_told_where_the_template_leaves_them_out(model, code):
    assert found(model, say("system", "Be brief."), say("user", "Hi?"), say("assistant", "Hello.")) == code


@pytest.mark.parametrize(("model", "code"), [(MINI, set()), (PHI_4, {"D18"})])
def test_a_larger_model_takes_longer(model, code):
    report = check(
        file_of(fill=300),
        manifest=f"base_model: {model}\nepochs: 1\nlicence: MIT\nretention: 9 days".encode(),
        tokens=Tokens(lambda _: 8_000 * 100, "exact"),
    )
    assert {finding.code for finding in report.findings} - {"R22"} == code


@pytest.mark.parametrize("model", base_models())
def test_a_role_that_a_model_does_not_know_is_named_with_the_model(model):
    content = file_of(line(say("tool", "4"), say("user", "Hi?"), say("assistant", "Hello.")), fill=12)
    report = check(content, manifest=f"base_model: {model}".encode())
    told = [finding.message for finding in report.findings if finding.code == "R07"]
    assert told == ([] if "tool" in base_models()[model].roles else [f"{model} knows no role 'tool'"])


def test_profiles_differ_in_what_rules_read():
    models = base_models().values()
    for facts in (
        {(model.context_length, model.training_length) for model in models},
        {model.control_tokens for model in models},
        {model.system_messages for model in models},
        {model.vocabulary for model in models},
        {model.tokens_per_second for model in models},
    ):
        assert len(facts) > 1
