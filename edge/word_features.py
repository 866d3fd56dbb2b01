"""What the word model sees of a signer: one definition, used on the device and in training.

A frame becomes one array of points (`frame_points`): both hands and seven points of the body, isotropic, in pixels. The
span from a sign's beginning to its end is put on a grid of fixed length (`on_grid`), so that 8 and 30 fps, and fast and
slow signers, give the same window. `word_features` then describe every step: each hand's shape in its own palm frame,
its place and movement relative to the shoulders and the face in shoulder widths, how the hands are placed to each
other. A left-hander is mirrored, so that the more active hand is always the right one. What was not seen is zero, and a
flag says so.

Every function takes any number of leading axes: the device calls them on one window, training on thousands.
"""

import numpy as np
from numpy.typing import NDArray

from edge.features import TIPS, flat, norm, palm_centre, palm_frame, palm_length, stretches
from edge.pose_points import ELBOWS, NOSE, SHOULDERS, WRISTS
from edge.types import Floats, Landmarks, Times

WORD_FEATURES_TAG = "words-2"
"""Changes whenever a number in a feature vector changes its meaning; bundles name the tag they were trained on."""

WORD_GRID_STEPS = 24
"""A sign of 1.6 s at 15 Hz, which is what slow cameras and most recordings give."""
LEAST_GRID_SECONDS = 0.3
"""Shorter spans are extended backwards to this."""
GAP_SECONDS = 0.3
"""A hand missing for less is carried over: motion blur hides it for 1 to 4 frames."""
EDGE_SECONDS = 0.1
"""How long a hand still counts before it appears and after it was last seen."""

LEFT, RIGHT, BODY = slice(0, 21), slice(21, 42), slice(42, 49)
POINTS = 49
"""21 of the signer's left hand, 21 of the right, then nose, shoulders, elbows and wrists."""
_POSE = [NOSE, *SHOULDERS, *ELBOWS, *WRISTS]
_NOSE, _LEFT_SHOULDER, _RIGHT_SHOULDER = 42, 43, 44
MIRRORED = np.r_[np.arange(21, 42), np.arange(0, 21), [42, 44, 43, 46, 45, 48, 47]]

PALMS_PER_SHOULDERS = 3.6
"""Shoulder width over palm length: if no body was seen, the hand gives the unit. Median over 17 recorders."""
_LEFT_BEFORE_RIGHT = 1.3, 0.3
"""The left hand leads if it does this many times as much as the right, and this much more."""
_REST_BELOW_SHOULDERS = 1.5
"""Shoulder widths below the shoulders: a lower hand rests."""

RAISED = 1.3
"""A hand up to this many shoulder widths below the shoulders may be signing: lower ones lie in the lap."""

_REACHED = [8, 12, 16, 20, 6, 10]
"""Points whose distance from the thumb's tip tells the hand's shape."""

_CLIP = 2.0
"""Features are scaled to about -1..1 and clipped here: one int8 scale serves them all (step 0.016)."""
_SHAPE_SCALE, _PLACE_SCALE, _SPEED_SCALE = 0.5, 0.7, 3.0
_EPSILON = 1e-6

HAND_CHANNELS = 1 + 30 + 6 + 9 + 6
CHANNELS = 2 * HAND_CHANNELS + 6 + 11
"""Right hand, left hand, the two together, the body."""


def frame_points(landmarks: Landmarks) -> Floats:
    """(POINTS, 3) isotropic pixels, y down, NaN where not seen."""
    points = np.concatenate([landmarks.hands.reshape(42, 3), landmarks.pose[_POSE, :3]])
    return np.asarray(points * np.array([landmarks.width, landmarks.height, landmarks.width]), np.float32)


def on_grid(times: Times, points: Floats, start: float | Times, end: float | Times) -> Floats:
    """Points (N, POINTS, 3) at increasing `times` to (..., WORD_GRID_STEPS, POINTS, 3).

    The grid goes from `start` to `end`, (...,) seconds. Linear between frames, for each hand separately; a short gap
    is bridged, a long one stays NaN.
    """
    wanted = np.linspace(np.minimum(start, np.asarray(end) - LEAST_GRID_SECONDS), end, WORD_GRID_STEPS, axis=-1)
    grid = np.full((wanted.size, POINTS, 3), np.nan, np.float32)
    for part in (LEFT, RIGHT, BODY):
        seen = np.isfinite(points[:, part.start, 0])
        if seen.any():
            grid[:, part] = _interpolated(times[seen], points[seen, part], wanted.ravel())
    return grid.reshape(*wanted.shape, POINTS, 3)


