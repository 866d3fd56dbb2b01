"""What each stage costs: wall and CPU time of the last steps, summarised for `stats` and the benchmark."""

import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

_KEEP = 2000
"""Steps remembered by stage: over a minute at 30 fps, 16 KB a stage."""
Percentiles = dict[str, float | None]


class Stopwatch:
    """Wall and CPU seconds of named stages; the pipeline's only clock, on which no decision depends.

    CPU is the whole process's meanwhile, including networks with several threads, camera and broker.
    """

    def __init__(self, keep: int = _KEEP) -> None:
        self._wall: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=keep))
        self._cpu: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=keep))

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self._wall[stage].append(time.perf_counter() - wall)
            self._cpu[stage].append(time.process_time() - cpu)

    def add_wall(self, stage: str, seconds: float) -> None:
        self._wall[stage].append(seconds)

    def clear(self) -> None:
        """Forget all steps so far."""
        self._wall.clear()
        self._cpu.clear()

    def latency_ms(self) -> dict[str, Percentiles]:
        """{stage: {p50, p95, p99}} of the steps still remembered."""
        return {stage: percentiles_ms(values) for stage, values in self._wall.items()}

    def wall_seconds(self, *stages: str) -> float:
        """Sum over the stages and the steps still remembered."""
        return sum(sum(self._wall[stage]) for stage in stages if stage in self._wall)

    def cpu_ms(self) -> dict[str, float]:
        """{stage: mean CPU ms a step}."""
        return {stage: round(1000 * sum(values) / len(values), 3) for stage, values in self._cpu.items()}


def percentiles_ms(seconds: deque[float] | list[float]) -> Percentiles:
    """{p50, p95, p99} in milliseconds; None without values."""
    if not seconds:
        return {"p50": None, "p95": None, "p99": None}
    p50, p95, p99 = np.percentile(np.fromiter(seconds, float), (50, 95, 99)) * 1000
    return {"p50": round(float(p50), 2), "p95": round(float(p95), 2), "p99": round(float(p99), 2)}
