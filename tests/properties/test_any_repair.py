"""Whatever is to be repaired: it is, or is refused, and a second repair finds nothing left to do."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.core.dataset.objects import NotRepairable
from tests.unit.dataset.examples import check
from tests.unit.dataset.test_repair import A, B, repair

PIECES = st.sampled_from([A, B, b"\n", b"\r\n", b" ", b"{", b"}", b"[", b"]", b",", b'"', b"\\", b"\xff", b"\0"])


@settings(deadline=None, max_examples=200)
@given(st.lists(PIECES, max_size=12).map(b"".join))
def test_whatever_comes_is_repaired_or_refused_and_a_second_repair_changes_nothing(content):
    try:
        done, _ = repair(content)
    except NotRepairable:
        return
    assert check(done).dataset.examples <= max(
        check(content).dataset.examples, content.count(A) + content.count(B)
    )
    with suppress(NotRepairable):  # what is left may look like a file of another kind
        assert repair(done)[0] == done
