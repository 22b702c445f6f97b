"""Whether somebody still waits for an answer: gunicorn hands the client's connection over with each request."""

import socket
from collections.abc import Callable, Mapping
from typing import Any


def watching(environ: Mapping[str, Any]) -> Callable[[], bool]:
    """Return what tells whether the client of a WSGI request is gone; without gunicorn it never is."""
    connection = environ.get("gunicorn.socket")
    if connection is None:
        return lambda: False
    return lambda: _closed(connection)


def _closed(connection: socket.socket) -> bool:
    """Look at what the client says next without taking it: nothing yet, or the end."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:  # reset, or closed by us
        return True
