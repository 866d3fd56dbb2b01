"""What the daemon reports about itself: `info` at the start, `stats` from time to time."""

import hashlib
import platform
import time
from collections import deque
from typing import Any

from edge import __version__
from edge.camera import Camera
from edge.config import Config, dump_config
from edge.governor import Governor
from edge.metrics import Stopwatch, percentiles_ms
from edge.pipeline import Pipeline
from edge.system import rss_mb, temperature_celsius
from edge.types import Event

_HOUR = 3600.0


class Report:
    """Counts between two `stats` messages."""

    def __init__(self, interval_seconds: float, dropped: int = 0) -> None:
        """`dropped`: frames that the camera had dropped by then."""
        self._interval = interval_seconds
        self._since = time.monotonic()  # the system clock may be set meanwhile
        self._frames = self._emissions = self._abstentions_before = 0
        self._drops_before = dropped
        self._emit_latencies: deque[float] = deque(maxlen=1000)

    def frame(self, latency_ms: float, events: list[Event]) -> None:
        """Note a processed frame and the latency of its letters and words."""
        self._frames += 1
        emissions = sum(event.topic in ("letter", "word") for event in events)
        self._emissions += emissions
        if emissions:
            self._emit_latencies.append(latency_ms / 1000)

    def due(self) -> bool:
        return time.monotonic() - self._since >= self._interval

    def stats(
        self,
        stopwatch: Stopwatch,
        pipeline: Pipeline,
        camera: Camera,
        governor: Governor,
        mqtt: dict[str, Any],
    ) -> Event:
        """The `stats` event: rates since the last one, times of the steps still in the stopwatch."""
        now, since = camera.clock.now(), time.monotonic()
        seconds = max(since - self._since, 1e-3)
        abstentions = pipeline.abstentions
        body = {
            "fps": round(self._frames / seconds, 1),
            "dropped": camera.dropped - self._drops_before,
            "latency_ms": stopwatch.latency_ms(),
            "cpu_ms_per_frame": stopwatch.cpu_ms(),
            "capture_to_emit_ms": percentiles_ms(self._emit_latencies),
            "emissions_per_hour": round(self._emissions * _HOUR / seconds, 1),
            "abstentions_per_hour": round((abstentions - self._abstentions_before) * _HOUR / seconds, 1),
            "rss_mb": rss_mb(),
            "temperature_celsius": temperature_celsius(),
            "governor": governor.stats(now) if governor.on else None,
            "mqtt": mqtt,
        }
        self._since, self._frames, self._emissions = since, 0, 0
        self._abstentions_before, self._drops_before = abstentions, camera.dropped
        return Event("stats", now, body)


def info_event(config: Config, pipeline: Pipeline, camera: Camera) -> Event:
    """The retained `info` event: what runs here."""
    body = {
        "version": __version__,
        "host": platform.node(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "models": {
            bundle.name: {"version": bundle.version, "sha256": bundle.sha256, "labels": list(bundle.labels)}
            for bundle in pipeline.bundles
        },
        "camera": {
            "kind": camera.kind,
            "source_sha256": camera.digest,
            "width_px": config.camera.width_px,
            "height_px": config.camera.height_px,
        },
        "broker": "embedded" if config.mqtt.url is None else "configured",
        "config_sha256": hashlib.sha256(dump_config(config).encode()).hexdigest(),
    }
    return Event("info", camera.clock.now(), body)
