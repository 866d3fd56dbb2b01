"""Tells systemd how the service is (sd_notify). Outside systemd every call does nothing."""

import logging
import os
import socket
import time
from dataclasses import dataclass

log = logging.getLogger(__name__)

_SEND_SECONDS = 0.5
"""systemd reads its socket at once; if it does not, that must not hold up a frame for longer."""


@dataclass
class _Feeding:
    at: float = float("-inf")


_last_fed = _Feeding()


def enabled() -> bool:
    """Whether systemd started this process and expects notifications."""
    return bool(os.environ.get("NOTIFY_SOCKET"))


def ready(text: str = "") -> None:
    """Started, or reloaded: `systemctl start` and `reload` return now."""
    _send("READY=1", *_status(text))


def reloading() -> None:
    """Followed by `ready` when done."""
    _send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")


def stopping() -> None:
    _send("STOPPING=1")


def watchdog() -> None:
    """Work was done. May be called for every frame: systemd is told twice per interval."""
    interval = watchdog_interval()
    if interval is not None and time.monotonic() - _last_fed.at >= interval / 2:
        _last_fed.at = time.monotonic()
        _send("WATCHDOG=1")


def watchdog_interval() -> float | None:
    """Longest time between two calls of `watchdog`, in seconds: half of WatchdogSec. None without a watchdog."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    meant_for = os.environ.get("WATCHDOG_PID") or str(os.getpid())
    if not microseconds.isdecimal() or int(microseconds) == 0 or meant_for != str(os.getpid()):
        return None
    return int(microseconds) / 1e6 / 2


def _status(text: str) -> tuple[str, ...]:
    return (f"STATUS={' '.join(text.split())}",) if text else ()


def _send(*lines: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # the abstract namespace
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notice:
            notice.settimeout(_SEND_SECONDS)
            notice.connect(address)
            notice.sendall("\n".join(lines).encode())
    except OSError as error:
        log.warning("systemd was not told %s: %s", lines[0], error)
