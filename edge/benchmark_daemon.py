"""What the whole daemon costs on one source, with broker, caption page and speech: runs it as a child for a while."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any

from edge.errors import AslEdgeError, InputError
from edge.system import process_stat

_SETTLE_SECONDS = 10.0
"""Not counted: start-up, and the first looks at an empty room, which come at short intervals."""
_STOP_SECONDS = 10.0


def measure_daemon(source: str, config: Path | None, seconds: float, settle: float = _SETTLE_SECONDS) -> dict[str, Any]:
    """CPU in percent of one core, and memory, of `asl-edge run` over `seconds`, `settle` seconds after its start.

    Raises:
        InputError: the source ends before the time is over.
        AslEdgeError: the daemon failed; its message is included.
    """
    options = ["--config", str(config)] if config else []
    command = [sys.executable, "-m", "edge", "run", "--source", source, *options]
    with (
        os.fdopen(os.memfd_create("log"), "w+b") as log,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log) as daemon,
    ):
        try:
            _wait(daemon, settle, source, log)
            started, before = time.monotonic(), _cpu_seconds(daemon.pid)
            _wait(daemon, seconds, source, log)
            elapsed, spent = time.monotonic() - started, _cpu_seconds(daemon.pid) - before
            return {
                "seconds": round(elapsed, 1),
                "cpu_percent": round(100 * spent / elapsed, 2),
                "rss_mb": round(sum(map(_rss_mb, _family(daemon.pid))), 1),
            }
        finally:
            _stop(daemon)


def _wait(daemon: subprocess.Popen[bytes], seconds: float, source: str, log: IO[bytes]) -> None:
    try:
        code = daemon.wait(seconds)
    except subprocess.TimeoutExpired:
        return
    log.seek(0)
    said = log.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
    if code:
        raise AslEdgeError(f"--daemon: asl-edge run ended with {code}: {said[-1]}")
    raise InputError(f"{source}: ended before the time was over; take a longer recording, or a camera")


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        daemon.kill()


def _family(pid: int) -> list[int]:
    """A process and those it started: speech has its own."""
    try:
        children = [
            int(child)
            for file in Path(f"/proc/{pid}/task").glob("*/children")
            for child in file.read_text("ascii").split()
        ]
    except OSError:
        return [pid]
    return [pid, *(one for child in children for one in _family(child))]


def _cpu_seconds(pid: int) -> float:
    """User and system time of the family, including children that have ended."""
    # utime, stime, cutime, cstime
    return sum(sum(map(int, _stat(one)[11:15])) for one in _family(pid)) / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int) -> float:
    pages = int((_stat(pid) or ["0"] * 22)[21])  # rss
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _stat(pid: int) -> list[str]:
    """Empty where the process has ended."""
    try:
        return process_stat(pid)
    except OSError:
        return []