def raised(points: Floats) -> NDArray[np.bool_]:
    """(N, POINTS, 3) to (N,): whether a hand is up in a frame, or without shoulders whether one is seen."""
    return np.asarray(drop_below_shoulders(points) < RAISED)


def drop_below_shoulders(points: Floats) -> Floats:
    """(..., POINTS, 3) to (...,): how far the higher hand is below the shoulders, in shoulder widths.

    Minus infinity without shoulders, infinity without a hand.
    """
    left, right = points[..., _LEFT_SHOULDER, :2], points[..., _RIGHT_SHOULDER, :2]
    hands = points[..., : BODY.start, 1].reshape(*points.shape[:-2], 2, 21).mean(axis=-1)
    below = hands - ((left[..., 1] + right[..., 1]) / 2)[..., None]
    below = np.where(np.isnan(below), -np.inf, below / np.maximum(norm(left - right), _EPSILON)[..., None])
    return np.asarray(np.where(np.isnan(hands), np.inf, below).min(axis=-1), np.float32)


def _interpolated(times: Times, points: Floats, wanted: Times) -> Floats:
    after = np.clip(np.searchsorted(times, wanted), 1, max(len(times) - 1, 1))
    before, after = after - 1, np.minimum(after, len(times) - 1)
    since, until = wanted - times[before], times[after] - wanted
    weight = np.clip(since / np.maximum(since + until, 1e-9), 0.0, 1.0)[:, None, None]
    values = points[before] * (1 - weight) + points[after] * weight
    inside = (since >= 0) & (until >= 0) & (since + until <= GAP_SECONDS)
    near = np.minimum(np.abs(since), np.abs(until)) <= EDGE_SECONDS
    return np.asarray(np.where((inside | near)[:, None, None], values, np.nan), np.float32)


def word_features(grid: Floats) -> Floats:
    """(..., WORD_GRID_STEPS, POINTS, 3) in pixels to (..., WORD_GRID_STEPS, CHANNELS)."""
    seen = np.isfinite(grid[..., [LEFT.start, RIGHT.start, BODY.start], 0]).astype(np.float32)
    points, seen = _right_handed(_in_shoulder_widths(np.nan_to_num(grid), seen), seen)
    hands = _both(points)
    left, right = _hands(hands, points[..., _NOSE, :2], np.moveaxis(seen[..., :2], -1, 0))
    parts = (right, left, _two_hand_channels(hands, seen[..., 0] * seen[..., 1]), _body(points, seen[..., 2]))
    return np.asarray(np.clip(np.concatenate(parts, axis=-1), -_CLIP, _CLIP), np.float32)


def _both(points: Floats) -> Floats:
    """(..., POINTS, 3) to (2, ..., 21, 3): the left hand, and the right one."""
    hands = points[..., : BODY.start, :].reshape(*points.shape[:-2], 2, 21, 3)
    return np.ascontiguousarray(np.moveaxis(hands, -3, 0))


def _in_shoulder_widths(points: Floats, seen: Floats) -> Floats:
    """Points from between the shoulders, in their width (means over the window); without a body the hands give both."""
    hands, hands_seen = _both(points), np.moveaxis(seen[..., :2], -1, 0)
    left, right = points[..., _LEFT_SHOULDER, :2], points[..., _RIGHT_SHOULDER, :2]
    body = seen[..., 2]
    by_body = body.max(axis=-1) > 0
    palm = _mean(palm_length(hands), hands_seen, (0, -1))
    unit = np.where(by_body, _mean(norm(left - right), body, (-1,)), PALMS_PER_SHOULDERS * palm)
    between = _mean(np.float32(0.5) * (left + right), body[..., None], (-2,))
    centre = _mean(palm_centre(hands)[..., :2], hands_seen[..., None], (0, -2))
    placed = points.copy()
    placed[..., :2] -= np.where(by_body[..., None], between, centre)[..., None, None, :]
    return np.asarray(placed / np.maximum(unit, _EPSILON)[..., None, None, None], np.float32)


