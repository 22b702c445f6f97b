"""Content Safety's gateway against a scripted server: what is asked, and that only a whole answer counts."""

import pytest

from shared.errors import ServiceRefused, ServiceUnavailable, TooManyRequests
from shared.ports import Analysis, Attacks
from tests.wire.scripted import reply

ANALYSIS = {
    "categoriesAnalysis": [
        {"category": name, "severity": 0} for name in ("Hate", "SelfHarm", "Sexual", "Violence")
    ]
}
SAFE = {"Hate": 0, "SelfHarm": 0, "Sexual": 0, "Violence": 0}


async def test_a_text_is_analysed_at_eight_levels(world):
    world.servers.answers = [reply({**ANALYSIS, "blocklistsMatch": [{"blocklistName": "ours"}]})]
    assert await world.safety.analyze("Hello?") == Analysis(SAFE, ("ours",))
    path, headers, body = world.servers.calls[0]
    assert path == "/contentsafety/text:analyze?api-version=2024-09-01"
    assert headers["authorization"] == "Bearer token-1"
    assert body == {"text": "Hello?", "outputType": "EightSeverityLevels"}


async def test_prompts_and_documents_are_shielded(world):
    for prompt, document in ((False, False), (True, False), (False, True)):
        analyses = {
            "userPromptAnalysis": {"attackDetected": prompt},
            "documentsAnalysis": [{"attackDetected": document}],
        }
        world.servers.answers = [reply(analyses)]
        assert await world.safety.attacks("p", ["d"]) == Attacks(prompt, document)
    path, _headers, body = world.servers.calls[0]
    assert path == "/contentsafety/text:shieldPrompt?api-version=2024-09-01"
    assert body == {"userPrompt": "p", "documents": ["d"]}


def severities(**changed):
    return {
        "categoriesAnalysis": [{"category": name, "severity": level} for name, level in (SAFE | changed).items()]
    }


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(b"", 500), ServiceUnavailable),
        (reply(b"<html>", 503), ServiceUnavailable),
        (reply({"error": {"code": "429"}}, 429), TooManyRequests),
        (reply({"error": {"code": "TooManyRequests"}}, 429, retry_after="3"), TooManyRequests),
        (reply({"error": {"code": "401"}}, 401), ServiceRefused),
        (reply({"error": {"code": "InvalidRequestBody"}}, 400), ServiceRefused),
        (reply(b"", 302, location="https://localhost/"), ServiceUnavailable),
        (reply(b"{", 200), ServiceUnavailable),
        (reply(b"[]", 200), ServiceUnavailable),
        (reply({}), ServiceUnavailable),
        (reply({"categoriesAnalysis": []}), ServiceUnavailable),
        (reply({"categoriesAnalysis": ["Hate"]}), ServiceUnavailable),
        (reply({"categoriesAnalysis": ANALYSIS["categoriesAnalysis"][:3]}), ServiceUnavailable),
        (reply(severities(Hate=None)), ServiceUnavailable),
        (reply(severities(Hate="0")), ServiceUnavailable),
        (reply(severities(Hate=8)), ServiceUnavailable),
    ],
)
async def test_anything_but_an_analysis_is_an_error(world, answer, error):
    world.servers.answers = [answer]
    with pytest.raises(error):
        await world.safety.analyze("Hello?")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"userPromptAnalysis": {}},
        {"userPromptAnalysis": {"attackDetected": False}},
        {"userPromptAnalysis": {"attackDetected": False}, "documentsAnalysis": []},
        {"userPromptAnalysis": {"attackDetected": None}, "documentsAnalysis": [{"attackDetected": False}]},
    ],
)
async def test_anything_but_a_whole_shield_is_an_error(world, answer):
    world.servers.answers = [reply(answer)]
    with pytest.raises(ServiceUnavailable):
        await world.safety.attacks("p", ["d"])


async def test_a_blocklist_hit_may_have_no_analysis(world):
    world.servers.answers = [reply({"categoriesAnalysis": [], "blocklistsMatch": [{"blocklistName": "ours"}]})]
    assert await world.safety.analyze("x") == Analysis({}, ("ours",))


async def test_blocklists_are_asked_for_where_there_are_some(world):
    world.servers.answers = [reply({**ANALYSIS, "blocklistsMatch": None})]
    assert await world.safety.analyze("x", ["ours", "theirs"]) == Analysis(SAFE)
    assert world.servers.calls[0][2] == {
        "text": "x",
        "outputType": "EightSeverityLevels",
        "blocklistNames": ["ours", "theirs"],
        "haltOnBlocklistHit": False,
    }


@pytest.mark.parametrize("detected", [True, False])
async def test_completions_are_compared_with_protected_material(world, detected):
    world.servers.answers = [reply({"protectedMaterialAnalysis": {"detected": detected}})]
    assert await world.safety.protected("x" * 110) is detected
    path, _headers, body = world.servers.calls[0]
    assert path == "/contentsafety/text:detectProtectedMaterial?api-version=2024-09-01"
    assert body == {"text": "x" * 110}


@pytest.mark.parametrize(
    "answer",
    [{}, {"protectedMaterialAnalysis": None}, {"protectedMaterialAnalysis": {"detected": "no"}}],
)
async def test_anything_but_a_comparison_is_an_error(world, answer):
    world.servers.answers = [reply(answer)]
    with pytest.raises(ServiceUnavailable):
        await world.safety.protected("x" * 110)
