"""Where the data comes from: what a manifest has to say of it before somebody trains on it."""

from collections.abc import Iterator

from shared.core.dataset.manifest import Manifest
from shared.core.dataset.second_pass import Found


def origin_findings(manifest: Manifest, *, written: bool, personal: int) -> Iterator[Found]:
    """Yield what the manifest leaves open; `written` tells whether there is one, `personal` counts findings S03.

    A dataset without a manifest that holds no personal data is left alone: to be asked for papers each time would
    only teach people to pass over notes.
    """
    if personal and not manifest.consent:
        times = "1 message holds" if personal == 1 else f"{personal} messages hold"
        yield Found("S09", f"{times} personal data, and the manifest does not say whether those people agreed")
    left_open = [key for key in ("licence", "retention") if not getattr(manifest, key)]
    if written and left_open:
        yield Found("S09b", f"the manifest does not say: {', '.join(left_open)}")