def _right_handed(points: Floats, seen: Floats) -> tuple[Floats, Floats]:
    """Mirror the windows in which the left hand does more."""
    left, right = _hand_activity(_both(points), np.moveaxis(seen[..., :2], -1, 0))
    factor, more = _LEFT_BEFORE_RIGHT
    left_handed = left > factor * right + more
    if not left_handed.any():
        return points, seen
    mirrored = points[..., MIRRORED, :] * np.array([-1, 1, 1], np.float32)
    return (
        np.where(left_handed[..., None, None, None], mirrored, points),
        np.where(left_handed[..., None, None], seen[..., [1, 0, 2]], seen),
    )


def _hand_activity(hands: Floats, seen: Floats) -> Floats:
    """(2, ...): how far each hand moved and how high it was held, in shoulder widths."""
    centre = palm_centre(hands)[..., :2]
    steps = norm(np.diff(centre, axis=-2)) * seen[..., 1:] * seen[..., :-1]
    height = np.clip(_REST_BELOW_SHOULDERS - centre[..., 1], 0, 2) * seen
    return np.asarray(steps.sum(axis=-1) + 2 * height.mean(axis=-1), np.float32)


def _hands(hands: Floats, nose: Floats, seen: Floats) -> Floats:
    """(2, ..., 21, 3) to (2, ..., HAND_CHANNELS)."""
    size = palm_length(hands)
    relative = (hands - hands[..., :1, :]) / size[..., None, None]
    frame = palm_frame(relative)
    tips = relative.take(TIPS, axis=-2)
    in_palm = np.asarray(tips @ frame.swapaxes(-1, -2), np.float32)
    centre, tip = palm_centre(hands)[..., :2], hands[..., 8, :2]
    places = np.concatenate([centre, tip, centre - nose, tip - nose], axis=-1)
    values = (
        np.ones_like(size)[..., None],
        flat(in_palm) * _SHAPE_SCALE,
        stretches(relative),
        norm(relative.take(_REACHED, axis=-2) - relative[..., 4:5, :]) * _SHAPE_SCALE,
        norm(tips[..., 1:-1, :] - tips[..., 2:, :]) * _SHAPE_SCALE,
        size[..., None],
        frame[..., 1, :],
        frame[..., 2, :],
        places * _PLACE_SCALE,
        norm(tip - nose)[..., None] * _PLACE_SCALE,
        _speeds(np.concatenate([centre, tip, tip - centre], axis=-1), seen),
    )
    return np.asarray(np.concatenate(values, axis=-1) * seen[..., None], np.float32)


def _two_hand_channels(hands: Floats, both: Floats) -> Floats:
    """(..., 6): the left hand from the right one, its palm, its fingertip and how near it is."""
    left, right = hands
    palms = (palm_centre(left) - palm_centre(right))[..., :2]
    tips = (left[..., 8, :] - right[..., 8, :])[..., :2]
    near = np.exp(-norm(palms) / 0.3)[..., None]
    return np.asarray(np.concatenate([palms, tips, near, np.ones_like(near)], axis=-1) * both[..., None], np.float32)


def _body(points: Floats, seen: Floats) -> Floats:
    """(..., 11): flag, then nose, elbows and wrists."""
    places = flat(points[..., [_NOSE, 45, 46, 47, 48], :2]) * _PLACE_SCALE
    return np.asarray(np.concatenate([np.ones_like(places[..., :1]), places], axis=-1) * seen[..., None], np.float32)


def _speeds(tracks: Floats, seen: Floats) -> Floats:
    """Change since the step before, in shoulder widths; 0 if either was not seen."""
    steps = np.diff(tracks, axis=-2, prepend=tracks[..., :1, :])
    both = seen * np.concatenate([np.zeros_like(seen[..., :1]), seen[..., :-1]], axis=-1)
    return np.asarray(steps * both[..., None] * _SPEED_SCALE, np.float32)


def _mean(values: Floats, weights: Floats, axes: tuple[int, ...]) -> Floats:
    """Weighted mean; 0 where nothing has weight."""
    return np.asarray((values * weights).sum(axis=axes) / np.maximum(weights.sum(axis=axes), _EPSILON), np.float32)
