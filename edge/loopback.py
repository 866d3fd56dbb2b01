"""Listening sockets for this machine only: the embedded broker's and the caption page's."""

import errno
import socket
from collections.abc import Iterable

from edge.errors import AslEdgeError

LOOPBACK = "127.0.0.1"
Vacated = dict[int, socket.socket]
"""By port, listening sockets of parts about to stop."""


def listen(option: str, port: int, otherwise: str, vacated: Vacated | None = None) -> socket.socket:
    """Listen on a port, 0 for a free one; a `vacated` port is shared with its old owner until that is gone.

    It is removed from `vacated` (see `by_port`), so that no two take it over.

    Raises:
        AslEdgeError: the port is taken; `option` set it, and `otherwise` is the alternative to setting another.
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
    """Listening sockets by port, without closed ones, such as those of a broker that ended."""
    return {listening.getsockname()[1]: listening for listening in sockets if listening.fileno() >= 0}
