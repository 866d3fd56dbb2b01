"""From landmarks to the model's window: which hand spells, and its recent past on a fixed time grid.

Time comes only from the landmarks' time stamps, so 8 and 30 fps give the same window up to interpolation, and a replay
gives what the live run gave.
"""

import math
import statistics

import numpy as np

from edge.features import GRID_SECONDS, LETTER_GRID_STEPS, PALM, canonical, letter_features, palm_centre, palm_width
from edge.types import SIDES, Floats, Landmarks, Motion, Side, Times, Window

LOST_SECONDS = 0.2
"""A hand missing for less is still the same hand, still signing: motion blur hides a hand for 1 to 4 frames."""
SWITCH_SECONDS = 0.4
"""The other hand must be the better candidate for this long before it is taken, so that the choice does not flip."""
HIGHER_PALM_WIDTHS = 1.5
"""A hand spells in front of the shoulder while the other rests: this much higher is a reason to switch."""
CUT_PALM_WIDTHS = 2.0
CUT_SPEED = 45.0
"""A hand that jumps further and faster than this did not move, the picture was cut: the fastest real J and Z of two
signers reach 1.4 palm widths a frame and 42 a second (99.9th percentile of the palm's steps)."""
MOTION_SECONDS = 0.2
"""Speed is the slope over this much of the past: a single step between frames is mostly landmark noise."""
QUICK_SPEED_SECONDS = 0.07
"""Three frames at 30 fps, two at 15: fluent spellers hold a letter for no longer than 0.12 s."""
_HISTORY_SECONDS = LETTER_GRID_STEPS * GRID_SECONDS
_ROOM = 512
"""Frames that a track has room for: at least half as many are kept, two seconds at 128 fps."""
_BACK = GRID_SECONDS * np.arange(LETTER_GRID_STEPS - 1, -1, -1)
"""Seconds from each step of the grid to the newest frame."""


class LetterWindows:
    """Follows the spelling hand of one signer and keeps its recent past."""

    def __init__(self) -> None:
        self._chooser = HandChooser()
        self._track = HandTrack()

    def step(self, landmarks: Landmarks) -> Window | None:
        """The window that ends with this frame; None while no spelling hand is seen in it."""
        choice = self._chooser.step(landmarks)
        if choice is None:
            return None
        side, points = choice
        self._track.add(landmarks.ts, points, side)
        past = self._track.grid()
        return Window(landmarks.ts, past, letter_features(past), side, self._track.motion(landmarks.width))


class HandChooser:
    """Which of the two hands spells: the only one seen, else the higher one, with inertia."""

    def __init__(self) -> None:
        self._side: Side | None = None
        self._seen_at = -np.inf
        self._other_better_since: float | None = None

    def step(self, landmarks: Landmarks) -> tuple[Side, Floats] | None:
        """Side and canonical points (21, 3) of the spelling hand in this frame."""
        hands = {
            side: canonical(hand, landmarks.width, landmarks.height, side)
            for side, hand in zip(SIDES, landmarks.hands, strict=True)
            if not np.isnan(hand).any()
        }
        side = self._choose(hands, landmarks.ts)
        if side is None or side not in hands:
            return None
        self._side, self._seen_at = side, landmarks.ts
        return side, hands[side]

    def _choose(self, hands: dict[Side, Floats], ts: float) -> Side | None:
        held = self._side if self._side is not None and ts - self._seen_at < LOST_SECONDS else None
        if held is None:
            self._other_better_since = None
            return _likeliest(hands)
        if held not in hands or _likeliest(hands, held) == held:
            self._other_better_since = None
            return held
        if self._other_better_since is None:
            self._other_better_since = ts
        if ts - self._other_better_since < SWITCH_SECONDS:
            return held
        self._other_better_since = None
        return _likeliest(hands, held)


