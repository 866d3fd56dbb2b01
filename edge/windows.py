"""From landmarks to the model's window: which hand spells, its recent past on a fixed grid of seconds.

Time comes from the landmarks' time stamps alone, so 8 and 30 fps give the same window up to interpolation, and
a replay gives what the live run gave.
"""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from edge.features import GRID_SECONDS, GRID_STEPS, canonical, letter_features, palm_centre, palm_width
from edge.types import SIDES, Floats, Landmarks, Motion, Side, Window

LOST_SECONDS = 0.2
"""A hand missing for less is still the same hand at the same work: motion blur hides a hand for 1 to 4 frames."""
SWITCH_SECONDS = 0.4
"""The other hand must be the better candidate for so long before it is taken, so that the choice does not flip."""
HIGHER_PALM_WIDTHS = 1.5
"""A hand spells in front of the shoulder while the other rests: this much higher is a reason to switch."""
CUT_PALM_WIDTHS = 2.0
CUT_SPEED = 45.0
"""A hand that jumps further and faster than this was cut, not moved: the fastest real J and Z of two signers reach
1.4 palm widths a frame and 42 a second (99.9th percentile of the palm's steps)."""
MOTION_SECONDS = 0.2
"""Speed is the slope over this much of the past: a step between two frames is mostly landmark noise."""
QUICK_SECONDS = 0.07
"""Three frames at 30 fps, two at 15: fluent spellers hold a letter for no longer than 0.12 s."""
_HISTORY_SECONDS = GRID_STEPS * GRID_SECONDS

Times = NDArray[np.float64]


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
        return Window(
            ts=landmarks.ts, features=letter_features(self._track.grid()), hand=side, motion=self._track.motion()
        )


class HandChooser:
    """Which of the two hands spells: the one that is seen, else the higher one, with inertia."""

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
        self._times: deque[float] = deque()
        self._points: deque[Floats] = deque()
        self._side: Side | None = None
        self._since = 0.0

    def add(self, ts: float, points: Floats, side: Side) -> bool:
        """Append a frame; whatever lies before a cut, a loss or a change of hand is forgotten: then True."""
        anew = not self._times or side != self._side or self._is_cut(ts, points)
        if anew:
            self._times.clear()
            self._points.clear()
            self._since = ts
        self._side = side
        self._times.append(ts)
        self._points.append(points)
        while len(self._times) > 2 and self._times[1] <= ts - _HISTORY_SECONDS:
            self._times.popleft()
            self._points.popleft()
        return anew

    def grid(self) -> Floats:
        """(GRID_STEPS, 21, 3): the past on the fixed grid, newest last."""
        return resample(np.array(self._times), np.stack(self._points), self._times[-1])

    def motion(self) -> Motion:
        """Place and speeds at the newest frame; a hand seen for one frame only stands still."""
        return motion_of(np.array(self._times), np.stack(self._points), self._since)

    def _is_cut(self, ts: float, points: Floats) -> bool:
        elapsed = ts - self._times[-1]
        if elapsed <= 0 or elapsed >= LOST_SECONDS:
            return True
        before = self._points[-1]
        width = max(float(palm_width(before)), float(palm_width(points)))
        jump = float(np.linalg.norm((palm_centre(points) - palm_centre(before))[:2])) / width
        return jump > max(CUT_PALM_WIDTHS, CUT_SPEED * elapsed)


def resample(times: Times, points: Floats, now: float) -> Floats:
    """Points (N, 21, 3) at rising `times` to (GRID_STEPS, 21, 3) ending `now`, linear between frames.

    Before the first frame the hand is taken to have stood still.
    """
    wanted = now - GRID_SECONDS * np.arange(GRID_STEPS - 1, -1, -1)
    after = np.clip(np.searchsorted(times, wanted), 1, max(len(times) - 1, 1))
    before, after = after - 1, np.minimum(after, len(times) - 1)
    span = np.maximum(times[after] - times[before], 1e-9)
    weight = np.clip((wanted - times[before]) / span, 0.0, 1.0)[:, None, None]
    return np.asarray(points[before] * (1 - weight) + points[after] * weight, dtype=np.float32)


def motion_of(times: Times, points: Floats, since: float) -> Motion:
    """Place and speeds at the newest of `times`."""
    width = float(np.median(palm_width(points)))  # one frame's width is noisy
    speed, shape_speed = _speeds(times, points, MOTION_SECONDS)
    quick_speed, quick_shape_speed = _speeds(times, points, QUICK_SECONDS)
    return Motion(
        position=np.asarray(palm_centre(points[-1])[:2], dtype=np.float32),
        palm_width=width,
        speed=speed / width,
        shape_speed=shape_speed / width,
        quick_speed=quick_speed / width,
        quick_shape_speed=quick_shape_speed / width,
        seconds=float(times[-1] - since),
    )


def _speeds(times: Times, points: Floats, seconds: float) -> tuple[float, float]:
    """Palm centre and mean landmark about it, pixels a second: slopes of straight lines, least squares."""
    count = max(2, int((times >= times[-1] - seconds).sum()))
    recent, times = points[-count:], times[-count:]
    centre = palm_centre(recent)
    centred = times - times.mean()
    slope = centred / max(float((centred**2).sum()), 1e-9)
    shape = np.einsum("t,tij->ij", slope, recent - centre[:, None])[:, :2]
    return float(np.linalg.norm(slope @ centre[:, :2])), float(np.linalg.norm(shape, axis=-1).mean())


def _likeliest(hands: dict[Side, Floats], held: Side | None = None) -> Side | None:
    """The higher hand; the held one, else the right one, unless the other is clearly higher."""
    if len(hands) < 2:
        return next(iter(hands), None)
    usual: Side = held or "right"
    other: Side = "left" if usual == "right" else "right"
    width = max(float(palm_width(points)) for points in hands.values())
    height = {side: -float(palm_centre(points)[1]) / width for side, points in hands.items()}
    return other if height[other] > height[usual] + HIGHER_PALM_WIDTHS else usual
