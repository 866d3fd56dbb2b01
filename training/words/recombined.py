"""Signs that nobody knows, made from known ones: the hands of one on the paths of another, or one backwards.

Few signs outside the vocabulary may be trained on. A sign is hand shape, place and movement (W. Stokoe, 1960); another
combination of them is another sign, or none. One that looks like the sign it was made from is left out.
"""

import numpy as np

from edge.features import palm_length
from edge.types import Floats
from edge.word_features import LEFT, RIGHT
from edge.words import active_span
from training.words.data import Track, shoulders

_PHASES = 40
"""Moments of a sign, evenly from its beginning to its end."""
_SHORTEST_SECONDS = 0.3
_LEAST_APART_WAY = 0.5
"""Mean distance between the wrists, in shoulder widths."""
_LEAST_APART_SHAPE = 0.35
"""Mean distance between the points of the hands relative to the wrist, in palm lengths."""
_HANDS = (LEFT, RIGHT)


def phases(track: Track) -> Floats | None:
    """(_PHASES, POINTS, 3) of a sign; None where there is none, or no body to measure it by."""
    span = active_span(track.times, track.points)
    if span is None or span[1] - span[0] < _SHORTEST_SECONDS or not np.isfinite(shoulders(track.points)[1]):
        return None
    at = np.linspace(*span, _PHASES)
    return np.asarray(track.points[np.abs(track.times - at[:, None]).argmin(axis=1)], np.float32)


def backwards(sign: Floats) -> Floats | None:
    """The sign from end to beginning; None where that looks the same."""
    turned = sign[::-1]
    return turned if _ways_apart(sign, turned) >= _LEAST_APART_WAY else None


def on_the_way_of(way: Floats, shape: Floats) -> Floats | None:
    """The hands of `shape` moving as those of `way`; None where the two look alike, or share no hand."""
    if _ways_apart(way, shape) < _LEAST_APART_WAY or _shapes_apart(way, shape) < _LEAST_APART_SHAPE:
        return None
    made = way.copy()
    for part in _HANDS:
        to, of = way[:, part], shape[:, part]
        if min(np.isfinite(hand[:, 0, 0]).mean() for hand in (to, of)) >= 0.5:
            size = np.nanmedian(palm_length(to)) / np.nanmedian(palm_length(of))
            made[:, part] = (of - of[:, :1]) * size + to[:, :1]
    return made if not np.array_equal(made, way, equal_nan=True) else None


def _ways_apart(a: Floats, b: Floats) -> float:
    """Of the hand that tells more, in shoulder widths; 0 where no hand is in both."""
    ways = []
    for sign in (a, b):
        middle, width = shoulders(sign)
        ways.append([(sign[:, part.start, :2] - middle) / width for part in _HANDS])
    return max(_apart(one, other) for one, other in zip(*ways, strict=True))


def _shapes_apart(a: Floats, b: Floats) -> float:
    """Of the hand that tells more, in palm lengths; 0 where no hand is in both."""
    shapes = [
        [(sign[:, part] - sign[:, part][:, :1]) / palm_length(sign[:, part])[:, None, None] for part in _HANDS]
        for sign in (a, b)
    ]
    return max(_apart(one, other) for one, other in zip(*shapes, strict=True))


def _apart(a: Floats, b: Floats) -> float:
    distances = np.linalg.norm(a - b, axis=-1)
    seen = np.isfinite(distances)
    return float(distances[seen].mean()) if seen.mean() > 0.4 else 0.0
