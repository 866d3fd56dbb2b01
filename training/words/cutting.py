"""Windows as the daemon's own segmenter cuts them, of hands that rest before a sign and after it, in sight or not."""

from dataclasses import dataclass

import numpy as np

from edge.segmenter import Segmenter, hand_summaries, is_readable, strayed
from edge.types import Floats, Times
from edge.word_features import BODY, LEFT, RIGHT
from edge.words import active_span
from training.types import Rng
from training.words.data import shoulders
from training.words.resting import RESTS, Rest, lowered, trembling

Stretch = tuple[float, float]
"""From when to when, in seconds."""
_REST_SECONDS = 0.8, 1.2
_WAY_SECONDS = 0.2, 0.5
"""From where the hands rest to the sign, and back."""
_BELLY = 0.75, 1.2
"""Shoulder widths under the shoulders, where lowered hands rest."""
_ELSEWHERE = 0.5
"""Shoulder widths, standard deviation: how far from a sign's beginning the one before it left the hands."""
_WHOLE = 0.75
"""A sign is shown by a part with this share of it,"""
_STILL = 0.5
"""or by one that leaves out less than so many palm lengths of movement: the sign is held there."""
_LEAST_SEEN = 3
"""Frames with a hand: fewer have no rate."""
_LEAST_STEP_SECONDS = 1e-3
"""Times varied unevenly may stand still."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A recording with rests around it, and a part of it that the reader would read."""

    times: Times
    points: Floats
    start: float
    end: float


def cut(times: Times, points: Floats, rng: Rng, *, whole: bool) -> Cut | None:
    """Of points (T, POINTS, 3) one of the parts that the segmenter finds, each as likely; None where it finds none.

    With `whole` the part shows the sign, not a piece of it.
    """
    sign = active_span(times, points)
    middle, width = shoulders(points)
    seen = np.flatnonzero(np.isfinite(points[:, [LEFT.start, RIGHT.start], 0]).any(axis=1))
    if sign is None or not np.isfinite(width) or len(seen) < _LEAST_SEEN:
        return None
    inside = slice(seen[0], seen[-1] + 1)
    rested_times, rested = _with_rests(times[inside], points[inside], float(middle[1]), width, rng)
    found = [part for part in _parts(rested_times, rested) if not whole or _shows(part, sign, times, points)]
    return Cut(rested_times, rested, *found[rng.integers(len(found))]) if found else None


def _parts(times: Times, points: Floats) -> list[Stretch]:
    """All that the reader would read while it says nothing."""
    segmenter = Segmenter()
    spans = [span for ts, frame in zip(times, points, strict=True) if (span := segmenter.step(float(ts), frame))]
    ends = ((start, span.end) for span in spans for start in span.starts)
    return [part for part in ends if is_readable(times, points, *part)]


def _shows(part: Stretch, sign: Stretch, times: Times, points: Floats) -> bool:
    """Whether most of a sign is in a part, or all but what is held still."""
    start, end = max(part[0], sign[0]), min(part[1], sign[1])
    if end <= start:
        return False
    if end - start >= _WHOLE * (sign[1] - sign[0]):
        return True
    outside = (times >= sign[0]) & (times < start), (times > end) & (times <= sign[1])
    return all(not frames.any() or strayed(hand_summaries(points[frames])) < _STILL for frames in outside)


def _with_rests(times: Times, points: Floats, height: float, width: float, rng: Rng) -> tuple[Times, Floats]:
    """A recording that begins and ends with hands, with rests around it; `height` and `width` are the shoulders'."""
    step = float(np.median(np.diff(times)))
    before, leading = _rest(points[0], step, height, width, rng, leads=True)
    after, trailing = _rest(points[-1], step, height, width, rng, leads=False)
    all_times = np.concatenate([times[0] - before[::-1], times, times[-1] + after])
    rising = np.r_[True, np.diff(all_times) > _LEAST_STEP_SECONDS]
    return all_times[rising], np.concatenate([leading[::-1], points, trailing])[rising]


def _rest(frame: Floats, step: float, height: float, width: float, rng: Rng, *, leads: bool) -> tuple[Times, Floats]:
    """(N,) seconds from a frame (POINTS, 3) on, and its points on their way to where the hands rest."""
    rest = RESTS[rng.integers(len(RESTS))]
    away = step * np.arange(1, 1 + int(rng.uniform(*_REST_SECONDS) / step))
    frames = np.repeat(frame[None], len(away), axis=0)
    hands = frame[: BODY.start].reshape(2, 21, 3)
    gone = np.minimum(away / rng.uniform(*_WAY_SECONDS), 1)[:, None, None, None]
    moving = trembling(hands + gone * (_place(rest, hands, height, width, rng, leads=leads) - hands), rng)
    frames[:, : BODY.start] = moving.reshape(len(away), -1, 3)
    return np.asarray(away, np.float64), frames


def _place(rest: Rest, hands: Floats, height: float, width: float, rng: Rng, *, leads: bool) -> Floats:
    """Where the hands (2, 21, 3) rest."""
    match rest:
        case "away":
            return np.full_like(hands, np.nan)
        case "lowered":
            return lowered(hands, height + rng.uniform(*_BELLY) * width)
        case "kept":
            shift = np.append(rng.normal(0, _ELSEWHERE * width, 2), 0) if leads else np.zeros(3)
            return np.asarray(hands + shift, np.float32)
