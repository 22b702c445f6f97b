"""The command line of the local cloud: `python -m localcloud up`, then `drop` and `env`."""

import argparse
import importlib.util
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.errors import LocalCloudError

if TYPE_CHECKING:
    from localcloud.root_folder import Root  # it locks files as only POSIX can: imported where it is needed

DEFAULT_ROOT = Path(__file__).resolve().parent.parent / ".localcloud"
PACKAGES = ("aiohttp", "azure.data.tables", "azure.identity", "azure.storage.blob", "azure.storage.queue", "jwt",
            "starlette", "trustme", "uvicorn")  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    chosen = _parser().parse_args(arguments)
    if sys.platform == "win32":
        print("localcloud: needs Linux, macOS or WSL (file locks and signals)", file=sys.stderr)
        return 1
    absent = [name for name in PACKAGES if not _installed(name)]
    if absent:
        lacking = f"{sys.executable} lacks {', '.join(absent)}; run `pip install -r requirements-local.txt`"
        print(f"localcloud: {lacking}", file=sys.stderr)
        return 1
    try:
        return COMMANDS[chosen.command](chosen)
    except LocalCloudError as error:
        print(f"localcloud: {error}", file=sys.stderr)
        return 1


def _up(chosen: argparse.Namespace) -> int:
    from localcloud.supervisor import Options
    from localcloud.up import up

    calm = chosen.calm or os.environ.get("CALM") == "1"
    host = not chosen.no_host
    up(Options(chosen.root, chosen.ports, calm, chosen.seed, chosen.keep, host, chosen.app, chosen.weights))
    return 0


def _drop(chosen: argparse.Namespace) -> int:
    from localcloud.drop import drop

    print(drop(_root(chosen), chosen.file, chosen.name))
    return 0


def _env(chosen: argparse.Namespace) -> int:
    for name, value in _root(chosen).description()["settings"].items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _root(chosen: argparse.Namespace) -> "Root":
    from localcloud.root_folder import Root

    return Root(chosen.root.resolve())


COMMANDS = {"up": _up, "drop": _drop, "env": _env}


def _installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m localcloud", description="The cloud in a box, on loopback only."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start everything and stay until Ctrl-C")
    up.add_argument(
        "--root", type=Path, default=DEFAULT_ROOT, help="folder for state and logs (default: .localcloud)"
    )
    up.add_argument(
        "--ports", choices=("default", "free"), default="default", help="well-known ports, or free ones"
    )
    up.add_argument(
        "--calm", action="store_true", help="no throttling, duplicates or delays by chance (also CALM=1)"
    )
    up.add_argument("--seed", type=int, help="seed of the weather; printed at the start")
    up.add_argument("--keep", action="store_true", help="keep the storage's content for the next start")
    up.add_argument("--no-host", action="store_true", help="start no Functions host; yours is found on its port")
    up.add_argument("--app", default="function_app", help="module with the function app (default: function_app)")
    up.add_argument("--weights", type=Path, help="folder with real Phi weights: LoRA on them, not the small model")
    env = commands.add_parser("env", help="print the app settings of the running cloud as `export` lines")
    drop = commands.add_parser("drop", help="drop a file into the running cloud's container `datasets`")
    drop.add_argument("file", type=Path, help="the file, for example samples/support.jsonl")
    drop.add_argument("--name", default="", help="path in the container (default: the file's name)")
    for command in (env, drop):
        command.add_argument("--root", type=Path, default=DEFAULT_ROOT, help="folder of the running cloud")
    return parser


if __name__ == "__main__":
    sys.exit(main())
