"""Windows cut by the daemon's own segmenter, with the hands at rest before and after a sign, in sight or not."""

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
"""Start and end, in seconds."""
_REST_SECONDS = 0.8, 1.2
_WAY_SECONDS = 0.2, 0.5
"""From where the hands rest to the sign, or back."""
_BELLY = 0.75, 1.2
"""Where lowered hands rest, in shoulder widths below the shoulders."""
_ELSEWHERE = 0.5
"""Standard deviation, in shoulder widths, of where the hands were left before a sign from where it begins."""
_WHOLE = 0.75
"""A part with this share of a sign shows it,"""
_STILL = 0.5
"""and so does one that lacks less than this movement, in palm lengths: the sign is held there."""
_LEAST_SEEN = 3
"""Frames with a hand: with fewer there is no frame rate."""
_LEAST_STEP_SECONDS = 1e-3
"""Unevenly varied times may stand still."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A recording with rests around it, and the start and end of a part that the reader would read."""

    times: Times
    points: Floats
    start: float
    end: float


def cut(times: Times, points: Floats, rng: Rng, *, whole: bool) -> Cut | None:
    """One of the parts of points (T, POINTS, 3) that the segmenter finds, all equally likely; None where there is none.

    With `whole` the part shows the whole sign.
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
    """All parts that the reader would read, if it never said anything."""
    segmenter = Segmenter()
    spans = [span for ts, frame in zip(times, points, strict=True) if (span := segmenter.step(float(ts), frame))]
    ends = ((start, span.end) for span in spans for start in span.starts)
    return [part for part in ends if is_readable(times, points, *part)]


def _shows(part: Stretch, sign: Stretch, times: Times, points: Floats) -> bool:
    """Whether a part has most of a sign, or all but what is held still."""
    start, end = max(part[0], sign[0]), min(part[1], sign[1])
    if end <= start:
        return False
    if end - start >= _WHOLE * (sign[1] - sign[0]):
        return True
    outside = (times >= sign[0]) & (times < start), (times > end) & (times <= sign[1])
    return all(not frames.any() or strayed(hand_summaries(points[frames])) < _STILL for frames in outside)


def _with_rests(times: Times, points: Floats, height: float, width: float, rng: Rng) -> tuple[Times, Floats]:
    """Add rests around a recording that begins and ends with hands; `height` and `width` are the shoulders'."""
    step = float(np.median(np.diff(times)))
    before, leading = _rest(points[0], step, height, width, rng, leads=True)
    after, trailing = _rest(points[-1], step, height, width, rng, leads=False)
    all_times = np.concatenate([times[0] - before[::-1], times, times[-1] + after])
    rising = np.r_[True, np.diff(all_times) > _LEAST_STEP_SECONDS]
    return all_times[rising], np.concatenate([leading[::-1], points, trailing])[rising]


def _rest(frame: Floats, step: float, height: float, width: float, rng: Rng, *, leads: bool) -> tuple[Times, Floats]:
    """(N,) seconds after a frame (POINTS, 3), and its points as the hands go to rest."""
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
