"""Which loopback port each service listens on: the well-known ones of a laptop, or free ones for tests."""

import random
import socket
from collections.abc import Callable
from typing import Literal

HOST = "127.0.0.1"  # never another: nothing of the local cloud is reachable from outside
DEFAULT = {
    "functions": 7071,
    "identity": 7080,
    "arm": 7081,
    "scoring": 7082,
    "content_safety": 7083,
    "event_grid": 7084,
    "inbox": 7085,
    "inbox_page": 7086,
    "control": 7087,
    "blob": 10000,
    "queue": 10001,
    "table": 10002,
}
FREE = range(15_000, 32_000)  # below the ports that the system gives to outgoing connections
TRIES = 200
Choice = Literal["default", "free"]


def bound(port: int) -> socket.socket | None:
    """Return a socket bound to a loopback port, or None when another program has the port."""
    bound_socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound_socket.bind((HOST, port))
        bound_socket.listen(100)
    except OSError:
        bound_socket.close()
        return None
    return bound_socket


def free_socket() -> socket.socket:
    """Return a socket bound to some free loopback port; raises OSError when none is found."""
    for port in random.sample(FREE, TRIES):
        found = bound(port)
        if found is not None:
            return found
    raise OSError(f"no free loopback port among {TRIES} tried between {FREE.start} and {FREE.stop}")


def open_ports(choice: Choice, say: Callable[[str], None]) -> dict[str, socket.socket]:
    """Return one bound socket per service; says which default ports were taken and what is used instead."""
    sockets = {}
    for name, port in DEFAULT.items():
        wanted = bound(port) if choice == "default" else None
        sockets[name] = wanted or free_socket()
        if choice == "default" and wanted is None:
            say(f"port {port} for {name} is taken by another program; using {port_of(sockets[name])}")
    return sockets


def port_of(bound_socket: socket.socket) -> int:
    """Return the port that a socket is bound to."""
    port: int = bound_socket.getsockname()[1]
    return port