class HandTrack:
    """The past of one hand: time stamps and canonical points since it appeared, at most two seconds."""

    def __init__(self) -> None:
        # Filled from the front, so that the past is a slice; when full, what is still needed moves to the front.
        self._all_times = np.empty(_ROOM)
        self._all_points = np.empty((_ROOM, 21, 3), np.float32)
        self._all_widths = np.empty(_ROOM, np.float32)
        self._past = slice(0, 0)
        self._side: Side | None = None
        self._since = 0.0

    @property
    def _times(self) -> Times:
        return self._all_times[self._past]

    @property
    def _points(self) -> Floats:
        return self._all_points[self._past]

    @property
    def _widths(self) -> Floats:
        return self._all_widths[self._past]

    def add(self, ts: float, points: Floats, side: Side) -> bool:
        """Append a frame; True if a cut, a loss or a change of hand made the past be forgotten."""
        width = palm_width(points)
        anew = not len(self._times) or side != self._side or self._is_cut(ts, points, float(width))
        if anew:
            self._past = slice(0, 0)
            self._since = ts
        elif self._past.stop == _ROOM:
            self._move_to_front()
        self._side = side
        end = self._past.stop
        self._all_times[end], self._all_points[end], self._all_widths[end] = ts, points, width
        self._past = slice(self._past.start, end + 1)
        needed = int(np.searchsorted(self._times, ts - _HISTORY_SECONDS, "right")) - 1
        self._past = slice(self._past.start + max(0, min(needed, len(self._times) - 2)), end + 1)
        return anew

    def grid(self) -> Floats:
        """(LETTER_GRID_STEPS, 21, 3): the past on the fixed grid, newest last."""
        return resample(self._times, self._points, float(self._times[-1]))

    def motion(self, picture_width: int) -> Motion:
        """Place and speeds at the newest frame; a hand seen in only one frame counts as still."""
        width = statistics.median(self._widths.tolist())  # one frame's width is noisy
        speed, shape_speed = self._speeds(MOTION_SECONDS)
        quick_speed, quick_shape_speed = self._speeds(QUICK_SPEED_SECONDS)
        return Motion(
            position=palm_centre(self._points[-1])[:2],
            palm_width=width,
            palm_share=width / picture_width,
            speed=speed / width,
            shape_speed=shape_speed / width,
            quick_speed=quick_speed / width,
            quick_shape_speed=quick_shape_speed / width,
            seconds=float(self._times[-1] - self._since),
        )

    def _is_cut(self, ts: float, points: Floats, width: float) -> bool:
        elapsed = ts - float(self._times[-1])
        if elapsed <= 0 or elapsed >= LOST_SECONDS:
            return True
        jump = math.dist(palm_centre(points)[:2], palm_centre(self._points[-1])[:2])
        return jump / max(width, float(self._widths[-1])) > max(CUT_PALM_WIDTHS, CUT_SPEED * elapsed)

    def _move_to_front(self) -> None:
        kept = slice(max(self._past.start, _ROOM // 2), _ROOM)
        self._past = slice(0, kept.stop - kept.start)
        for values in (self._all_times, self._all_points, self._all_widths):
            values[self._past] = values[kept]

    def _speeds(self, seconds: float) -> tuple[float, float]:
        """Speed of the palm centre, and of the mean landmark about it, in pixels a second: least-squares slopes."""
        now = self._times[-1]
        first = min(int(np.searchsorted(self._times, now - seconds)), len(self._times) - 2)
        times, points = self._times[max(first, 0) :], self._points[max(first, 0) :, :, :2]
        centred = times - times.sum() / len(times)
        slope = centred / max(float(centred @ centred), 1e-9)
        ways = (slope @ points.reshape(len(times), -1)).reshape(21, 2)
        centre = ways.take(PALM, axis=0).sum(axis=0) / len(PALM)
        across, down = (ways - centre).T
        return math.hypot(*centre), float(np.hypot(across, down).sum()) / 21


def resample(times: Times, points: Floats, now: float) -> Floats:
    """Points (N, 21, 3) at increasing `times` to (LETTER_GRID_STEPS, 21, 3) ending `now`, linear between frames.

    Before the first frame the hand is assumed to be at rest.
    """
    place = np.interp(now - _BACK, times, np.arange(len(times)))
    before = place.astype(np.intp)
    weight = (place - before).astype(np.float32)[:, None, None]
    earlier, later = points.take(before, axis=0), points.take(before + 1, axis=0, mode="clip")
    return np.asarray(earlier + weight * (later - earlier), dtype=np.float32)


def _likeliest(hands: dict[Side, Floats], held: Side | None = None) -> Side | None:
    """The clearly higher hand; if there is none, the held one, or else the right one."""
    if len(hands) < 2:
        return next(iter(hands), None)
    usual: Side = held or "right"
    other: Side = "left" if usual == "right" else "right"
    width = max(float(palm_width(points)) for points in hands.values())
    height = {side: -float(palm_centre(points)[1]) / width for side, points in hands.items()}
    return other if height[other] > height[usual] + HIGHER_PALM_WIDTHS else usual
