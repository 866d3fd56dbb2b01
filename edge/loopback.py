"""Listening sockets of this machine alone: the embedded broker's and the caption page's."""

from __future__ import annotations

import errno
import socket

from edge.errors import AslEdgeError

LOOPBACK = "127.0.0.1"


def listen(option: str, port: int, otherwise: str, before: socket.socket | None = None) -> socket.socket:
    """Listen at a port, 0 for a free one; a port that `before` listens at is shared with it until that one is closed.

    Raises:
        AslEdgeError: the port is taken; `option` set it, and `otherwise` says what may be done but set another one.
    """
    if before is not None and port and before.getsockname()[1] == port:
        return before.dup()
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        mend = f"set another one (0 picks a free one), or {otherwise}"
        raise AslEdgeError(f"{option}: port {port} on {LOOPBACK} {reason}; {mend}") from error
