"""Control gestures, told from one hand's landmarks by geometry alone: none is a letter, and none needs training."""

import numpy as np

from edge.features import TIPS, WRIST, palm_frame, palm_length, stretches
from edge.types import Floats

_CURLED, _STRETCHED, _THUMB_STRETCHED = 0.85, 0.9, 0.75
"""Knuckle to tip over the finger's length. With a raised thumb fingers reach 0.66, in an open palm at least 0.99."""
_UPRIGHT = 0.7
"""Least vertical share of the thumb's direction, or upward share of the palm's: 45 degrees off at most."""
_CLEAR_PALMS = 0.4
"""How much further up, or down, than the rest of the hand the thumb ends. Raised thumbs reach 0.58 to 0.87; of 27,000
letters 4 look like raised or lowered thumbs at 0.4 and 160 at 0.2, of which the letter model calls none and 66
`nothing`."""
_FACING = -0.6
"""Of the palm's normal towards the camera; most hands at rest show their back."""
_SPREAD_PALMS, _THUMB_OUT_PALMS = 1.0, 0.8
"""Least distances from index tip to little tip and from thumb tip to index tip: not a B, an F or a flat hand."""


def gesture_of(points: Floats) -> str | None:
    """The gesture of canonical points (21, 3), or None."""
    length = float(palm_length(points))
    thumb, *fingers = stretches(points).tolist()
    if thumb < _THUMB_STRETCHED:
        return None
    if max(fingers) < _CURLED:
        return _thumb(points, length)
    if min(fingers) >= _STRETCHED and _is_open(points, length):
        return "open_palm"
    return None


def _thumb(points: Floats, length: float) -> str | None:
    along = points[4] - points[2]
    down = float(along[1] / max(float(np.linalg.norm(along)), 1e-6))
    rest = np.append(points[5:, 1], points[WRIST, 1])
    if down <= -_UPRIGHT and points[4, 1] < rest.min() - _CLEAR_PALMS * length:
        return "thumb_up"
    if down >= _UPRIGHT and points[4, 1] > rest.max() + _CLEAR_PALMS * length:
        return "thumb_down"
    return None


def _is_open(points: Floats, length: float) -> bool:
    _, along, out = palm_frame(points - points[WRIST])
    thumb, index, *_, little = points[TIPS]
    spread = float(np.linalg.norm(index - little)) / length
    apart = float(np.linalg.norm(thumb - index)) / length
    return bool(along[1] < -_UPRIGHT and out[2] < _FACING and spread >= _SPREAD_PALMS and apart >= _THUMB_OUT_PALMS)
