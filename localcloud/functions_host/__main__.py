"""The command line of the host: `python -m localcloud.functions_host --port 7071`."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from localcloud.functions_host.host_json import host_settings
from localcloud.functions_host.indexing import FunctionLoadError, functions_of
from localcloud.functions_host.keys import host_keys
from localcloud.functions_host.server import host_app

LOG_FORMAT = "[%(asctime)s] %(levelname)s %(name)s: %(message)s"
CHATTY = ("azure.core.pipeline.policies.http_logging_policy", "azure.identity", "uvicorn.error")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the function app in the current folder until told to stop; returns the exit status."""
    chosen = _parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stdout, format=LOG_FORMAT, level=logging.INFO)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        settings = host_settings(Path("host.json"))
        functions = functions_of(chosen.app)
        app = host_app(functions, settings, host_keys(chosen.keys))
    except (FunctionLoadError, ValueError) as error:
        print(f"functions host: {error}", file=sys.stderr)
        return 1
    logging.getLogger("Host").info(
        "found %d functions: %s", len(functions), ", ".join(one.name for one in functions)
    )
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=chosen.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localcloud.functions_host")
    parser.add_argument("--port", type=int, required=True, help="loopback port to listen on")
    parser.add_argument("--app", default="function_app", help="module with the function app")
    parser.add_argument(
        "--keys", type=Path, default=Path(".localcloud/host_keys.json"), help="file of the host's keys"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
