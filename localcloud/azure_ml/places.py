"""Where a command job finds its inputs and leaves its outputs: folders on this machine that stand for mounts."""

import shlex
from pathlib import Path
from typing import Any

from localcloud.azure_ml.assets import asset_key
from localcloud.azure_ml.command_checks import MODELS
from localcloud.azure_ml.registry import registry_model
from localcloud.azure_ml.storage import JobFailed, blob_of, download, download_folder, upload_folder
from localcloud.azure_ml.workspace import Job, Workspace
from localcloud.frame import Cloud

BASE = Path(__file__).parents[2] / "trainer" / "base"  # about a million parameters with Phi's architecture


class Places:
    """The inputs and outputs of command jobs."""

    def __init__(self, cloud: Cloud, workspace: Workspace) -> None:
        self._cloud, self._workspace = cloud, workspace

    def bring(self, job: Job) -> None:
        """Bring every input onto the machine, and what already lies where an output goes."""
        for name, given in (job.properties.get("inputs") or {}).items():
            self._bring(job, given, self._input(job, name, given))
        for name, given in (job.properties.get("outputs") or {}).items():
            folder = self.output(job, name)
            folder.mkdir(parents=True, exist_ok=True)
            if given.get("uri"):
                download_folder(self._cloud, given["uri"], folder)

    def keep(self, job: Job) -> None:
        """Write what lies in the outputs where the job said; other outputs stay on this machine."""
        for name, given in (job.properties.get("outputs") or {}).items():
            if given.get("uri"):
                upload_folder(self._cloud, self.output(job, name), given["uri"])

    def in_command(self, job: Job, side: str, name: str) -> str:
        """Return what stands in the command for an input or output: a value as it is, a path fit for a shell."""
        if side == "inputs" and job.properties["inputs"][name]["jobInputType"] == "literal":
            return str(job.properties["inputs"][name]["value"])
        return shlex.quote(self._place(job, side, name))

    def variables(self, job: Job) -> dict[str, str]:
        """Return the variables by which Azure ML tells a job each input's and output's place."""
        told = {}
        for side, prefix in (("inputs", "AZURE_ML_INPUT_"), ("outputs", "AZURE_ML_OUTPUT_")):
            for name in job.properties.get(side) or {}:
                told[prefix + name] = self._place(job, side, name)
        return told

    def _place(self, job: Job, side: str, name: str) -> str:
        if side == "outputs":
            return str(self.output(job, name))
        given = job.properties["inputs"][name]
        return str(given["value"] if given["jobInputType"] == "literal" else self._input(job, name, given))

    def output(self, job: Job, name: str) -> Path:
        """Return the folder of an output."""
        return job.folder / "outputs" / name

    def _input(self, job: Job, name: str, given: dict[str, Any]) -> Path:
        folder = job.folder / "inputs" / name
        return folder / Path(given["uri"]).name if given["jobInputType"] == "uri_file" else folder

    def _bring(self, job: Job, given: dict[str, Any], target: Path) -> None:
        kind, uri = given["jobInputType"], given.get("uri", "")
        target.parent.mkdir(parents=True, exist_ok=True)
        if kind == "uri_file":
            download(self._cloud, uri, target)
        elif kind in MODELS and (weights := self._weights(job, uri)) is not None:
            target.symlink_to(weights, target_is_directory=True)
        elif kind != "literal" and not download_folder(self._cloud, uri, target):
            raise JobFailed(
                "UserError", f"there is nothing at {uri} in container {blob_of(self._cloud, uri)[0]!r}"
            )

    def _weights(self, job: Job, uri: str) -> Path | None:
        """Return the folder of a model of the workspace or the registry; None for a path of a datastore."""
        key = asset_key(uri, "models")
        if key is not None:
            return self._workspace.model(*key).folder
        found = registry_model(uri)
        if found is None:
            return None
        folder, what = self._cloud.weights, "the weights that the local cloud was given stand in for it"
        if folder is None:
            folder, what = BASE, "a model of about a million parameters that is no Phi stands in for it"
        with (job.folder / "job.stdout").open("a", encoding="utf-8") as log:
            log.write(f"LOCAL CLOUD: {found[0]} is not here; {what} ({folder})\n")
        return folder
