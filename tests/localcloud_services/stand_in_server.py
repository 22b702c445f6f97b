"""Stands in for Microsoft's inference server where only what is around a deployment is looked at."""

from collections.abc import Mapping
from pathlib import Path

from localcloud.azure_ml.online_serving import DIED, OnlineServerFailed
from localcloud.frame import Cloud


class StandInServer:
    """Starts nothing; a scoring script that says `raise` does not start."""

    def __init__(
        self, cloud: Cloud, code_folder: Path, entry_script: str, model_folder: Path, variables: Mapping[str, str]
    ) -> None:
        self.script, self.model_folder, self.variables = code_folder / entry_script, model_folder, dict(variables)
        self.log = code_folder / "server.log"
        self.url, self.runs = "http://127.0.0.1:1", False

    async def start(self) -> None:
        self.log.write_text("one\ntwo\nthree\n")
        if "raise" in self.script.read_text():
            raise OnlineServerFailed(DIED)
        self.runs = True

    async def stop(self) -> None:
        self.runs = False

    async def healthy(self) -> bool:
        return self.runs
