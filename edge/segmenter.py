"""Where signs begin and end, live: a sign ends when the hands go down, sink or come to rest.

Driven only by the landmarks' time stamps, so a replay at any speed gives what the live run gave.
"""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from edge.features import norm, palm_centre, palm_length
from edge.types import ROUNDING_SECONDS, Floats, Times
from edge.word_features import BODY, LEFT, RAISED, RIGHT, drop_below_shoulders

LONGEST_SECONDS = 3.5
"""No dictionary sign takes longer from the first movement to the last; of a longer span only the end counts."""
DOWN_SECONDS = 0.25
"""Hands that are down or gone for this long have finished a sign: blur hides a hand for up to 0.2 s."""
SUNK = 0.5
"""Shoulder widths below the shoulders: hands that sink below this may go on to rest there, in sight, where `raised`
hands still sign. Most signs are made higher."""
SUNK_SECONDS = 0.1
"""Time for which they must stay below it."""
LEAD_SECONDS = 0.25
"""Hands that come up may have begun this much earlier: blur hid them, or they rose from the lap. What this, `SUNK`,
holds and pauses cost stands in the words' card, `Hands that rest in sight`."""
SEEN_SECONDS = 0.1
"""Only if they are then seen for this long."""
HOLD_SECONDS = 0.45
"""Hands still in the air for this long have finished a sign too; a held sign is said while held."""
HOLD_PALMS = 0.26
"""A hand that stays within this many palm lengths is still."""
PAUSE_SECONDS = 1.0
"""Hands that were still for this long begin another sign when they move."""
AGAIN_SECONDS = 0.5
"""It may be the same sign only if they then move for this long before resting in sight; else they were just lowered."""
BRIDGED_SECONDS = 0.7
"""Hands that come back within this, with nothing said, go on with the same sign: crossing the face or leaving the
picture loses them for longer than blur does."""
LEAST_SPAN_SECONDS = 0.2
"""Nobody signs faster: shorter spans are hands passing by."""
LEAST_PALMS = 0.2
"""Palm lengths that a hand must move in a span: a frozen picture signs nothing."""
MOST_SHAPE_SPEED = 11.0
"""Greatest median speed in a span of a hand's points about its wrist, in palm lengths a second: 99 % of real recordings
stay under 7 at 15 frames a second, points at random places exceed 12."""
LEAST_BODY = 0.5
"""Share of a span's frames in which shoulders must be seen: most signs are told apart by their place."""
_HISTORY_SECONDS = LONGEST_SECONDS + 1.0
_MOST_FRAMES = 1200
"""Bounds the memory: this many come in that time at 260 frames a second."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch that may be a sign; times in seconds."""

    starts: tuple[float, ...]
    """When it may have begun: when the hands came up or a little before, when the last word was said, or when the hands
    last began to move. Some people rest in sight."""
    end: float
    """When the hands were last up or high; now, if they are still: how they are held tells most."""
    utterance: int
    """Changes after the hands were down, sunk or still for a while: spans of one utterance may be of one sign."""
    final: bool
    """The hands are down; otherwise the same sign may go on."""


