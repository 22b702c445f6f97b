"""The host's keys: made once, kept in a file, so that callers survive a restart of the host."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class HostKeys:
    """What callers must show: the host key for functions, the system key for Event Grid, or the master key."""

    default: str
    eventgrid_extension: str
    master: str

    def admit(self, level: str, key: str) -> bool:
        """Tell whether a key opens a function of an authorization level."""
        opening = {"ANONYMOUS": None, "FUNCTION": (self.default, self.master)}.get(level.upper(), (self.master,))
        return opening is None or any(secrets.compare_digest(key.encode(), one.encode()) for one in opening)

    def admit_event_grid(self, key: str) -> bool:
        """Tell whether a key opens the webhook for events."""
        accepted = (self.eventgrid_extension, self.master)
        return any(secrets.compare_digest(key.encode(), one.encode()) for one in accepted)


def host_keys(path: Path) -> HostKeys:
    """Return the keys in a file, which is made when it is missing (readable by its owner only)."""
    if path.exists():
        return HostKeys(**json.loads(path.read_text("utf-8")))
    keys = HostKeys(*(secrets.token_urlsafe(32) for _key in range(3)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(keys)), "utf-8")
    return keys
