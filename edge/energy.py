"""Energy used by the board, if it can tell: RAPL counters, or hwmon's energy and power sensors."""

import time
from pathlib import Path

_SYS = Path("/sys/class")


class EnergyMeter:
    """Joules since it was made, by the first kind of sensor that can be read; None if there is none."""

    def __init__(self, sys_class: Path = _SYS) -> None:
        packages = [file for file in sorted(sys_class.glob("powercap/intel-rapl:?/energy_uj")) if not _is_board(file)]
        counters = packages or sorted(sys_class.glob("hwmon/hwmon*/energy*_input"))
        self._counters = {file: value for file in counters if (value := _number(file)) is not None}
        powers = [] if self._counters else sorted(sys_class.glob("hwmon/hwmon*/power*_input"))
        self._powers = [file for file in powers if _number(file) is not None]
        self._micro_joules = 0.0
        self._watts_at = time.monotonic()

    def joules(self) -> float | None:
        """Joules so far. Call it every few seconds: counters wrap, and power is summed from call to call."""
        if not self._counters and not self._powers:
            return None
        for file, before in self._counters.items():
            now = _number(file)
            if now is not None:
                self._micro_joules += now - before if now >= before else now - before + _range(file)
                self._counters[file] = now
        since, self._watts_at = self._watts_at, time.monotonic()
        self._micro_joules += (self._watts_at - since) * sum(_number(file) or 0.0 for file in self._powers)
        return self._micro_joules / 1e6


def _is_board(counter: Path) -> bool:
    """Whether it is the whole board's, which includes the packages again."""
    try:
        return counter.with_name("name").read_text("ascii").strip() == "psys"
    except OSError:
        return False


def _range(counter: Path) -> float:
    return _number(counter.with_name("max_energy_range_uj")) or 0.0


def _number(file: Path) -> float | None:
    """A sensor's value in millionths; None if it cannot be read: RAPL is for root only."""
    try:
        return float(file.read_text("ascii"))
    except (OSError, ValueError):
        return None
