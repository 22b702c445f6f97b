"""Tokens and what they cost: estimates close to a real vocabulary, no invented prices, and limits."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.core.base_models import Route, base_model, base_models
from shared.core.dataset import check_dataset
from shared.core.dataset.cost import MOST_HOURS, Cost, Prices, cost_findings, prices_of
from shared.core.dataset.lengths import Lengths
from shared.core.dataset.manifest import Manifest
from shared.core.dataset.second_pass import SeenExample
from shared.core.dataset.texts import TOKENS_PER_MESSAGE
from shared.core.dataset.tokens import Estimator, Tokens, estimate_for
from shared.core.lifecycle import LIFECYCLE
from shared.core.run import State
from tests.unit.dataset.examples import TODAY, check, codes, file_of

PRICES = Prices(0.01, 0.5, "EUR", gpu_training_per_hour=4.0, gpu_hosting_per_hour=2.5)
HOUR = 4400 * 3600  # tokens that one GPU trains in an hour


@pytest.mark.parametrize(
    ("text", "counted"),  # by o200k_base
    [
        ("Where is my order? I bought a pair of shoes on Monday, and the parcel has not arrived yet.", 22),
        (
            "You can change the delivery address until the parcel leaves our warehouse. Open your account.",
            17,
        ),
        (
            "Bitte senden Sie mir die Rechnung für die letzte Bestellung noch einmal zu.",
            14,
        ),
        ("Можно ли вернуть товар, если коробка уже открыта?", 12),
        ("请问我的订单什么时候可以送到？我已经等了一个星期了。", 17),
        ("注文した商品がまだ届いていません。いつ届きますか。", 16),
        ("주문한 상품이 아직 도착하지 않았습니다. 언제 도착하나요?", 18),
        ("def total(prices):\n    return sum(price for price in prices if price > 0)\n", 19),
        ("Order 4711-2026 of 20 November: 3 x 19.90 EUR = 59.70 EUR", 26),
    ],
)
def test_the_estimate_is_close_to_the_real_count(text, counted):
    estimate = Estimator("o200k_base")([("user", text)]) - TOKENS_PER_MESSAGE
    assert abs(estimate - counted) <= max(3, counted * 0.45)  # short texts vary more than whole files


def test_each_base_model_that_can_be_trained_has_its_vocabulary():
    texts = [("user", "Можно ли вернуть товар?")]
    mini, phi = (estimate_for(base_model(name)).counted(texts) for name in ("Phi-4-mini-instruct", "Phi-4"))
    assert mini < phi  # the larger vocabulary has more Russian words


def test_the_report_tells_tokens_by_file_with_a_histogram():
    tokens = check(file_of(fill=12), validation=file_of(*[file_of(fill=301).splitlines()[300]])).measures["tokens"]
    assert tokens["kind"] == "estimate"
    training = tokens["files"]["training"]
    assert sum(each["examples"] for each in training["histogram"]) == 12
    assert training["shortest"] <= training["mean"] <= training["longest"]
    assert list(tokens["files"]) == ["training", "validation"]


def test_bins_are_powers_of_two():
    lengths = Lengths(base_model("Phi-4"), "estimate")
    for tokens in (7, 8, 15, 40):
        lengths.see(SeenExample(1, (), 1, tokens, "training"))
    assert lengths.summary()["files"]["training"]["histogram"] == [
        {"from": 4, "below": 8, "examples": 1},
        {"from": 8, "below": 16, "examples": 2},
        {"from": 16, "below": 32, "examples": 0},
        {"from": 32, "below": 64, "examples": 1},
    ]


def test_an_exact_count_takes_the_place_of_the_estimate():
    content = file_of(fill=30)
    report = check_dataset(
        lambda: [content],
        None,
        None,
        "support.jsonl",
        today=TODAY,
        tokens=Tokens(lambda messages: 9_000 * len(messages), "exact"),
    )
    assert report.measures["tokens"]["kind"] == "exact"
    assert (report.dataset.tokens, report.dataset.longest) == (30 * 27_000, 27_000)
    assert report.count("R22b") == 30


@pytest.mark.parametrize(
    ("manifest", "warned"),
    [
        ("", 30),  # cut off at 8192
        ("base_model: Phi-3.5-mini-instruct", 30),  # at 4096
        ("base_model: Phi-3.5-mini-instruct\nmax_seq_length: 26999", 30),
        ("base_model: Phi-3.5-mini-instruct\nmax_seq_length: 27000", 0),
    ],
)
def test_what_the_manifest_lets_the_trainer_read_is_not_warned_of(manifest, warned):
    tokens = Tokens(lambda messages: 9_000 * len(messages), "exact")
    assert check(file_of(fill=30), manifest=manifest.encode(), tokens=tokens).count("R22b") == warned


@pytest.mark.parametrize(
    ("prices", "shown"),
    [
        (PRICES, {"training": 20.0, "hosting_per_day": 12.0, "currency": "EUR"}),
        (Prices(hosting_per_hour=0.5, currency="EUR"), {"hosting_per_day": 12.0, "currency": "EUR"}),
        (Prices(currency="EUR"), {}),
    ],
)
def test_only_known_prices_are_shown(prices, shown):
    assert Cost(1_000_000, 2, prices).summary() == {
        "tokens": 1_000_000,
        "epochs": 2,
        "trained_tokens": 2_000_000,
        **shown,
    }


def managed(tokens: int, prices: Prices = PRICES, speed: int | None = 4400) -> Cost:
    return Cost(tokens, 2, prices, speed, Route.MANAGED)


@pytest.mark.parametrize(
    ("cost", "hours", "training", "hosting_per_day"),
    [
        (managed(HOUR), 2.25, 9.0, 60.0),
        (managed(HOUR, replace(PRICES, gpus=2)), 1.25, 5.0, 60.0),
        (managed(HOUR, replace(PRICES, gpus=8)), 0.5, 2.0, 60.0),
        (managed(10_000), pytest.approx(0.25, abs=2e-3), 1.01, 60.0),
        (managed(HOUR, Prices(0.01, 0.5, "EUR")), 2.25, None, None),
        (managed(HOUR, speed=None), None, None, 60.0),
        (Cost(HOUR, 2, replace(PRICES, gpus=8), 4400), 2.0, 316.8, 12.0),
    ],
    ids=[
        "managed",
        "two GPUs",
        "eight GPUs",
        "a usual small dataset",
        "serverless prices only",
        "no speed",
        "serverless",
    ],
)
def test_the_route_decides_what_is_paid_for(cost, hours, training, hosting_per_day):
    assert (cost.hours, cost.training, cost.hosting_per_day) == (hours, training, hosting_per_day)


def test_a_managed_training_tells_how_many_gpus_share_it():
    assert managed(HOUR, replace(PRICES, gpus=2)).summary() == {
        "tokens": HOUR,
        "epochs": 2,
        "trained_tokens": 2 * HOUR,
        "estimated_hours": 1.25,
        "gpus": 2,
        "training": 5.0,
        "hosting_per_day": 60.0,
        "currency": "EUR",
    }


@pytest.mark.parametrize(
    ("base_model", "managed", "hosting_per_day"),
    [("Phi-4-mini-instruct", False, 12.0), ("Phi-3-mini-4k-instruct", True, 60.0)],
)
def test_a_check_prices_the_route_of_the_base_model(base_model, managed, hosting_per_day):
    cost = check(file_of(fill=12), manifest=f"base_model: {base_model}".encode(), prices=PRICES).measures["cost"]
    assert (cost["hosting_per_day"], "gpus" in cost) == (hosting_per_day, managed)
    assert cost["training"] > 0  # of few tokens on the one route, of what every job takes on the other


@pytest.mark.parametrize(("tokens", "hours"), [(0, 0.0), (1_000_000, 0.126), (380_160_000, 48.0)])
def test_the_duration_is_estimated_from_tokens_and_speed(tokens, hours):
    assert Cost(tokens, 2, Prices(), 4400).summary()["estimated_hours"] == hours


def test_a_run_is_given_up_when_the_estimate_says_so():
    assert LIFECYCLE[State.TRAINING].limit == timedelta(hours=MOST_HOURS)


@pytest.mark.parametrize("model", base_models().values(), ids=base_models())
def test_the_speed_of_each_base_model_is_that_of_its_size(model):
    assert 1e14 / (6 * 14.7e9) < model.tokens_per_second < 1e14 / (6 * 3.7e9)


@pytest.mark.parametrize(
    ("cost", "budget", "found"),
    [
        (Cost(380_160_000, 2, Prices(), 4400), 0, []),
        (Cost(380_300_000, 2, Prices(), 4400), 0, ["D18"]),
        (Cost(1_000_000, 2, PRICES), 20, []),
        (Cost(1_000_000, 2, PRICES), 19.99, ["D17"]),
        (Cost(1_000_000, 2, Prices()), 20, ["D17b"]),
        (Cost(1_000_000, 2, Prices()), 0, []),
        (Cost(1_000_000_000, 2, Prices()), 0, []),
        (Cost(1_000_000_000, 3, PRICES), 0, ["F17"]),
        (managed(HOUR), 9, []),
        (managed(HOUR), 8.99, ["D17"]),
        (managed(10_000), 0.5, ["D17"]),
        (managed(HOUR, Prices(0.01, 0.5)), 8, ["D17b"]),
        (managed(23 * HOUR), 0, []),
        (managed(24 * HOUR), 0, ["D18"]),
        (managed(1_500_000_000), 0, ["D18"]),
    ],
)
def test_what_costs_too_much_is_told(cost, budget, found):
    assert [each.code for each in cost_findings(cost, Manifest(budget=budget))] == found


def test_only_what_is_trained_on_costs():
    report = check(file_of(fill=20), manifest=b"epochs: 2\nvalidation_share: 0.5")
    cost = report.measures["cost"]
    assert cost["trained_tokens"] == 2 * cost["tokens"]
    assert 0.4 < cost["tokens"] / report.tokens < 0.6


def test_a_budget_without_a_price_is_a_warning():
    assert "D17b" in codes(check(file_of(fill=12), manifest=b"budget: 5"))


@pytest.mark.parametrize(
    ("spelled", "prices"),
    [
        (("0.003", "unknown", "EUR", "unknown", "4.1", "2"), Prices(0.003, None, "EUR", None, 4.1, 2)),
        (("unknown", "0.8", "USD", "3.7", "unknown", "1"), Prices(None, 0.8, "USD", 3.7)),
    ],
)
def test_prices_are_numbers_or_unknown(spelled, prices):
    assert prices_of(*spelled) == prices
