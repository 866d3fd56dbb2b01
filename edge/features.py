"""What the letter model sees of a hand: one definition, used on the device and in training.

A hand is first brought to a canonical form (`canonical`): isotropic, so that the picture's aspect ratio is gone, and
always a right hand, so that left-handers need no data of their own. `shape_features` then describe the hand at one
moment, free of place and scale; `motion_features` describe where it came from in the last two seconds, in palm widths,
so that J and Z can be read. A hand without a past is described as having been still.

Every function takes any number of leading axes: the device calls them on one window, training on thousands.
"""

import numpy as np
from numpy.typing import NDArray

from edge.types import Floats, Side

Indices = NDArray[np.int64]

FEATURES_TAG = "letters-2"
"""Changes whenever a number in a feature vector changes its meaning; bundles name the tag they were trained on."""

LETTER_GRID_STEPS = 30
GRID_SECONDS = 1 / 15
"""The past is sampled on a fixed grid of 2 s, as long as a slow J takes, at the 15 Hz that a slow camera gives."""

WRIST = 0
PALM = [0, 5, 9, 13, 17]
"""Points not moved by the fingers: wrist and knuckles."""
TIPS = [4, 8, 12, 16, 20]
_PALM_SIDES = np.array([(5, 17), (5, 0), (17, 0)])
_BONES = np.array([(k, 0 if k % 4 == 1 else k - 1) for k in range(1, 21)])
"""Every point but the wrist, with the one it is attached to."""
_REACHES = np.array([(tip, tip - 3) for tip in TIPS])
"""Tip and knuckle of every finger."""
_JOINTS = np.array([k for k in range(20) if k % 4])
"""The bones that begin at a joint, not at the wrist."""
_CONTACTS = (0, 3, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 17, 18, 20)
_PAIRS = np.array([(a, b) for k, a in enumerate(_CONTACTS) for b in _CONTACTS[k + 1 :] if not {a, b} <= set(PALM)])
_NEIGHBOURS = np.array([(a - k, b - k) for k in range(3) for a, b in ((8, 12), (12, 16), (16, 20))])
"""Tips, then joints, of neighbouring fingers: R is a U whose fingertips have changed sides, by 0.1 palm lengths."""
_THUMB = np.array([(a, b) for a in (4, 3) for b in range(5, 19)])
"""Only where the thumb ends among the other fingers tells A, E, M, N, S and T apart."""
_TOUCHING = np.array(
    [(4, b) for b in range(5, 21)]
    + [(3, b) for b in (5, 6, 7, 9, 10, 11, 13, 14)]
    + [(8, 12), (12, 16), (16, 20), (8, 5), (12, 9), (16, 13), (20, 17), (8, 16), (7, 11), (8, 11), (7, 12)]
)
"""Points that make a letter by touching: C is an O that does not close."""
_MEASURED = np.concatenate([_PAIRS, _TOUCHING, _BONES, _REACHES])
_MEASURED_ENDS = np.cumsum([len(_PAIRS), len(_TOUCHING), len(_BONES)])

CLIP = 1.5
"""Features are scaled to about -1..1 and clipped here, so that one int8 scale serves them all (step 0.012)."""
_LENGTH_SCALE = 0.5
_FINE_SCALE = 1.5
_PATH_SCALE = 0.25
"""A stretched finger ends about 2 palm lengths from the wrist, a drawn Z spans about 4 palm widths."""
_WIDTH_SHARE = 0.83
"""Palm width over palm length as measured here: median over the stills of 15 sources (0.79 to 0.90)."""
_EPSILON = 1e-6

_TOUCH_LENGTH = 0.25
"""Palm lengths apart at which two points count as half touching."""

SHAPE_SIZE = (
    20 * 3 * 2 + len(_PAIRS) + len(_JOINTS) + len(TIPS) + 3 * (len(_NEIGHBOURS) + len(_THUMB)) + 2 * len(_TOUCHING)
)
MOTION_CHANNELS = 17
FEATURE_SIZE = SHAPE_SIZE + LETTER_GRID_STEPS * MOTION_CHANNELS
"""Length of the vector `letter_features` gives: the shape, then the motion row by row, oldest first."""


def canonical(hand: Floats, width: int, height: int, side: Side) -> Floats:
    """Landmark-store points (..., 21, 3) to isotropic pixels, as if of a right hand; y points down."""
    mirror = -1.0 if side == "left" else 1.0
    return np.asarray(hand * np.array([mirror * width, height, width]), dtype=np.float32)


def palm_centre(points: Floats) -> Floats:
    """(..., 3): mean of wrist and knuckles."""
    return np.asarray(points.take(PALM, axis=-2).sum(axis=-2) / np.float32(len(PALM)), dtype=np.float32)


def palm_width(points: Floats) -> Floats:
    """(...,): index knuckle to little-finger knuckle in pixels, the unit for all movement."""
    return palm_length(points) * np.float32(_WIDTH_SHARE)


def palm_length(points: Floats) -> Floats:
    """(...,): size of the palm in pixels, the unit for the hand's own shape.

    Mean of three lengths across the palm, in 3-D: a single one, or any in the picture plane, shrinks to nothing when
    the hand points at the camera.
    """
    sides = norm(_between(points, _PALM_SIDES)).sum(axis=-1)
    return np.asarray(np.maximum(sides / np.float32(3), np.float32(_EPSILON)), dtype=np.float32)


