"""From landmarks to words as they happen: a sign ends when the hands go down or come to rest, and is said once.

Driven by the time stamps of the landmarks alone, so a replay at any speed gives what the live run gave.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from edge.bundle import Bundle
from edge.features import palm_centre, palm_length
from edge.letters import NOTHING
from edge.prototypes import NO_SIGNS, Prototypes
from edge.types import SIDES, Emission, Floats, Landmarks, Side
from edge.word_features import BODY, LEFT, RIGHT, Times, frame_points, raised
from edge.words import LONGEST_SECONDS, WordModel, span_features

DOWN_SECONDS = 0.25
"""Hands that are down or gone for so long have finished a sign: blur hides a hand for up to 0.2 s."""
HOLD_SECONDS = 0.6
"""Hands that stand still in the air for so long have finished one too; signs that are held are said while held."""
HOLD_PALMS = 0.35
"""A hand that stayed within so many palm lengths stands still."""
BRIDGED_SECONDS = 0.7
"""Hands that come back so soon, where nothing was said, go on with the same sign: they are lost for longer than blur
hides them where they cross the face or leave the picture."""
SHORTEST_SECONDS = 0.2
"""Nobody signs faster: shorter spans are hands that pass."""
LEAST_PALMS = 0.2
"""Palm lengths that a hand must stray in a span: a frozen picture signs nothing."""
MOST_SHAPE_SPEED = 11.0
"""Palm lengths a second at which the points of a hand may move about its wrist, in the median of a span: 99 % of real
recordings stay under 7 at 15 frames a second, points at random places are beyond 12."""
LEAST_BODY = 0.5
"""Share of a span's frames in which somebody's shoulders must be seen: most signs are told apart by their place."""
_FLOOR = 0.8
"""Of a bundle that names none."""
_HISTORY_SECONDS = LONGEST_SECONDS + 1.0
_MOST_FRAMES = 300
"""Bounds the memory whatever the frame rate."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the network says of a span."""

    start: float
    probabilities: Floats
    """(labels,): active words and `nothing`."""
    embedding: Floats


_Found = tuple[str, float, _Reading]
"""Label, confidence, and where it was found."""


