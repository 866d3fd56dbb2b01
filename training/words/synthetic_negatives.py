"""Recordings that nobody made, taught as `nothing`: half signs, spelling and gesturing hands, nobody's hands."""

from dataclasses import replace

import numpy as np

from edge.features import palm_length
from edge.labels import NOTHING
from edge.types import Floats
from edge.word_features import BODY, PALMS_PER_SHOULDERS, POINTS, RIGHT
from edge.words import active_span
from training.types import Rng
from training.words import recombined
from training.words.data import Track, shoulders

_HALF, _LEAST_FRAMES = 0.3, 3
_GESTURE_STEPS, _GESTURE_FPS = 40, 15
_BACKWARDS = 0.3
"""Share of the recombined signs that are one sign backwards."""
_TRIES = 20
"""Draws until a recombined sign differs from its originals."""


def half(sign: Track) -> Track | None:
    """The first third of a sign could still become many others."""
    span = active_span(sign.times, sign.points)
    if span is None:
        return None
    kept = sign.times < span[0] + _HALF * (span[1] - span[0])
    if kept.sum() < _LEAST_FRAMES:
        return None
    return replace(sign, times=sign.times[kept], points=sign.points[kept], label=NOTHING)


def spelled(hand: Track, person: Track, rng: Rng) -> Track | None:
    """A spelling hand before somebody's shoulder."""
    middle, width = shoulders(person.points)
    if not np.isfinite(width):
        return None
    points = _standing(person, len(hand.times))
    size = float(np.median(palm_length(hand.points[:, RIGHT])))
    placed = hand.points[:, RIGHT] - hand.points[:1, RIGHT, :1]
    placed *= width / PALMS_PER_SHOULDERS * np.exp(rng.normal(0, 0.15)) / max(size, 1e-3)
    placed[..., :2] += middle + width * np.array([rng.uniform(-1.1, 0.1), rng.uniform(-0.3, 0.9)])
    points[:, RIGHT] = placed
    return replace(hand, points=points, gloss="_spelled", label=NOTHING, fps_known=True)


def gesture(person: Track, rng: Rng) -> Track | None:
    """Scratching, pointing, reaching: a hand on a random path."""
    middle, width = shoulders(person.points)
    seen = np.flatnonzero(np.isfinite(person.points[:, RIGHT.start, 0]))
    if not np.isfinite(width) or not len(seen):
        return None
    points = _standing(person, _GESTURE_STEPS)
    pose = person.points[seen[rng.integers(len(seen))], RIGHT]
    points[:, RIGHT] = (pose - pose[:1])[None]
    points[:, RIGHT, :2] += (middle + width * _stray_way(rng))[:, None]
    times = np.arange(_GESTURE_STEPS) / _GESTURE_FPS
    return replace(person, times=times, points=points, gloss="_gesture", label=NOTHING, fps_known=False)


def recombination(tracks: list[Track], rng: Rng) -> tuple[Track, Track | None] | None:
    """A sign with the hands of another, and that other; or a sign backwards, and None."""
    for _ in range(_TRIES):
        way, shape = (tracks[rng.integers(len(tracks))] for _ in range(2))
        going, shaped = recombined.phases(way), recombined.phases(shape)
        if going is None or shaped is None or way.gloss == shape.gloss:
            continue
        back = rng.random() < _BACKWARDS
        points = recombined.backwards(going) if back else recombined.on_the_way_of(going, shaped)
        if points is not None:
            times = np.arange(len(points)) * way.seconds / len(points)
            made = replace(way, times=times, points=points, label=NOTHING, fps_known=False)
            return made, None if back else shape
    return None


def empty(person: Track) -> Track:
    """Somebody without hands, or nobody."""
    points = person.points.copy()
    points[:, : BODY.start] = np.nan
    return replace(person, points=points, gloss="_empty", label=NOTHING)


def _standing(person: Track, count: int) -> Floats:
    """Somebody's body without hands, for `count` frames."""
    points = np.full((count, POINTS, 3), np.nan, np.float32)
    points[:, BODY] = person.points[np.minimum(np.arange(count), len(person.points) - 1), BODY]
    return points


def _stray_way(rng: Rng) -> Floats:
    """(_GESTURE_STEPS, 2): from the lap to anywhere, in shoulder widths."""
    knots = np.stack([rng.uniform(-1.3, 0.6, 5), rng.uniform(-0.9, 1.8, 5)], axis=1)
    knots[0, 1] = rng.uniform(1.3, 2.0)
    at = np.sort(rng.uniform(0, 1, 5))
    when = np.linspace(0, 1, _GESTURE_STEPS)
    path = np.stack([np.interp(when, at, knots[:, axis]) for axis in (0, 1)], axis=1)
    smooth = [np.convolve(np.pad(p, 3, mode="edge"), np.ones(7) / 7, "valid") for p in path.T]
    return np.asarray(np.stack(smooth, axis=1))
