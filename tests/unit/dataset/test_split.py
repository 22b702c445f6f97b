"""The automatic split: complete, without leaks, and always the same."""

import tracemalloc
from array import array
from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.dataset import split_files
from shared.core.dataset.comparing import in_both, repeated
from shared.core.dataset.split import _drawn, _rooms, joined, split, strata_of
from shared.core.dataset.texts import lasting_hash
from tests.unit.dataset.examples import check, file_of, good, line, say

groups_of_examples = st.lists(st.integers(0, 12), min_size=1, max_size=60).map(lambda groups: array("Q", groups))


@settings(max_examples=50)
@given(groups_of_examples, st.floats(0.05, 0.5), st.integers(0, 9))
def test_no_group_is_on_both_sides_and_both_have_examples(groups, share, seed):
    made = split(groups, share, seed)
    sides = {(group, side) for group, side in zip(groups, made.mask, strict=True)}
    assert len(sides) == len(set(groups))
    assert made.training + made.validation == len(groups)
    assert made.training > 0
    assert (made.validation > 0) == (len(set(groups)) > 1)
    assert made == split(groups, share, seed)


@settings(max_examples=30)
@given(st.integers(10, 400), st.floats(0.05, 0.5), st.integers(0, 9))
def test_the_share_is_met_where_no_group_is_large(count, share, seed):
    assert split(array("Q", range(count)), share, seed).validation == max(1, round(share * count))


@settings(max_examples=50)
@given(groups_of_examples, st.floats(0.05, 0.5))
def test_the_share_is_passed_only_where_every_group_is_larger(groups, share):
    made, sizes = split(groups, share, 0), Counter(groups)
    assert made.validation <= max(1, round(share * len(groups)), min(sizes.values()))


@settings(max_examples=30)
@given(st.integers(50, 400), st.floats(0.1, 0.5), st.integers(0, 9))
def test_each_fifth_by_length_gives_its_share(count, share, seed):
    strata = strata_of(array("I", ((number * 7919) % 1_009 for number in range(count))))
    mask = split(array("Q", range(count)), share, seed, strata).mask
    taken = Counter(stratum for stratum, side in zip(strata, mask, strict=True) if side)
    assert sum(taken.values()) == round(share * count)
    assert all(abs(taken[stratum] - share * count / 5) <= 2 for stratum in range(5))


@settings(max_examples=50)
@given(groups_of_examples, st.floats(0.05, 0.5), st.integers(0, 9))
def test_strata_separate_no_group(groups, share, seed):
    made = split(groups, share, seed, strata_of(array("I", range(len(groups)))))
    assert len({(group, side) for group, side in zip(groups, made.mask, strict=True)}) == len(set(groups))
    assert (made.validation > 0) == (len(set(groups)) > 1)


def taken(groups: array, share: float, seed: int, strata: bytes) -> bytes:
    """The same split, written down plainly: one group after the other, first where its stratum has room."""
    sizes, stratum_of = Counter(groups), dict[int, int]()
    for group, stratum in zip(groups, strata, strict=True):
        stratum_of[group] = max(stratum, stratum_of.get(group, 0))
    for limit in (int(2 * share * 2**64), 2**64):
        room = min(max(1, round(share * len(groups))), len(groups) - 1)
        rooms, chosen = _rooms(Counter(strata), room), set()
        for by_stratum, group in product((True, False), sorted(sizes, key=lambda group: _drawn(group, seed))):
            fits = sizes[group] <= (min(room, rooms[stratum_of[group]]) if by_stratum else room)
            if fits and group not in chosen and _drawn(group, seed) < limit:
                chosen.add(group)
                room -= sizes[group]
                rooms[stratum_of[group]] -= sizes[group]
        if not room:
            break
    if not chosen and len(sizes) > 1:
        chosen = {min(sizes, key=lambda group: (sizes[group], _drawn(group, seed)))}
    return bytes(group in chosen for group in groups)


@settings(max_examples=200)
@given(groups_of_examples, st.floats(0.05, 0.5), st.integers(0, 9), st.integers(1, 80), st.integers(1, 70))
def test_looking_at_a_part_of_the_groups_at_once_makes_the_same_split(groups, share, seed, lengths, at_once):
    strata = strata_of(array("I", (number * 7919 % lengths for number in range(len(groups)))))
    assert split(groups, share, seed, strata, at_once).mask == taken(groups, share, seed, strata)


def test_a_split_in_halves_holds_little_of_many_examples():
    groups, strata = array("Q", range(40_000)), strata_of(array("I", range(40_000)))
    tracemalloc.start()
    assert split(groups, 0.5, 0, strata, at_once=2_000).validation == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_500_000  # a set and a dict of all groups take five times as much


