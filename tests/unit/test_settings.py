"""Settings are read once; whatever is missing or makes no sense is named."""

import pytest

from shared.errors import SettingsError
from shared.settings import OPTIONAL, REQUIRED, read_settings

GIVEN = {variable: f"https://{field}.example/" for field, variable in REQUIRED.items()}


def test_optional_settings_have_their_defaults_and_urls_end_without_a_slash():
    settings = read_settings(GIVEN)
    assert {field: getattr(settings, field) for field in OPTIONAL} == {
        field: default for field, (_, default) in OPTIONAL.items()
    }
    assert settings.blob_url == "https://blob_url.example"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        *(({variable: ""}, f"{variable} is missing") for variable in REQUIRED.values()),
        ({"ARM_URL": "http://arm.example"}, "ARM_URL must begin with https://"),
        ({"SCREENING": "some"}, "SCREENING must be all, sample or off"),
        ({"SCREENING": "All"}, "SCREENING must be all, sample or off"),
        ({"STATE_LIMITS": "training=never"}, "STATE_LIMITS: 'training=never' must give hours above 0"),
        ({"STATE_LIMITS": "serving=2"}, "STATE_LIMITS: 'serving' is none of received, submitting, training"),
        ({"SCREENING_SAMPLE": "0"}, "SCREENING_SAMPLE must be a whole number above 0"),
        (
            {"PRICE_PER_1000_TRAINING_TOKENS": "0,003"},
            "PRICE_PER_1000_TRAINING_TOKENS must be a number, or unknown",
        ),
        ({"HOSTING_PER_HOUR": "-1"}, "HOSTING_PER_HOUR must be a number, or unknown"),
        ({"CURRENCY": "$"}, "CURRENCY must be three letters, as in USD"),
        ({"REPORT_LINK_DAYS": "8"}, "REPORT_LINK_DAYS must be a number of days from 0 to 7"),
        ({"EMAIL_DOMAINS": "@x.org"}, "EMAIL_DOMAINS must be domains, separated by commas, or recipients"),
        ({"EMAIL_DOMAINS": "*"}, "EMAIL_DOMAINS must be domains, separated by commas, or recipients"),
        ({"APP_URL": "http://app.example"}, "APP_URL must be the app's address, beginning with https://"),
        ({"SCREENING_SAMPLE": "many"}, "SCREENING_SAMPLE must be a whole number above 0"),
    ],
)
def test_what_is_missing_or_makes_no_sense_is_named(changed: dict[str, str], reason: str):
    with pytest.raises(SettingsError) as caught:
        read_settings({**GIVEN, **changed})
    assert reason in str(caught.value)


@pytest.mark.parametrize("mode", ["all", "sample", "off"])
def test_screening_may_be_chosen(mode: str):
    assert read_settings({**GIVEN, "SCREENING": mode, "SCREENING_SAMPLE": "7"}).screening == mode