def letter_features(grid: Floats) -> Floats:
    """(..., LETTER_GRID_STEPS, 21, 3) canonical points, newest last, to (..., FEATURE_SIZE)."""
    motion = motion_features(grid)
    return np.concatenate([shape_features(grid[..., -1, :, :]), flat(motion)], axis=-1)


def shape_features(points: Floats) -> Floats:
    """(..., 21, 3) canonical points to (..., SHAPE_SIZE).

    Coordinates as the camera sees them and in the palm's own frame (letters such as G and Q, K and P differ only in
    orientation; all others should not depend on it), distances, the bend of every joint, how far each finger is
    stretched; and, enlarged, what small differences decide: neighbouring fingers, the thumb's place, touching points.
    """
    relative: Floats = (points - points[..., WRIST : WRIST + 1, :]) / palm_length(points)[..., None, None]
    in_palm = np.asarray(relative @ palm_frame(relative).swapaxes(-1, -2), dtype=np.float32)
    ways = _between(relative, _MEASURED)
    lengths = norm(ways)
    pairs, touching, bones, reaches = np.split(lengths, _MEASURED_ENDS, axis=-1)
    directions = ways[..., _MEASURED_ENDS[1] : _MEASURED_ENDS[2], :] / (bones[..., None] + _EPSILON)
    parts = (
        flat(relative[..., 1:, :]) * _LENGTH_SCALE,
        flat(in_palm[..., 1:, :]) * _LENGTH_SCALE,
        pairs * _LENGTH_SCALE,
        _dot(directions.take(_JOINTS - 1, axis=-2), directions.take(_JOINTS, axis=-2)),
        _stretches(bones, reaches),
        flat(_between(in_palm, _NEIGHBOURS)) * _FINE_SCALE,
        flat(_between(in_palm, _THUMB)),
        np.exp(-touching / _TOUCH_LENGTH),
        touching / (2 * _TOUCH_LENGTH),
    )
    return _clipped(np.concatenate(parts, axis=-1))


def motion_features(grid: Floats) -> Floats:
    """(..., T, 21, 3) canonical points to (..., T, MOTION_CHANNELS).

    Paths of palm centre, index tip and little-finger tip in the picture, relative to their newest place; where the palm
    points and faces; how far each finger is stretched, since a path is a J only if an I draws it.
    """
    relative = grid - grid[..., WRIST : WRIST + 1, :]
    length = palm_length(grid)[..., None]
    frame = palm_frame(relative)
    paths = np.concatenate([palm_centre(grid)[..., :2], grid[..., 8, :2], grid[..., 20, :2]], axis=-1)
    parts = (
        (paths - paths[..., -1:, :]) / (length[..., -1:, :] * np.float32(_WIDTH_SHARE)) * _PATH_SCALE,
        frame[..., 1, :],
        frame[..., 2, :],
        norm(relative.take(TIPS, axis=-2)) / length * _LENGTH_SCALE,
    )
    return _clipped(np.concatenate(parts, axis=-1))


def palm_frame(points: Floats) -> Floats:
    """(..., 3, 3) rows: across the palm, along it (wrist to middle knuckle), out of it."""
    wrist = points[..., WRIST, :]
    frame = np.empty((*points.shape[:-2], 3, 3), np.float32)
    across, along, out = (frame[..., row, :] for row in range(3))
    along[...] = _unit(points[..., 9, :] - wrist)
    out[...] = _unit(_cross(points[..., 5, :] - wrist, points[..., 17, :] - wrist))
    across[...] = _cross(along, out)
    return frame


def stretches(points: Floats) -> Floats:
    """(..., 5): distance from knuckle to tip over the finger's length."""
    return _stretches(norm(_between(points, _BONES)), norm(_between(points, _REACHES)))


def _stretches(bones: Floats, reaches: Floats) -> Floats:
    fingers = bones.reshape(*bones.shape[:-1], len(TIPS), 4)[..., 1:].sum(axis=-1)
    return np.asarray(reaches / (fingers + _EPSILON), dtype=np.float32)


def _between(points: Floats, pairs: Indices) -> Floats:
    return points.take(pairs[:, 0], axis=-2) - points.take(pairs[:, 1], axis=-2)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / (norm(vectors)[..., None] + _EPSILON), dtype=np.float32)


def norm(vectors: Floats) -> Floats:
    """(..., D) to (...,): Euclidean norm, four times as fast as numpy's on arrays this small."""
    return np.asarray(np.sqrt(_dot(vectors, vectors)), dtype=np.float32)


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("...i,...i->...", a, b), dtype=np.float32)


def _cross(a: Floats, b: Floats) -> Floats:
    """Cross product over the last axis, three times as fast as numpy's on arrays this small."""
    product = np.empty_like(a)
    for axis, (one, other) in enumerate(((1, 2), (2, 0), (0, 1))):
        product[..., axis] = a[..., one] * b[..., other] - a[..., other] * b[..., one]
    return product


def flat(points: Floats) -> Floats:
    """(..., N, D) to (..., N * D)."""
    return points.reshape(*points.shape[:-2], -1)


def _clipped(values: Floats) -> Floats:
    return np.asarray(values.clip(-CLIP, CLIP), dtype=np.float32)
