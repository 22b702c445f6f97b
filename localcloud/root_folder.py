"""The folder of one local cloud: what it holds, who is using it, and what is removed at the end."""

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.errors import NotRunningError, RootInUseError


@dataclass(frozen=True)
class Root:
    """The paths of one local cloud; only these are ever written or removed."""

    folder: Path

    @property
    def state(self) -> Path:
        """What the services keep: Azurite's files, jobs, models."""
        return self.folder / "state"

    @property
    def logs(self) -> Path:
        """The logs of the children and of the stand-ins."""
        return self.folder / "logs"

    @property
    def tls(self) -> Path:
        """The private authority's files."""
        return self.folder / "tls"

    @property
    def environment(self) -> Path:
        """The description of the running cloud; there only while it is ready."""
        return self.folder / "env.json"

    @contextmanager
    def taken(self, keep: bool) -> Iterator[None]:
        """Own the folder while the context lasts; then remove what was written, but on request the state.

        Raises:
            RootInUseError: another local cloud owns it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = self.folder / "lock"
        with lock.open("w") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise RootInUseError(
                    f"a local cloud already runs in {self.folder}; stop it or use --root"
                ) from error
            self.environment.unlink(missing_ok=True)
            if not keep:
                shutil.rmtree(self.state, ignore_errors=True)
            shutil.rmtree(self.logs, ignore_errors=True)
            self.state.mkdir(exist_ok=True)
            self.logs.mkdir()
            try:
                yield
            finally:
                self._clear(keep)
                lock.unlink(missing_ok=True)

    def announce(self, description: Mapping[str, Any]) -> None:
        """Write the description of the running cloud, whole or not at all."""
        draft = self.environment.with_suffix(".draft")
        draft.touch(mode=0o600)  # it holds the API key
        draft.write_text(json.dumps(description, indent=2), "utf-8")
        draft.replace(self.environment)

    def description(self) -> dict[str, Any]:
        """Return the description of the running cloud; raises NotRunningError."""
        try:
            found: dict[str, Any] = json.loads(self.environment.read_text("utf-8"))
        except FileNotFoundError as error:
            raise NotRunningError(
                f"no local cloud is ready in {self.folder}; start it: python -m localcloud up"
            ) from error
        return found

    def _clear(self, keep: bool) -> None:
        self.environment.unlink(missing_ok=True)
        shutil.rmtree(self.tls, ignore_errors=True)
        if not keep:
            shutil.rmtree(self.state, ignore_errors=True)
