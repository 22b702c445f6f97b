"""`tunedrop drop`: checks a dataset here, uploads it with what lies beside it, and watches its run."""

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from cli import manifest_file
from cli.address import safe_url
from cli.api import connected
from cli.check import Asked, Files, checked_files, files_of
from cli.errors import CommandError, azure_packages
from cli.files import chunks
from cli.output import console, json_line
from cli.program import PROGRAM
from cli.progress import progress
from cli.screen import show_report
from cli.watching import looks, watch
from shared.core import names
from shared.core.dataset import Report, report_json
from shared.core.dataset.naming import SUFFIX, DatasetName, dataset_of

with azure_packages("drop"):
    from cli.upload import BLOCK, Source, Uploaded, Uploads
    from shared.gateways.identity import credential

ACCOUNT = "AzureWebJobsStorage__blobServiceUri"
EXAMPLE = "https://<account>.blob.core.windows.net"


@dataclass(frozen=True)
class Wanted:
    """What can be asked of a drop."""

    model: str | None = None
    validation: Path | None = None
    choices: Mapping[str, str] | None = None  # by the manifest's keys
    force: bool = False  # replace the manifest on this machine
    keep: bool = False  # use what lies in the container and not here
    watch: bool = True
    as_json: bool = False


def run(path: Path, wanted: Wanted, account_url: str | None, url: str | None) -> int:
    """Return 0 when the model serves (or all is dropped), 1 for a rejected dataset or a run that ended badly."""
    name = dataset_of(target(path.name, wanted.model))
    files = _files(path, wanted)
    with ExitStack() as stack:
        api = stack.enter_context(connected(url)) if wanted.watch else None
        uploads = Uploads(account_of(account_url), credential())
        report = checked_files(files, Asked())
        if not report.accepted:
            _show_rejected(report, as_json=wanted.as_json)
            return 1
        sources = list(dict(_sources(name, files, report)).items())
        _refuse_strays(uploads, name, sources, keep=wanted.keep)
        if wanted.choices:
            manifest_file.write(path, files.manifest)
        uploaded = _upload(uploads, sources)
        run_id = names.run_id(uploaded.url, uploaded.etag)
        _tell(uploaded, run_id, wanted)
        if api is None:
            return 0
        return watch(looks(api, run_id, dropped_just_now=True), as_json=wanted.as_json)


def target(file: str, model: str | None) -> str:
    """Return where a file is dropped: `support.jsonl` by its own name, others in the folder of their model."""
    if model is None or file.lower() == model.lower() + SUFFIX:
        return file
    return f"{model}/{file}"


def account_of(account_url: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Return the storage account's URL; raises CommandError where none is given."""
    found = account_url or environment.get(ACCOUNT, "")
    if not found:
        raise CommandError(
            f"which storage account? Give its URL with --account-url, or set {ACCOUNT}, as in {EXAMPLE}"
        )
    return safe_url(found, f"--account-url (or {ACCOUNT})", EXAMPLE)


def _files(path: Path, wanted: Wanted) -> Files:
    """Return the files to drop, with the manifest that options ask for."""
    files = files_of(path, wanted.validation)
    manifest = manifest_file.chosen_manifest(path, files.manifest, wanted.choices or {}, force=wanted.force)
    return replace(files, manifest=manifest)


def _sources(name: DatasetName, files: Files, report: Report) -> Iterator[tuple[str, Source]]:
    """Yield what to upload and where to, the dataset last: its arrival starts the run."""
    if files.manifest is not None:
        content, path = files.manifest, str(manifest_file.path_of(files.dataset))
        digest = hashlib.sha256(content).hexdigest()
        yield name.manifest_path, Source(path, len(content), lambda: [content], digest)
    for aside in report.held_out:
        found = files.held_out(aside.name.rpartition("/")[2])
        if found:
            yield name.held_out_path(found.name), _source(found, aside.sha256)
    if files.validation and report.validation:
        yield name.validation_path, _source(files.validation, report.validation.sha256)
    yield name.path, _source(files.dataset, report.dataset.sha256)


def _source(path: Path, sha256: str) -> Source:
    return Source(str(path), path.stat().st_size, partial(chunks, path, BLOCK), sha256)


def _refuse_strays(uploads: Uploads, name: DatasetName, sources: list[tuple[str, Source]], *, keep: bool) -> None:
    """Raise CommandError where a file in the container would go with the dataset, and is not here."""
    dropped = {path for path, _ in sources}
    for path in (name.manifest_path, name.validation_path):
        if path not in dropped and not keep and uploads.has(path):
            raise CommandError(
                f"{path} lies in the container and not here: it would be used with this dataset. "
                "Say --keep if that is meant; else delete it there, or lay one beside the dataset"
            )


def _upload(uploads: Uploads, sources: list[tuple[str, Source]]) -> Uploaded:
    """Upload all; return the dataset's upload, which is the last."""
    with progress("uploaded", sum(source.size for _, source in sources)) as advance:
        return [uploads.put(path, source, advance) for path, source in sources][-1]


def _show_rejected(report: Report, *, as_json: bool) -> None:
    """Show why the dataset was not dropped."""
    if as_json:
        sys.stdout.write(report_json(report).decode() + "\n")
    else:
        show_report(console(), report)
        console().print("Nothing was dropped.")


def _tell(uploaded: Uploaded, run_id: str, wanted: Wanted) -> None:
    """Say what was dropped, and under which id its run is found."""
    if wanted.as_json:
        json_line({"object": "drop", "dataset": uploaded.path, "etag": uploaded.etag, "run": run_id})
        return
    again = f" ({uploaded.found} of {uploaded.blocks} blocks were there already)" if uploaded.found else ""
    console().print(f"Dropped {uploaded.path}{again}. Its run: {run_id}")
    if not wanted.watch:
        console().print(f"Next: {PROGRAM} watch {run_id}")
