"""Listening sockets of this machine alone: the embedded broker's and the caption page's."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable

from edge.errors import AslEdgeError

LOOPBACK = "127.0.0.1"
Vacated = dict[int, socket.socket]
"""Listening sockets by their port, of parts that are to go."""


def listen(option: str, port: int, otherwise: str, vacated: Vacated | None = None) -> socket.socket:
    """Listen at a port, 0 for a free one; one that is `vacated` is shared with its old owner until that one is gone.

    It is taken out of `vacated` (see `by_port`), so that no two move in.

    Raises:
        AslEdgeError: the port is taken; `option` set it, and `otherwise` says what may be done but set another one.
    """
    if vacated and (theirs := vacated.pop(port, None)) is not None:
        return theirs.dup()
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        mend = f"set another one (0 picks a free one), or {otherwise}"
        raise AslEdgeError(f"{option}: port {port} on {LOOPBACK} {reason}; {mend}") from error


def by_port(sockets: Iterable[socket.socket]) -> Vacated:
    """Listening sockets by their port; without those that are closed, as of a broker that ended."""
    return {listening.getsockname()[1]: listening for listening in sockets if listening.fileno() >= 0}
