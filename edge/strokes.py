"""Whether the hand really drew a J or Z: the network mistakes many a letter that is carried about for one.

Measured on J and Z of signers that the judging network never saw, where it is sure: in a J the little finger's path
turns by 200 degrees or more and the palm by 75 or more; in a Z the index finger goes to and fro twice. A hand that is
carried, down or slanting or in an arc, does neither.
"""

from dataclasses import replace

import numpy as np

from edge.features import palm_frame, palm_length, palm_width
from edge.labels import MOTION_LETTERS
from edge.types import Floats, Scores

_LIKELY = 0.1
"""A less probable J or Z is not examined: that costs 0.1 ms, and would decide nothing."""
_LITTLE_TIP, _INDEX_TIP = 20, 8
_LEAST_REVERSALS = 2
"""Changes of direction in a Z."""
_STROKE = 0.3
"""Palm widths that each stroke of a Z must reach sideways."""
_LEAST_BEND, _LEAST_TURN = 90.0, 30.0
"""Degrees by which, in a J, the tip's path bends and the palm turns."""
_LEAST_PALM = 1e-3
"""In the points' own unit, pixels or palm widths."""
_PACE = 0.4
"""Palm widths over which a path's direction is taken: less is noise."""


def as_drawn(scores: Scores, past: Floats) -> Scores:
    """The scores without a J or Z that the hand did not draw; `past` as for `is_drawn`."""
    undrawn = [
        index
        for index, label in enumerate(scores.labels)
        if label in MOTION_LETTERS and scores.probabilities[index] >= _LIKELY and not is_drawn(label, past)
    ]
    if not undrawn:
        return scores
    probabilities = scores.probabilities.copy()
    probabilities[undrawn] = 0
    return replace(scores, probabilities=probabilities / max(float(probabilities.sum()), 1e-6))


def is_drawn(letter: str, past: Floats) -> bool:
    """Whether (T, 21, 3) canonical points, two seconds with the newest last, have the strokes of `letter`, J or Z.

    Points that are no hand, with gaps or a palm of no size, have none.
    """
    if not np.isfinite(past).all() or (widths := palm_width(past)).min() < _LEAST_PALM:
        return False
    unit = float(np.median(widths))
    if letter == "Z":
        return _reversals(past[:, _INDEX_TIP, 0] / unit) >= _LEAST_REVERSALS
    return _bend(past[:, _LITTLE_TIP, :2] / unit) >= _LEAST_BEND and _turn(past) >= _LEAST_TURN


def _reversals(across: Floats) -> int:
    """How often a path along one axis changes direction, by a stroke at least."""
    count, way, furthest = 0, 0.0, float(across[0])
    for place in across.tolist():
        gone = place - furthest
        if not way:
            way = float(np.sign(gone)) if abs(gone) > _STROKE else 0.0
        elif gone * way < -_STROKE:
            count, way = count + 1, -way
        elif gone * way < 0:
            continue
        furthest = place if way else furthest
    return count


def _bend(path: Floats) -> float:
    """Greatest angle in degrees between the direction of a path (T, 2) and the one it began with."""
    lengths = np.r_[0.0, np.linalg.norm(np.diff(path, axis=0), axis=1).cumsum()]
    at = np.arange(0.0, lengths[-1], _PACE)
    steps = np.diff([np.interp(at, lengths, path[:, axis]) for axis in (0, 1)], axis=1)
    if steps.shape[1] < 2:
        return 0.0
    turns = np.diff(np.unwrap(np.arctan2(steps[1], steps[0])))
    return float(np.degrees(np.abs(turns.cumsum()).max()))


def _turn(past: Floats) -> float:
    """Greatest angle in degrees between the palm's past orientations and the present one."""
    frames = palm_frame((past - past[:, :1]) / palm_length(past)[:, None, None])
    cosines = (np.einsum("ij,tij->t", frames[-1], frames) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosines, -1, 1)).max()))
