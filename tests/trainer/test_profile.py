"""Which hyperparameters a model gets for those that were asked for."""

import pytest

from trainer.profile import Asked, method_for, used_for

PHI = 3_800_000_000
SMALL = 1_000_000


def test_a_real_model_gets_what_was_asked_for():
    used = used_for(Asked(num_train_epochs=3, learning_rate=2e-5, learning_rate_multiplier=2), "lora", PHI)
    assert (used.passes, used.batch_size, used.learning_rate) == (3, 1, 4e-5)


def test_the_small_model_gets_its_own_rate_and_more_passes():
    used = used_for(Asked(num_train_epochs=3, learning_rate=2e-5), "full", SMALL)
    assert (used.passes, used.batch_size, used.learning_rate) == (18, 4, 2e-3)
    assert "only recorded" in used.why


def test_the_multiplier_scales_the_small_models_rate():
    assert used_for(Asked(learning_rate_multiplier=0.5), "full", SMALL).learning_rate == 1e-3


def test_batches_of_the_small_model_stay_small():
    assert used_for(Asked(per_device_train_batch_size=64), "full", SMALL).batch_size == 16


@pytest.mark.parametrize(
    ("wanted", "parameters", "method"),
    [("auto", PHI, "lora"), ("auto", SMALL, "full"), ("full", PHI, "full"), ("lora", SMALL, "lora")],
)
def test_the_method_follows_the_size_unless_demanded(wanted, parameters, method):
    assert method_for(wanted, parameters) == method
