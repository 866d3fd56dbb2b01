"""Whether a hand that holds a letter says it again: it slides sideways, or bounces, and then stands still.

Hands sway while they hold a letter, some as far as others slide. So a slide must be faster than this hand has lately
swayed, and go further than its drift would have carried it. Hands that fill the picture only have room for short
slides, which count if the hand is otherwise calm.
"""

import math
from collections import deque
from dataclasses import dataclass, field

from edge.types import Motion

_SLIDE_SPEED = 3.5
"""Palm widths a second; recorded slides reach 5."""
_SLIDE_PALM_WIDTHS = 0.45
"""Recorded slides go 0.6 to 1.1; nine of ten held hands stay under 0.45. A repeat said because the hand swayed is worse
than a missed double, which the lexicon mends: at 0.35 there were 58 such repeats in 2,700 held letters of three
recorders who wave, at 0.45 there are 26."""
_SLIDE_SECONDS = 0.35
"""A slide of 0.2 s is three steps at 10 fps, which make 0.3 s, give or take rounding."""
_SWAYS = 4.0
"""A slide is this many times as fast as the hand's sway, its mean speed lately."""
_SWAY_SECONDS = 2.0
"""Time constant of that mean."""
_USUAL_SWAY = 0.5
"""Palm widths a second assumed of a hand just seen."""
_MOST_SWAY = 6.0
"""The most that one frame counts for: a cut is not sway."""
_LARGE_SHARE = 0.2
"""Palm width, as a share of the picture's, from which hands have no room for longer slides."""
_SHORT_SPEED, _SHORT_PALM_WIDTHS, _SHORT_SECONDS = 1.5, 0.25, 0.45
"""A short slide, from rest to rest: 0.12 of the picture is 0.3 to 0.5 palm widths of such hands, at 1.5 to 2.5 a
second, and they rest 0.2 s later."""
_SHORT_LEVEL = 4.0
"""It goes this many times as far across as up or down."""
_SHORT_REST = 0.35
"""Before and after it the hand moves at less than this share of its speed."""
_CALM_SPEED = 0.55
"""Only hands calmer than this make short slides: by the mean of their speeds while still."""
_CALMS = 3.5
"""A short slide is this many times as fast as that mean."""
_CALM_SECONDS = 1.0
"""Time constant of that mean."""
_MOST_CALM = 1.5
"""The most that one frame counts for in it."""
_SEEN_SECONDS = 0.15
"""A hand seen for no longer does not count: its speed means nothing yet."""
_BOUNCE_SPEED, _BOUNCE_PALM_WIDTHS, _BOUNCE_SECONDS = 2.5, 0.4, 0.6
_BOUNCE_HOME_PALM_WIDTHS = 0.15
"""A bounce goes up or down and comes back to where it began."""


@dataclass(frozen=True, slots=True)
class _Place:
    ts: float
    x: float
    y: float
    """Pixels."""
    speed: float
    calm: float
    """The hand's mean speed while still, until then."""


@dataclass(slots=True)
class Doubling:
    """Follows one hand from letter to letter."""

    _path: deque[_Place] = field(default_factory=deque)
    _sway: float = _USUAL_SWAY
    _calm: float = _USUAL_SWAY

    def restart(self) -> None:
        """Another letter was said: only movement from now on can double it."""
        self._path.clear()

    def step(self, ts: float, motion: Motion, elapsed: float, *, still: bool) -> bool:
        """Whether the hand has just come to rest after a slide or a bounce."""
        self._sway = _mean(self._sway, min(motion.quick_speed, _MOST_SWAY), elapsed, _SWAY_SECONDS)
        if still and motion.seconds > _SEEN_SECONDS:
            self._calm = _mean(self._calm, min(motion.quick_speed, _MOST_CALM), elapsed, _CALM_SECONDS)
        x, y = motion.position.tolist()
        self._path.append(_Place(ts, x, y, motion.quick_speed, self._calm))
        while self._path[0].ts < ts - _BOUNCE_SECONDS:
            self._path.popleft()
        if not still:
            return False
        width, large = motion.palm_width, motion.palm_share >= _LARGE_SHARE
        return self._slid(width) or (large and self._slid_shortly(width)) or self._bounced(width)

    def _slid(self, width: float) -> bool:
        now = self._path[-1]
        fast = False
        for place in reversed(self._path):
            seconds = now.ts - place.ts
            if seconds > _SLIDE_SECONDS:
                return False
            fast |= place.speed >= max(_SLIDE_SPEED, _SWAYS * self._sway)
            across, down = abs(now.x - place.x) / width, abs(now.y - place.y) / width
            if fast and across - self._sway * seconds >= _SLIDE_PALM_WIDTHS and across > 2 * down:
                return True
        return False

    def _slid_shortly(self, width: float) -> bool:
        """Whether it moved a little way across, from rest to rest, much faster than while calm."""
        now, fastest = self._path[-1], 0.0
        for place in reversed(self._path):
            if now.ts - place.ts > _SHORT_SECONDS:
                return False
            across, down = abs(now.x - place.x) / width, abs(now.y - place.y) / width
            far = across >= _SHORT_PALM_WIDTHS and across > _SHORT_LEVEL * down
            rests = max(place.speed, now.speed) < _SHORT_REST * fastest
            fast = fastest >= max(_SHORT_SPEED, _CALMS * place.calm)
            if far and rests and fast and place.calm < _CALM_SPEED:
                return True
            fastest = max(fastest, place.speed)
        return False

    def _bounced(self, width: float) -> bool:
        now, path = self._path[-1], list(self._path)
        turn = max(range(len(path)), key=lambda index: abs(path[index].y - now.y))
        across, down = abs(path[turn].x - now.x) / width, abs(path[turn].y - now.y) / width
        if down < max(_BOUNCE_PALM_WIDTHS, across):
            return False
        away, back = path[: turn + 1], path[turn:]
        home = min(math.hypot(place.x - now.x, place.y - now.y) for place in away) / width < _BOUNCE_HOME_PALM_WIDTHS
        return home and min(_fastest(away), _fastest(back)) >= _BOUNCE_SPEED


def _mean(before: float, now: float, elapsed: float, seconds: float) -> float:
    """The exponential mean over `seconds`, after one more value."""
    return before + (1 - math.exp(-elapsed / seconds)) * (now - before)


def _fastest(path: list[_Place]) -> float:
    return max(place.speed for place in path)
