"""What is counted stays bounded, and what it tells stays right."""

import random

import pytest

from shared.core.dataset.tallies import Frequent, Sample, Sizes, distance, entropy, excerpt, percent


def test_the_frequent_are_found_among_any_number_of_rare_ones():
    frequent: Frequent[str] = Frequent(room=10)
    for number in range(1000):
        frequent.add("often" if number % 3 == 0 else f"rare {number}", line=number + 1)
    assert frequent.top() == ("often", pytest.approx(1 / 3, abs=0.01))
    assert frequent.lines["often"] == 1
    assert len(frequent.counts) <= 20
    assert frequent.full


def test_a_sample_is_drawn_from_all_and_the_same_each_time():
    def drawn() -> list[int]:
        sample: Sample[int] = Sample(50)
        for number in range(5000):
            place = sample.place()
            if place is not None:
                sample.put(place, number)
        return sample.items

    assert len(drawn()) == 50
    assert drawn() == drawn()
    assert 1500 < sum(drawn()) / 50 < 3500


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_quantiles_are_right_to_a_few_percent(share):
    sizes, values = Sizes(), [random.Random(number).randrange(1, 5000) for number in range(2000)]
    for value in values:
        sizes.add(value)
    assert sizes.quantile(share) == pytest.approx(sorted(values)[int(share * 2000) - 1], rel=0.05)


@pytest.mark.parametrize(
    ("some", "others", "far"),
    [
        ({"a": 1, "b": 1}, {"a": 5, "b": 5}, 0),
        ({"a": 1}, {"b": 1}, 1),
        ({"a": 1, "b": 1}, {"a": 1}, 0.558),
        ({}, {"a": 1}, 0),
    ],
)
def test_the_distance_of_two_distributions_lies_between_0_and_1(some, others, far):
    assert distance(some, others) == pytest.approx(far, abs=0.001)


@pytest.mark.parametrize(("counts", "even"), [([], 0), ([7], 0), ([5, 5, 5], 1), ([9, 1], 0.469)])
def test_entropy_tells_how_evenly_things_are_spread(counts, even):
    assert entropy(counts) == pytest.approx(even, abs=0.001)


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0 %"), (0.001, "1 %"), (0.5, "50 %"), (0.999, "99 %"), (1, "100 %")]
)
def test_a_percentage_says_neither_all_nor_nothing_where_it_is_neither(share, shown):
    assert percent(share) == shown


def test_an_excerpt_shows_two_characters():
    assert excerpt("secret thing").startswith("se… (12 characters, hash ")
    assert excerpt("\x1b[31m").startswith("\\x1b[… ")