class Segmenter:
    """Follows one signer's hands and remembers their recent past."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=_MOST_FRAMES)
        self._points: deque[Floats] = deque(maxlen=_MOST_FRAMES)
        self._summaries: deque[Floats] = deque(maxlen=_MOST_FRAMES)
        self._utterance = 0
        self.reset()

    def reset(self) -> None:
        """Forget the past: another recording follows."""
        self._times.clear()
        self._points.clear()
        self._summaries.clear()
        self._utterance += 1
        self._open = False
        """Whether hands that may be signing are up."""
        self._lowered = False
        """Whether they were seen in the lap since they were up."""
        self._since: float | None = None
        """When the hands came up or moved after a pause, or the last word was said; None if another sign follows."""
        self._moving_since = 0.0
        self._came_up_at = self._up_at = -math.inf
        """When the hands came up, and when they were last seen up."""
        self._high_at: float | None = None
        """When they were last above `SUNK`, if since they came up."""
        self._sunk = False
        self._still_since: float | None = None
        self._resumed_at: float | None = None
        """When they moved after a pause, until it is clear whether they were just lowered."""
        self.hands_up_since = -math.inf
        """Since when the hands have not been down for long."""

    @property
    def times(self) -> Times:
        """(N,) increasing seconds: the frames of the last few seconds."""
        return np.array(self._times)

    @property
    def points(self) -> Floats:
        """(N, POINTS, 3): the points of these frames."""
        return np.stack(self._points)

    def step(self, ts: float, points: Floats) -> Span | None:
        """Take a frame's points (POINTS, 3); returns what may have been a sign until now."""
        if self._times and not 0 < ts - self._times[-1] < BRIDGED_SECONDS:
            self.reset()  # another recording, or no picture came meanwhile
        self._times.append(ts)
        self._points.append(points)
        self._summaries.append(hand_summaries(points))
        while self._times[0] < ts - _HISTORY_SECONDS:
            for kept in (self._times, self._points, self._summaries):
                kept.popleft()
        low = float(drop_below_shoulders(points))
        if low >= RAISED:
            return self._down(ts, seen=math.isfinite(low))
        if ts - self._up_at >= BRIDGED_SECONDS:
            self.hands_up_since = ts
        if not self._open:
            self._came_up(ts)
        self._up_at = ts
        # Without shoulders it is unknown how low the hands are.
        sank = self._sank(ts, high=low < SUNK) if math.isfinite(low) else None
        return sank or self._rested(ts)

    def finish(self, ts: float) -> Span | None:
        """The source ended, and with it what was being signed, unless that was long ago."""
        return self._close() if self._times and ts - self._times[-1] < BRIDGED_SECONDS else None

    def said(self, ts: float) -> None:
        """A word was said of the last span: what follows is another sign."""
        self._since = ts if self._open else None
        self._moving_since = ts
        self._resumed_at = None  # a word was said since the pause: the hands were not just lowered

    def _down(self, ts: float, *, seen: bool) -> Span | None:
        if ts - self._up_at < DOWN_SECONDS:
            return None
        self._lowered |= seen
        return self._close()

    def _close(self) -> Span | None:
        if not self._open:
            return None
        self._open = False
        return self._span(self._up_at, final=True)

    def _came_up(self, ts: float) -> None:
        self._begin(ts, self._up_at)
        self._came_up_at = ts
        self._utterance += self._lowered
        self._open, self._lowered, self._sunk = True, False, False
        self._high_at = self._still_since = self._resumed_at = None

    def _begin(self, ts: float, left_off: float) -> None:
        """Hands move again that stopped at `left_off`."""
        if self._since is None or ts - left_off >= BRIDGED_SECONDS:
            self._since = ts
            self._utterance += 1
        self._moving_since = ts

    def _sank(self, ts: float, *, high: bool) -> Span | None:
        """Hands that sank have ended a sign; when they rise again another begins."""
        if high:
            if self._sunk and self._high_at is not None:
                self._begin(ts, self._high_at)
            self._high_at, self._sunk = ts, False
            return None
        if self._sunk or self._high_at is None or ts - self._high_at < SUNK_SECONDS - ROUNDING_SECONDS:
            return None
        self._sunk = True
        return self._span(self._high_at, final=False)

    def _rested(self, ts: float) -> Span | None:
        """Moving hands that come to rest have ended a sign; when they move again another begins."""
        moves = self._strayed(ts - HOLD_SECONDS) >= HOLD_PALMS
        if self._still_since is None:
            if moves or ts - self._moving_since < HOLD_SECONDS:
                return None
            self._still_since = ts - HOLD_SECONDS
            if self._resumed_at is not None and self._still_since - self._resumed_at >= AGAIN_SECONDS:
                self._utterance += 1
                self._resumed_at = None
            return self._span(ts, final=False)
        if moves:
            self._moving_since = ts - HOLD_SECONDS / 2  # somewhere in the time that is no longer still
            if ts - self._still_since >= PAUSE_SECONDS:
                self._since = self._resumed_at = self._moving_since
            self._still_since = None
        return None

    def _span(self, end: float, *, final: bool) -> Span:
        moving_since = self._moving_since
        if moving_since == self._came_up_at and end - moving_since >= SEEN_SECONDS:
            moving_since -= LEAD_SECONDS
        begun = {start for start in (self._since, moving_since) if start is not None}
        starts = sorted({max(start, end - LONGEST_SECONDS, self._times[0]) for start in begun})
        return Span(tuple(starts), end, self._utterance, final)

    def _strayed(self, since: float) -> float:
        timed = zip(self._times, self._summaries, strict=True)
        return strayed(np.stack([summary for ts, summary in timed if ts >= since - ROUNDING_SECONDS]))


def is_readable(times: Times, points: Floats, start: float, end: float) -> bool:
    """Whether enough happens in a span of points (N, POINTS, 3), by plausible hands, with shoulders in sight."""
    inside = (times >= start - ROUNDING_SECONDS) & (times <= end + ROUNDING_SECONDS)
    if end - start < LEAST_SPAN_SECONDS or strayed(hand_summaries(points[inside])) < LEAST_PALMS:
        return False
    body = np.isfinite(points[inside, BODY.start, 0])
    return bool(body.mean() >= LEAST_BODY and _shape_speed(times[inside], points[inside]) <= MOST_SHAPE_SPEED)


def hand_summaries(points: Floats) -> Floats:
    """(..., POINTS, 3) to (..., 2, 5), for each hand: palm centre, index fingertip from the wrist, palm length."""
    hands = points[..., : BODY.start, :2].reshape(*points.shape[:-2], 2, 21, 2)
    wrist = hands[..., 0, :]
    along = norm(hands[..., 9, :] - wrist)[..., None]
    return np.concatenate([palm_centre(hands), hands[..., 8, :] - wrist, along], axis=-1)


def strayed(marked: Floats) -> float:
    """Extent in palm lengths of the path of the hand in (N, 2, 5) that moves most, or of its index finger."""
    strays = [0.0]
    for hand in marked.swapaxes(0, 1):
        seen = hand[np.isfinite(hand[:, 0])]
        if len(seen) >= 2:
            strays.append(float(np.ptp(seen[:, :4], axis=0).max()) / max(float(np.median(seen[:, 4])), 1e-6))
    return max(strays)


def _shape_speed(times: Times, points: Floats) -> float:
    """Speed of the points of the wilder hand about its wrist, in palm lengths a second, median over the frames."""
    speeds = [0.0]
    for part in (LEFT, RIGHT):
        seen = np.isfinite(points[:, part.start, 0])
        if seen.sum() >= 3:
            shape = points[seen, part, :2] - points[seen, part.start, None, :2]
            ways = norm(np.diff(shape, axis=0)).mean(axis=1)
            size = float(np.median(palm_length(points[seen, part])))
            speeds.append(float(np.median(ways / np.diff(times[seen]))) / size)
    return max(speeds)