class WordReader:
    """One signer's stream of landmarks to words."""

    def __init__(self, bundle: Bundle, active: Collection[str] | None = None, taught: Prototypes = NO_SIGNS) -> None:
        """`active`: the words that may be said; without it all that are not shipped disabled, and all taught."""
        self.bundle = bundle
        self._taught = taught if active is None else taught.only(active)
        self._model = WordModel(bundle)
        point = bundle.operating_point
        allowed = set(bundle.labels) - set(point.get("disabled", ())) if active is None else {*active, NOTHING}
        allowed -= set(self._taught.glosses)  # shipped disabled, taught here
        self._mask = np.array([label in allowed for label in bundle.labels], np.float32)
        self._floors = {
            label: float(point.get("floors", {}).get(label, point.get("floor", _FLOOR))) for label in bundle.labels
        }
        self.abstentions = 0
        """Spans that ended without a word because the model was not sure."""
        self._times: deque[float] = deque(maxlen=_MOST_FRAMES)
        self._points: deque[Floats] = deque(maxlen=_MOST_FRAMES)
        self._up_since: float | None = None
        """When the hands came up, or the last word was said."""
        self._moving_since: float | None = None
        """When the hands last began to move: some people rest them before the belly, in sight."""
        self._up_at = self.hands_up_since = -math.inf
        """When hands were seen up last, and since when they have not been down for long, whatever was said."""
        self._unsaid: tuple[float, float] | None = None
        """From when to when hands were up last, if nothing was said then."""
        self._resting = False
        self._said_label: str | None = None
        """The word said since the hands came up: going on to hold it says nothing new."""

    def step(self, landmarks: Landmarks) -> list[Emission]:
        """Take one frame; returns at most one word."""
        ts = landmarks.ts
        if self._times and not 0 < ts - self._times[-1] < BRIDGED_SECONDS:
            self.reset()  # another recording, or no picture came meanwhile
        points = frame_points(landmarks)
        self._times.append(ts)
        self._points.append(points)
        while self._times[0] < ts - _HISTORY_SECONDS:
            self._times.popleft()
            self._points.popleft()
        if raised(points[None])[0]:
            if ts - self._up_at >= BRIDGED_SECONDS:
                self.hands_up_since = ts
            if self._up_since is None:
                self._up_since, self._moving_since = self._began(ts), ts
            self._up_at = ts
            return self._held(ts)
        if self._up_since is None or ts - self._up_at < DOWN_SECONDS:
            return []
        return self._ended(ts)

    def finish(self, ts: float) -> list[Emission]:
        """The source ended: so has what was being signed."""
        return self._ended(ts) if self._up_since is not None else []

    def _began(self, ts: float) -> float:
        """When the sign of hands that come up at `ts` began."""
        since, until = self._unsaid or (ts, ts)
        return since if ts - until < BRIDGED_SECONDS else ts

    def _ended(self, ts: float) -> list[Emission]:
        said = self._decide(self._up_at, ts, final=True)
        self._unsaid = None if said or self._up_since is None else (self._up_since, self._up_at)
        self._up_since = self._moving_since = self._said_label = None
        return said

    def reset(self) -> None:
        """Forget the past: another recording follows."""
        self._times.clear()
        self._points.clear()
        self._up_since = self._moving_since = self._said_label = self._unsaid = None
        self._resting = False
        self._up_at = self.hands_up_since = -math.inf

    def _held(self, ts: float) -> list[Emission]:
        """Decide when moving hands come to rest; the next sign begins when they move again."""
        if ts - self._times[0] < HOLD_SECONDS or self._strayed(ts - HOLD_SECONDS) >= HOLD_PALMS:
            if self._resting:
                self._resting, self._moving_since = False, ts - HOLD_SECONDS / 2
            return []
        if self._resting:
            return []
        self._resting = True
        said = self._decide(ts - HOLD_SECONDS / 2, ts, final=False)
        if said:
            self._up_since = self._moving_since = ts
        return said

    def _decide(self, end: float, ts: float, *, final: bool) -> list[Emission]:
        """Read what led up to `end`; what is sure enough is said, unless it is only the last word going on."""
        readings = self._readings(end)
        if not readings:
            return []
        candidates = [found for found in (self._word(readings), self._taught_sign(readings)) if found is not None]
        if not candidates:
            self.abstentions += final
            return []
        label, confidence, reading = max(candidates, key=lambda found: found[1])
        if label == self._said_label:
            return []
        self._said_label = label
        return [self._emission(label, confidence, reading, end, ts)]

    def _word(self, readings: Sequence[_Reading]) -> _Found | None:
        """The bundle's word in the surest reading, if it reaches its floor."""
        surest = max(readings, key=lambda reading: float(reading.probabilities.max()))
        label = self._model.labels[int(surest.probabilities.argmax())]
        confidence = float(surest.probabilities.max())
        return None if label == NOTHING or confidence < self._floors[label] else (label, confidence, surest)

    def _taught_sign(self, readings: Sequence[_Reading]) -> _Found | None:
        """The taught sign nearest to a reading, if near enough."""
        found = [(*nearest, reading) for reading in readings if (nearest := self._taught.nearest(reading.embedding))]
        return max(found, key=lambda each: each[1], default=None)

    def _readings(self, end: float) -> list[_Reading]:
        """What the network says of the span since the hands came up, and since they moved; none where nothing is."""
        begun = [start for start in (self._up_since, self._moving_since) if start is not None]
        times, points = np.array(self._times), np.stack(self._points)
        starts = [
            start
            for start in sorted({max(start, end - LONGEST_SECONDS) for start in begun})
            if is_readable(times, points, start, end)
        ]
        if not starts:
            return []
        windows = span_features(times, points, np.array(starts), end)
        return [self._reading(start, cuts) for start, cuts in zip(starts, windows, strict=True)]

    def _reading(self, start: float, cuts: Floats) -> _Reading:
        probabilities, embedding = self._model.mean(cuts)
        active = probabilities * self._mask
        return _Reading(start, np.asarray(active / max(float(active.sum()), 1e-9), np.float32), embedding)

    def _emission(self, label: str, confidence: float, reading: _Reading, end: float, ts: float) -> Emission:
        labels = self._model.labels
        words = [(labels[int(k)], float(reading.probabilities[k])) for k in np.argsort(reading.probabilities)[::-1][:4]]
        return Emission(
            type="word",
            label=label,
            confidence=confidence,
            alternatives=tuple(words if words[0][0] == label else [(label, confidence), *words[:3]]),
            started_at=reading.start,
            ended_at=end,
            decided_at=ts,
            hand=self._leading(reading.start),
        )

    def _strayed(self, since: float) -> float:
        return _strayed(np.stack([p for t, p in zip(self._times, self._points, strict=True) if t >= since - 1e-6]))

    def _leading(self, start: float) -> Side:
        """The hand that was seen more since then."""
        points = np.stack([p for t, p in zip(self._times, self._points, strict=True) if t >= start])
        seen = [int(np.isfinite(points[:, part.start, 0]).sum()) for part in (LEFT, RIGHT)]
        return SIDES[int(seen[1] >= seen[0])]


def is_readable(times: Times, points: Floats, start: float, end: float) -> bool:
    """Whether enough happened in a span of points (N, POINTS, 3), by hands that can be real, shoulders in sight."""
    inside = (times >= start - 1e-6) & (times <= end + 1e-6)
    if end - start < SHORTEST_SECONDS or _strayed(points[inside]) < LEAST_PALMS:
        return False
    body = np.isfinite(points[inside, BODY.start, 0])
    return bool(body.mean() >= LEAST_BODY and _shape_speed(times[inside], points[inside]) <= MOST_SHAPE_SPEED)


def _strayed(points: Floats) -> float:
    """How wide the way of the hand that goes furthest is, or of its index finger, in palm lengths."""
    strays = [0.0]
    for part in (LEFT, RIGHT):
        hand = points[np.isfinite(points[:, part.start, 0]), part]
        if len(hand) >= 2:
            centre = palm_centre(hand)[:, :2]
            size = float(np.median(np.linalg.norm(hand[:, 9, :2] - hand[:, 0, :2], axis=-1)))
            tips = hand[:, 8, :2] - hand[:, 0, :2]
            spread = max(np.ptp(centre, axis=0).max(), np.ptp(tips, axis=0).max())
            strays.append(float(spread) / max(size, 1e-6))
    return max(strays)


def _shape_speed(times: Times, points: Floats) -> float:
    """How fast the points of the wilder hand move about its wrist, in palm lengths a second, median over the frames."""
    speeds = [0.0]
    for part in (LEFT, RIGHT):
        seen = np.isfinite(points[:, part.start, 0])
        if seen.sum() >= 3:
            shape = points[seen, part, :2] - points[seen, part.start, None, :2]
            ways = np.linalg.norm(np.diff(shape, axis=0), axis=-1).mean(axis=1)
            size = float(np.median(palm_length(points[seen, part])))
            speeds.append(float(np.median(ways / np.diff(times[seen]))) / size)
    return max(speeds)
