"""What the system says about this process and the board: CPU time, memory, temperature."""

import os
import time
from pathlib import Path


class Load:
    """How busy this process is."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), time.process_time()

    def due(self, seconds: float) -> bool:
        """Whether the last measurement was at least `seconds` ago."""
        return time.monotonic() - self._wall >= seconds

    def cpu_percent(self) -> float:
        """Percent of one core since the last call."""
        wall, cpu = time.monotonic(), time.process_time()
        percent = 100 * (cpu - self._cpu) / max(wall - self._wall, 1e-6)
        self._wall, self._cpu = wall, cpu
        return percent


def process_stat(pid: int | str = "self") -> list[str]:
    """The fields of /proc/PID/stat from the state (in proc(5) the third) on; Linux.

    Raises:
        OSError: the process has ended.
    """
    return Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()


def rss_mb() -> float:
    """Resident memory of this process in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def temperature_celsius() -> float | None:
    """Hottest thermal zone; None if the board reports none."""
    readings = []
    for zone in Path("/sys/class/thermal").glob("thermal_zone*/temp"):
        try:
            readings.append(int(zone.read_text("ascii")) / 1000)
        except (OSError, ValueError):
            continue
    return max(readings, default=None)
