"""`python -m tests.screenshots`: make the pictures in docs/images anew, from a local cloud that really trains.

It needs Chromium and some minutes. Look at the pictures before you commit them.
"""

import html
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cloud import REPOSITORY, eventually, running_cloud
from tests.e2e.client import Person

IMAGES = REPOSITORY / "docs/images"
SAMPLES = REPOSITORY / "samples"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NARROWEST = 500  # pixels; no window of Chromium is narrower, so a narrower page goes into a frame
LARGEST = 150_000  # bytes
PATIENCE = 60.0  # seconds for one picture
TOLD = 6  # messages: training and serving of one run, the rejection of the other, each twice


@dataclass(frozen=True)
class Picture:
    """A picture's name, the address that it shows, and its size in pixels."""

    name: str
    url: str
    width: int
    height: int


def main() -> int:
    """Make every picture; return 1 where there is no browser or a picture is too large."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"No browser was found; install one of {', '.join(BROWSERS)}.")
        return 1
    IMAGES.mkdir(exist_ok=True)
    with running_cloud() as cloud, tempfile.TemporaryDirectory(prefix="tunedrop-pages-") as folder:
        for picture in _pictures(Person(cloud), Path(folder)):
            _take(browser, picture, Path(folder))
    too_large = [path.name for path in IMAGES.glob("*.png") if path.stat().st_size > LARGEST]
    if too_large:
        print(f"Larger than {LARGEST:,} bytes: {', '.join(too_large)}. Show less of these pages.")
    return 1 if too_large else 0


def _pictures(person: Person, folder: Path) -> list[Picture]:
    """Drop a good and a broken dataset; return what is to be seen once both have ended."""
    good, broken = (_dropped(person, name) for name in ("support.jsonl", "broken.jsonl"))
    eventually(lambda: len(person.cloud.messages()) >= TOLD, PATIENCE)
    pages = {
        "report": person.blob(f"reports/{broken['id']}/report.html"),
        "accepted": person.blob(f"reports/{good['id']}/report.html"),
        "run": person.get(f"/runs/{broken['id']}/page").body,
    }
    for name, content in pages.items():
        (folder / f"{name}.html").write_bytes(content)
    url = {name: (folder / f"{name}.html").as_uri() for name in pages}
    return [
        Picture("report", url["report"], 1000, 760),
        Picture("report-accepted", url["accepted"], 1000, 760),
        Picture("report-phone", url["report"], 390, 844),
        Picture("card-training", _message(person, "teams", "training has begun"), 760, 640),
        Picture("card", _message(person, "teams", "is serving"), 760, 640),
        Picture("email", _message(person, "email", "is serving") + "/html", 760, 1150),
        Picture("inbox", person.cloud.inbox_url, 760, 590),
        Picture("run", url["run"], 760, 1110),
    ]


def _dropped(person: Person, name: str) -> dict[str, Any]:
    person.drop(name, (SAMPLES / name).read_bytes())
    run = person.ended_run(name)
    print(f"{name}: {run['state']}")
    return run


def _message(person: Person, channel: str, words: str) -> str:
    """Return the address of the channel's message that says these words."""
    number = next(one["number"] for one in person.cloud.messages(channel) if words in json.dumps(one["body"]))
    return f"{person.cloud.inbox_url}/message/{number}"


def _take(browser: str, picture: Picture, folder: Path) -> None:
    """Write the picture; raises CalledProcessError or TimeoutExpired where the browser does not."""
    url = picture.url if picture.width >= NARROWEST else _framed(picture, folder)
    path = IMAGES / f"{picture.name}.png"
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={folder}/browser",
    ]
    size = f"--window-size={picture.width},{picture.height}"
    command = [browser, *flags, size, "--virtual-time-budget=2000", f"--screenshot={path}", url]
    subprocess.run(command, check=True, timeout=PATIENCE, capture_output=True)
    print(f"{path.relative_to(REPOSITORY)}: {path.stat().st_size:,} bytes")


def _framed(picture: Picture, folder: Path) -> str:
    frame = folder / f"{picture.name}.html"
    source = html.escape(picture.url)
    style = f"border: 0; width: {picture.width}px; height: {picture.height}px"
    frame.write_text(f'<body style="margin: 0"><iframe src="{source}" style="{style}"></iframe>', "utf-8")
    return frame.as_uri()


if __name__ == "__main__":
    sys.exit(main())
