"""The pictures of the pages: each is shown, none is large, and `python -m tests.screenshots` makes them all."""

from pathlib import Path

import pytest

from tests.screenshots import IMAGES, LARGEST

PICTURES = sorted(IMAGES.glob("*.png"))
PAGES = "".join(page.read_text("utf-8") for page in Path(IMAGES).parent.glob("*.md"))
SCRIPT = (IMAGES.parents[1] / "tests/screenshots.py").read_text("utf-8")


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.stem)
def test_a_picture_is_shown_small_and_can_be_made_again(picture: Path):
    assert f"images/{picture.name}" in PAGES
    assert picture.stat().st_size <= LARGEST
    assert f'Picture("{picture.stem}"' in SCRIPT
