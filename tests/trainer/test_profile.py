"""Which hyperparameters a model gets for those that were asked for."""

import pytest

from trainer.profile import Asked, method_for, profile_for, used_for

PHI = 3_800_000_000
SMALL = 1_000_000


def test_a_real_model_gets_what_was_asked_for():
    used = used_for(Asked(num_train_epochs=3, learning_rate=2e-5, learning_rate_multiplier=2), "lora", "phi")
    assert (used.passes, used.batch_size, used.learning_rate) == (3, 1, 4e-5)


def test_the_small_model_gets_its_own_rate_and_more_passes():
    used = used_for(Asked(num_train_epochs=3, learning_rate=2e-5), "full", "small")
    assert (used.passes, used.batch_size, used.learning_rate) == (18, 4, 2e-3)
    assert "only recorded" in used.why


def test_the_multiplier_scales_the_small_models_rate():
    assert used_for(Asked(learning_rate_multiplier=0.5), "full", "small").learning_rate == 1e-3


def test_batches_of_the_small_model_stay_small():
    assert used_for(Asked(per_device_train_batch_size=64), "full", "small").batch_size == 16


@pytest.mark.parametrize(("profile", "steps", "decay"), [("phi", 0.05, 0.1), ("small", 0.1, 0.01)])
def test_what_is_not_asked_for_is_the_profiles(profile, steps, decay):
    used = used_for(Asked(), "lora", profile)
    assert (used.warmup_ratio, used.weight_decay, used.gradient_accumulation_steps) == (steps, decay, 1)
    asked = Asked(warmup_ratio=0.0, weight_decay=0.0, lora_r=4, lora_alpha=9, lora_dropout=0.2, max_seq_length=77)
    used = used_for(asked, "lora", profile)
    assert (used.warmup_ratio, used.weight_decay, used.max_seq_length) == (0.0, 0.0, 77)
    assert (used.lora_r, used.lora_alpha, used.lora_dropout) == (4, 9, 0.2)


@pytest.mark.parametrize(
    ("wanted", "parameters", "profile"),
    [("auto", PHI, "phi"), ("auto", SMALL, "small"), ("phi", SMALL, "phi"), ("small", PHI, "small")],
)
def test_the_profile_follows_the_size_unless_demanded(wanted, parameters, profile):
    assert profile_for(wanted, parameters) == profile


@pytest.mark.parametrize(
    ("wanted", "profile", "method"),
    [("auto", "phi", "lora"), ("auto", "small", "full"), ("full", "phi", "full"), ("lora", "small", "lora")],
)
def test_the_method_follows_the_profile_unless_demanded(wanted, profile, method):
    assert method_for(wanted, profile) == method
