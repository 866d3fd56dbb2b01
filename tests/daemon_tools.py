"""The daemon as a subprocess, and the command line as a user calls it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CONFIG = """\
device: test
mqtt:
  url: {url}
  embedded_port: 0
  embedded_websocket_port: 0
display:
  enabled: false
speech:
  enabled: false
daemon:
  stats_seconds: {stats}
"""


def asl_edge(*args: str | Path, timeout: float = 180) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [sys.executable, "-m", "edge", *map(str, args)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)


def write_config(folder: Path, url: str = "", stats: float = 30.0, extra: str = "") -> Path:
    file = folder / "edge.yaml"
    file.write_text(CONFIG.format(url=url, stats=stats) + extra)
    return file


class Running:
    """`asl-edge run`, to watch, signal and kill."""

    def __init__(self, *args: str | Path, log: Path) -> None:
        self.started = time.monotonic()
        self._log = log
        with log.open("w") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "edge", "run", *map(str, args)],
                cwd=ROOT,
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    @property
    def resident_mb(self) -> float:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    @property
    def cpu_seconds(self) -> float:
        """CPU time of all its threads, in user and system mode."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self) -> float:
        """Send SIGTERM; returns seconds until it ended."""
        asked = time.monotonic()
        self.signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        return time.monotonic() - asked

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(timeout=30)
