"""The command `up`: runs a local cloud until a signal or until something breaks."""

import asyncio
import logging
import signal
from contextlib import suppress

from localcloud.errors import ChildDiedError
from localcloud.root_folder import Root
from localcloud.supervisor import Options, Supervisor
from localcloud.welcome import say

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def up(options: Options) -> None:
    """Run the local cloud until it is told to stop; raises LocalCloudError when it cannot start or go on."""
    root = Root(options.root.resolve())
    with root.taken(options.keep):
        logging.basicConfig(filename=root.logs / "cloud.log", format=LOG_FORMAT, level=logging.INFO)
        for chatty in ("azure", "uvicorn.error"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        asyncio.run(_until_stopped(options, root))
    say("stopped")


async def _until_stopped(options: Options, root: Root) -> None:
    """Return after a signal; raises LocalCloudError when something does not start or a child ends by itself."""
    loop = asyncio.get_running_loop()
    deaths: asyncio.Queue[ChildDiedError] = asyncio.Queue()
    living = asyncio.create_task(Supervisor(options, root, deaths.put_nowait).live())
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, living.cancel)
    death = asyncio.create_task(deaths.get())
    await asyncio.wait({living, death}, return_when=asyncio.FIRST_COMPLETED)
    living.cancel()
    with suppress(asyncio.CancelledError):
        await living
    if death.done():
        raise death.result()
    death.cancel()