@pytest.mark.parametrize(
    ("lengths", "strata"),
    [
        ([5, 1, 4, 2, 3], [4, 0, 3, 1, 2]),
        ([7, 7, 7, 7, 7], [0, 0, 0, 0, 0]),
        ([7, 7, 7, 7, 9], [0, 0, 0, 0, 4]),
        ([3], [0]),
        ([], []),
    ],
)
def test_strata_are_fifths_by_length(lengths, strata):
    assert list(strata_of(array("I", lengths))) == strata


@pytest.mark.parametrize(
    ("pairs", "groups"),
    [
        ([], [5, 3, 5, 8, 9]),
        ([(0, 1)], [3, 3, 3, 8, 9]),
        ([(4, 3), (3, 2)], [5, 3, 5, 5, 5]),
        ([(0, 3), (1, 4), (3, 4), (4, 0)], [3, 3, 3, 3, 3]),
    ],
)
def test_groups_are_joined_by_pairs(pairs, groups):
    assert list(joined(array("Q", [5, 3, 5, 8, 9]), pairs)) == groups


def test_another_seed_makes_another_split():
    groups = array("Q", range(1_000))
    assert len({split(groups, 0.1, seed).mask for seed in range(20)}) == 20


def test_the_order_of_the_examples_makes_no_difference_to_their_sides():
    groups = array("Q", (number * 7919 for number in range(300)))
    forwards, backwards = split(groups, 0.2, 3), split(array("Q", reversed(groups)), 0.2, 3)
    assert forwards.mask == backwards.mask[::-1]


def test_the_split_stays_the_same_from_release_to_release_and_process_to_process():
    mask = split(array("Q", range(20)), 0.2, 7).mask
    assert [example for example, side in enumerate(mask) if side] == [1, 9, 13, 17]
    assert lasting_hash("ua", ["Hi?", "Hello."]) == 1502251507704863788


CONTENT = b"\xef\xbb\xbf" + file_of(b"", *(good(number) for number in range(40)), b" ", fill=3)[:-1]
PLAIN = [good(number) for number in [*range(40), *range(3)]]


@pytest.mark.parametrize("content", [CONTENT, CONTENT.replace(b"\n", b"\r\n")])
def test_both_files_together_are_the_dataset_with_plain_spelling(content):
    report = check(content)
    training, validation = (b"".join(pieces) for pieces in split_files(report, lambda: [content]))
    assert training.endswith(b"\n")
    assert sorted(training.splitlines() + validation.splitlines()) == sorted(PLAIN)
    assert not set(training.splitlines()) & set(validation.splitlines())
    assert [row for row in PLAIN if row in training] == training.splitlines()
    assert len(validation.splitlines()) == report.validation_examples == 4
    assert len(training.splitlines()) == report.training_examples == 39


def test_examples_with_the_same_prompt_stay_together():
    same = [line(say("user", "Hi?"), say("assistant", f"Hello {n}.")) for n in range(5)]
    for seed in range(20):
        content = file_of(*same, fill=20)
        report = check(content, manifest=f"seed: {seed}".encode())
        validation = b"".join(split_files(report, lambda chunks=[content]: chunks)[1])
        assert sum(row in validation for row in same) == 0  # 5 are more than a tenth of 25


def test_with_a_validation_file_both_come_whole():
    dataset, validation = file_of(fill=12), b"\xef\xbb\xbf" + good(100)
    report = check(dataset, validation)
    both = split_files(report, lambda: [dataset], lambda: [validation])
    assert [b"".join(pieces) for pieces in both] == [dataset, good(100) + b"\n"]
    assert (report.split, report.training_examples, report.validation_examples) == (None, 12, 1)


def test_a_file_that_changed_is_not_split():
    report = check(file_of(fill=12))
    with pytest.raises(ValueError, match="changed"):
        list(split_files(report, lambda: [file_of(fill=13)])[0])
    with pytest.raises(ValueError, match="came or went"):
        split_files(report, lambda: [file_of(fill=12)], lambda: [good(1)])


@pytest.mark.parametrize("at_once", [1, 3, 1_000])
@settings(max_examples=30)
@given(numbers=st.lists(st.integers(0, 9), max_size=30), others=st.lists(st.integers(0, 9), max_size=30))
def test_comparing_in_parts_finds_the_same(at_once, numbers, others):
    hashes = array("Q", numbers)
    again = [index for index, number in enumerate(numbers) if number in numbers[:index]]
    assert list(repeated(hashes, at_once)) == again
    both = [index for index, number in enumerate(numbers) if number in others]
    assert list(in_both(hashes, array("Q", others), at_once)) == both
