"""Keeps to a budget of CPU or temperature: reads the body less often first, then fewer frames, and recovers slowly.

Budget or not, a few frames a second are enough in an empty room where nothing moves.
Nothing here reads a clock or a sensor: time, load and temperature are arguments.
"""

import math
from dataclasses import dataclass

from edge.config import GovernorConfig

SIGNING_FPS = 12.0
"""Fewest frames a second while somebody signs: a J or Z takes at least 0.3 s, and four frames still show it."""
_IDLE_FPS = 6.0
"""Fewest while nobody does: a lifted hand is seen within two frames, and from then on at the rate above."""
_SIGNING_SECONDS = 2.0
"""A hand seen this recently is signing."""
_EMPTY_FPS = 8.0
"""Most frames a second in an empty room: whoever appears is in a frame that is read within 0.13 s, and from then on
every frame is."""
_EMPTY_SECONDS = 2.0
"""A room is empty once nobody was seen, and nothing moved, for this long."""
_CPU_STEP_DOWN_SECONDS, _HEAT_STEP_DOWN_SECONDS = 3.0, 10.0
"""Time over budget before a step down; a board's temperature lags its load by about ten seconds."""
_STEP_UP_SECONDS = 10.0
"""Time with room to spare before a step up; each step that proves too much doubles the wait for the next."""
_STEP_UP_AT_MOST_SECONDS = 300.0
"""Longest such wait."""
_ROOM = 0.8
"""Below this share of the CPU budget there is room: most steps cost less than a fifth."""
_COOLER_CELSIUS = 4.0
"""This far below the limit there is room."""
_SMOOTHING_SECONDS = 2.0
"""Time over which the load is averaged: one search for palms is no overload."""
_SLACK_SECONDS = 0.004
"""Time stamps jitter: a frame this early still counts as due."""


@dataclass(frozen=True, slots=True)
class Rates:
    """One level of effort."""

    pose: float
    """Factor on the configured pose interval."""
    fps: float | None
    """Frames a second at most; None reads every frame."""


LEVELS = (
    Rates(1, None),
    Rates(2, None),
    Rates(4, None),
    Rates(4, 20.0),
    Rates(4, 15.0),
    Rates(4, SIGNING_FPS),
    Rates(8, _IDLE_FPS),
)
"""From full effort down: the body first, as hands are followed without it. The last is for when nobody signs."""


class Governor:
    """Chooses how much is read."""

    def __init__(self, config: GovernorConfig) -> None:
        self._config = config
        self._level = 0
        """Index into `LEVELS`; higher means less is read."""
        self._load = 0.0
        """Percent of one core, smoothed."""
        self._measured_at: float | None = None
        self._over_since = self._under_since = math.inf
        self._stepped_up_at = -math.inf
        """Time of the last step up."""
        self._step_up_seconds = _STEP_UP_SECONDS
        """Wait before the next, see `_STEP_UP_SECONDS`."""
        self._hand_at = -math.inf
        self._empty_since = math.inf
        self._due_at = -math.inf
        self.skipped = 0
        """Frames left out so far."""

    @property
    def on(self) -> bool:
        return self._config.cpu_percent is not None or self._config.temperature_celsius is not None

    def rates(self, ts: float) -> Rates:
        """The rates in force at a time."""
        rates = LEVELS[self._level]
        if rates.fps == _IDLE_FPS and 0 <= ts - self._hand_at < _SIGNING_SECONDS:
            return LEVELS[-2]
        if ts - self._empty_since >= _EMPTY_SECONDS:
            return Rates(rates.pose, min(rates.fps or math.inf, _EMPTY_FPS))
        return rates

    def admit(self, ts: float) -> bool:
        """Whether to read the frame at this time."""
        fps = self.rates(ts).fps
        if fps is None:
            return True
        if 0 < self._due_at - ts - _SLACK_SECONDS < 2 / fps:  # further off: the clock was set back
            self.skipped += 1
            return False
        self._due_at = max(self._due_at + 1 / fps, ts) if self._due_at <= ts + _SLACK_SECONDS else ts + 1 / fps
        return True

    def observe_frame(self, ts: float, *, hand: bool, nothing: bool = False) -> None:
        """Note what a frame showed: a hand, or nobody and nothing moving."""
        if hand:
            self._hand_at = ts
        self._empty_since = min(self._empty_since, ts) if nothing else math.inf

    def observe_load(self, ts: float, cpu_percent: float, temperature: float | None) -> bool:
        """Note the load since the last call, in percent of one core; True if the rates change."""
        self._average(ts, cpu_percent)
        over_cpu = self._config.cpu_percent is not None and self._load > self._config.cpu_percent
        over = over_cpu or self._heat(temperature) > 0
        room = not over and self._has_room(temperature)
        self._over_since = min(self._over_since, ts) if over else math.inf
        self._under_since = min(self._under_since, ts) if room else math.inf
        if ts - self._over_since >= (_CPU_STEP_DOWN_SECONDS if over_cpu else _HEAT_STEP_DOWN_SECONDS):
            return self._step(ts, +1)
        if ts - self._under_since >= self._step_up_seconds:
            return self._step(ts, -1)
        return False

    def stats(self, ts: float) -> dict[str, float | int | None]:
        """What the `stats` event says about it."""
        rates = self.rates(ts)
        return {
            "level": self._level,
            "pose_interval_times": rates.pose,
            "fps_limit": rates.fps,
            "skipped": self.skipped,
            "cpu_percent": round(self._load, 1),
        }

    def _step(self, ts: float, change: int) -> bool:
        """Reduce (+1) or restore (-1) effort; returns whether there was a level to go to."""
        if change > 0 and ts - self._stepped_up_at < self._step_up_seconds:
            self._step_up_seconds = min(2 * self._step_up_seconds, _STEP_UP_AT_MOST_SECONDS)
        elif change < 0:
            if ts - self._stepped_up_at > 2 * self._step_up_seconds:  # the last step up held
                self._step_up_seconds = _STEP_UP_SECONDS
            self._stepped_up_at = ts
        self._over_since = self._under_since = math.inf
        before = self._level
        self._level = min(max(self._level + change, 0), len(LEVELS) - 1)
        return self._level != before

    def _average(self, ts: float, cpu_percent: float) -> None:
        if self._measured_at is None or ts <= self._measured_at:
            self._load = cpu_percent
        else:
            keep = math.exp(-(ts - self._measured_at) / _SMOOTHING_SECONDS)
            self._load = keep * self._load + (1 - keep) * cpu_percent
        self._measured_at = ts

    def _heat(self, temperature: float | None) -> float:
        """Degrees over the limit; minus infinity without a limit or sensor."""
        limit = self._config.temperature_celsius
        return -math.inf if limit is None or temperature is None else temperature - limit

    def _has_room(self, temperature: float | None) -> bool:
        budget = self._config.cpu_percent
        return (budget is None or self._load < _ROOM * budget) and self._heat(temperature) < -_COOLER_CELSIUS
