"""Microsoft's inference server for one deployment of an online endpoint: what Azure's container runs, run here."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from localcloud.app_settings import child_environment
from localcloud.children import Child
from localcloud.errors import ChildDiedError
from localcloud.frame import Cloud
from localcloud.ports import HOST, free_socket, port_of

PYTHON = Path(__file__).parents[2] / ".venv-serving" / "bin" / "python"
# The server listens on every address of the machine; nothing of the local cloud does.
ON_LOOPBACK = f"import azureml_inference_server_http.amlserver as s; s.DEFAULT_HOST = '{HOST}'; s.run()"
GUNICORN = "--no-control-socket --graceful-timeout 1"  # a socket in the home folder would be all servers' one
STARTUP = 120.0  # seconds; importing torch takes some, real Phi weights more
PAUSE = 0.1  # seconds between two looks
# Azure says no more of a container that dies; why it did is in its log.
DIED = (
    "User container has crashed or terminated, please see troubleshooting guide, available here: "
    "https://aka.ms/oe-tsg#error-resourcenotready"
)


class OnlineServerFailed(Exception):
    """The server of a deployment does not serve; says as much as Azure does."""


class OnlineServer:
    """One server with one model; it starts again when it dies, as a container does."""

    def __init__(
        self, cloud: Cloud, code_folder: Path, entry_script: str, model_folder: Path, variables: Mapping[str, str]
    ) -> None:
        self._port = 0
        self._cloud, self._code, self._script = cloud, code_folder.resolve(), entry_script
        self._model, self._variables = model_folder.resolve(), dict(variables)
        self._child: Child | None = None
        self._dead = asyncio.Event()
        self._again: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Return the server's address, without a slash at the end; it has one once it was started."""
        return f"http://{HOST}:{self._port}"

    @property
    def log(self) -> Path:
        """Return where the server's output is."""
        return self._cloud.root / "logs" / f"online_server_{self._port}.log"

    async def start(self) -> None:
        """Start the server and return once it serves; raises OnlineServerFailed, and leaves nothing running."""
        if not PYTHON.exists():
            raise OnlineServerFailed("Microsoft's inference server is not installed: run `make setup`")
        with free_socket() as place:
            self._port = port_of(place)
        await self._until_healthy()
        self._again = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End the server."""
        if self._again is not None:
            self._again.cancel()
            await asyncio.gather(self._again, return_exceptions=True)
        if self._child is not None:
            await self._child.stop()

    async def healthy(self) -> bool:
        """Tell whether the server answers Azure's probe."""
        timeout = aiohttp.ClientTimeout(total=2)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(f"{self.url}/") as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _until_healthy(self) -> None:
        """Start the program and wait; it listens before its model is loaded, and answers afterwards."""
        self._dead.clear()
        self._child, serves = self._new_child(), False
        await self._child.start()
        try:
            serves = await self._serves()
        finally:
            if not serves:
                await self._child.stop()
        if not serves:
            raise OnlineServerFailed(DIED)

    async def _serves(self) -> bool:
        """Wait until the program serves (true) or has died (false); raises OnlineServerFailed after its time."""
        try:
            async with asyncio.timeout(STARTUP):
                while not await self.healthy():
                    if self._dead.is_set():
                        return False
                    await asyncio.sleep(PAUSE)
        except TimeoutError as error:
            raise OnlineServerFailed(f"the server did not serve within {STARTUP:.0f} s") from error
        return True

    async def _keep(self) -> None:
        """Start the server again whenever it dies; a start that fails is the last one."""
        while True:
            await self._dead.wait()
            await self._until_healthy()

    def _new_child(self) -> Child:
        command = [str(PYTHON), "-c", ON_LOOPBACK, "--entry_script", self._script, "--port", str(self._port)]
        return Child("an online server", command, self._environment(), self._code, self.log, self._died)

    def _environment(self) -> dict[str, str]:
        arguments = f"{self._variables.get('GUNICORN_CMD_ARGS', '')} {GUNICORN}"
        own = {
            "AML_APP_ROOT": str(self._code),
            "AZUREML_MODEL_DIR": str(self._model),
            "GUNICORN_CMD_ARGS": arguments.strip(),
        }
        return child_environment({**self._variables, **own})

    def _died(self, _error: ChildDiedError) -> None:
        self._dead.set()
