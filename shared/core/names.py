"""Every name that TuneDrop gives derives from the run's id, so doing a thing twice makes one."""

import hashlib
import re
import uuid
from urllib.parse import unquote, urlsplit

NAMESPACE = uuid.UUID("6f2b3c5e-8a64-5d0e-9b1c-7e1f64d0a2c9")  # ours alone; for deterministic event ids
RUN_ID = re.compile(r"^r[0-9a-f]{20}$")
ONLINE = "tm-"  # how names of managed online endpoints begin; those of serverless ones begin with td-
JOB_NAME = re.compile(r"tunedrop-(?P<run>r[0-9a-f]{20})(-\d{1,4})?")


def run_id(blob_url: str, etag: str) -> str:
    """Return the id of the run for one version of one blob; equal for every spelling of the same upload.

    The ETag comes quoted from the blob service and mostly bare in events; data-lake events name the
    `.dfs.` host. All of these are one upload.
    """
    url = unquote(blob_url).replace(".dfs.", ".blob.", 1)
    parts = urlsplit(url)
    upload = f"{parts.netloc.lower()}{parts.path}\n{bare_etag(etag)}"
    return "r" + hashlib.sha256(upload.encode()).hexdigest()[:20]


def bare_etag(etag: str) -> str:
    """Return an ETag without the weak mark and the quotes."""
    return etag.strip().removeprefix("W/").strip('"')


def job_name(run: str, attempt: int = 1) -> str:
    """Return the Azure ML job's name (pattern: letters, digits, - and _; at most 255)."""
    return f"tunedrop-{run}{_suffix(attempt)}"


def run_of_job(job: str) -> str | None:
    """Return the id of the run that a job belongs to, or None for a job that is none of ours."""
    found = JOB_NAME.fullmatch(job)
    return found["run"] if found else None


def asset_name(run: str, attempt: int = 1) -> str:
    """Return the name under which Azure ML registers a job's model; one per job, so version 1 is ours."""
    return job_name(run, attempt)


def endpoint_name(run: str, attempt: int = 1) -> str:
    """Return the serverless endpoint's name (pattern: a letter, then letters, digits and -; at most 52)."""
    return f"td-{run}{_suffix(attempt)}"


def online_endpoint_name(run: str, attempt: int = 1) -> str:
    """Return the managed online endpoint's name (pattern: a letter, then letters, digits and -; at most 32)."""
    return f"{ONLINE}{run}{_suffix(attempt)}"


def is_online(endpoint: str) -> bool:
    """Tell whether an endpoint is a managed online one, not a serverless one: its name alone says so."""
    return endpoint.startswith(ONLINE)


def event_id(run: str, news: str) -> str:
    """Return the id of the event that tells of a run's news, such as its arrival in a state."""
    return str(uuid.uuid5(NAMESPACE, f"{run}/{news}"))


def _suffix(attempt: int) -> str:
    """Return what tells a later attempt's names from the first one's: a name once used may never come free."""
    return "" if attempt == 1 else f"-{attempt}"
