"""Makes still hands move: holding, drifting, changing letter, drawing J and Z.

All take poses (B, 21, 3), wrist at the origin, palm length 1, and give windows (B, LETTER_GRID_STEPS, 21, 3) of a right
hand seen by the camera, newest frame last, y down: its J hooks towards +x, its Z begins towards -x.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edge.features import GRID_SECONDS, LETTER_GRID_STEPS
from edge.types import Floats
from training.augment import rotations, turned_like
from training.letters.data import TIP_OF
from training.types import Rng

TIMES = (GRID_SECONDS * np.arange(1 - LETTER_GRID_STEPS, 1)).astype(np.float32)
"""Seconds from now of each grid step (0 or less)."""
Reals = NDArray[np.float64]
Draw = Callable[[Floats, Reals, Rng], tuple[Floats, Floats]]
"""From poses, the drawing's end in seconds from now and a generator to windows and progress now (0 to 1)."""


def hold(poses: Floats) -> Floats:
    """A hand that stands still."""
    return np.repeat(poses[:, None], LETTER_GRID_STEPS, axis=1)


def drift(poses: Floats, rng: Rng) -> Floats:
    """A hand carried about: sliding straight (doubled letters), swaying, shaking, turning a little."""
    count = len(poses)
    velocity = rng.normal(0, 1, (count, 1, 2)) * rng.choice([0.0, 1.0, 4.0], (count, 1, 1))
    since = -rng.uniform(0, 2, (count, 1, 1))
    slide = velocity * np.maximum(TIMES[None, :, None] - since, 0)
    rate = rng.uniform(0.3, 4, (count, 1, 2))
    size = rng.exponential(0.35, (count, 1, 2)) / np.sqrt(rate)
    sway = size * np.sin(2 * np.pi * (rate * TIMES[None, :, None] + rng.uniform(0, 1, (count, 1, 2))))
    wobble = rng.normal(0, 8, (count, 1, 3)) * np.sin(
        2 * np.pi * (rng.uniform(0.2, 2, (count, 1, 3)) * TIMES[None, :, None] + rng.uniform(0, 1, (count, 1, 3)))
    )
    return _placed(_turned(hold(poses), wobble), np.asarray(slide + sway))


def change(before: Floats, after: Floats, end: Reals, rng: Rng) -> tuple[Floats, Floats]:
    """One hand shape becomes another, at once (a cut) or within half a second, along a curve.

    `end` (B,) is when it ends, in seconds from now. Also returns the progress now, 0 to 1.
    """
    count = len(before)
    duration = rng.uniform(0.01, 0.5, (count, 1))
    progress = _eased(np.clip((TIMES[None] - (end[:, None] - duration)) / duration, 0, 1))[..., None]
    weight = progress[..., None].astype(np.float32)
    shape = before[:, None] * (1 - weight) + after[:, None] * weight
    straight, curved = rng.normal(0, 0.7, (2, count, 1, 2))
    shift = straight * (progress - progress[:, -1:]) + 2 * curved * progress * (1 - progress)
    return _placed(shape, shift), np.asarray(progress[:, -1, 0], np.float32)


def draw_j(poses: Floats, end: Reals, rng: Rng) -> tuple[Floats, Floats]:
    """The hand of I draws a J: the little finger goes down and hooks, the palm turns in. Also its progress, 0 to 1."""
    count = len(poses)
    progress, begin = _progress(count, end, rng)
    drop, radius = rng.uniform(0.3, 2.5, (count, 1)), rng.uniform(0.3, 1.6, (count, 1))
    straight = rng.uniform(0.15, 0.6, (count, 1))
    sweep = np.radians(rng.uniform(80, 270, (count, 1)))
    down = drop * np.minimum(progress / straight, 1)
    angle = sweep * np.clip((progress - straight) / (1 - straight), 0, 1)
    side = rng.choice([1.0, -1.0], (count, 1), p=[0.85, 0.15])  # palm-in signers hook the other way
    path = np.stack([side * radius * (1 - np.cos(angle)), down + radius * np.sin(angle)], axis=-1)
    path = _skewed(path, rng) + _lead_in(begin, rng)
    turning = np.stack(
        [
            rng.uniform(-35, 35, (count, 1)),
            side * rng.uniform(-110, 20, (count, 1)),
            side * rng.uniform(-10, 70, (count, 1)),
        ],
        axis=-1,
    )
    window = _turned(hold(poses), turning * _eased(progress)[..., None])
    by_arm = rng.uniform(0.3, 1, (count, 1, 1))
    return _led(window, TIP_OF["J"], path, by_arm), np.asarray(progress[:, -1], np.float32)


def draw_z(poses: Floats, end: Reals, rng: Rng) -> tuple[Floats, Floats]:
    """A pointing index draws a Z, in either direction. Also its progress, 0 to 1."""
    count = len(poses)
    progress, begin = _progress(count, end, rng)
    width, height = rng.uniform(0.8, 3.5, (count, 1)), rng.uniform(0.6, 2.5, (count, 1))
    direction = rng.choice([-1.0, 1.0], (count, 1), p=[0.2, 0.8])
    corners_at = np.cumsum(rng.uniform(0.7, 1.3, (count, 3)), axis=1)
    corners_at /= corners_at[:, -1:]
    x = np.stack([np.zeros((count, 1)), -width, width * rng.uniform(-0.2, 0.2, (count, 1)), -width], axis=1)[..., 0]
    tilt = rng.normal(0, 0.2, (count, 1))
    y = np.concatenate([np.zeros((count, 1)), -width * tilt, height, height - width * tilt], axis=1)
    knots = np.concatenate([np.zeros((count, 1)), corners_at], axis=1)
    path = np.stack([_through(progress, knots, x * direction), _through(progress, knots, y)], axis=-1)
    turning = rng.normal(0, 10, (count, 1, 3)) * path[..., :1] / width[..., None]
    window = _turned(hold(poses), turning)
    by_arm = rng.uniform(0.7, 1, (count, 1, 1))
    path += _lead_in(begin, rng)
    return _led(window, TIP_OF["Z"], path, by_arm), np.asarray(progress[:, -1], np.float32)


def scribble(poses: Floats, rng: Rng) -> Floats:
    """A pointing hand that draws anything but a Z in the air: a question mark, a tick, a circle, a way on a map."""
    count, corners = len(poses), 5
    knots = np.cumsum(rng.normal(0, 1.2, (count, corners, 2)), axis=1)
    steps = np.diff(knots, axis=1)
    zigzag = (steps[:, :-2, 0] * steps[:, 1:-1, 0] < 0) & (steps[:, 1:-1, 0] * steps[:, 2:, 0] < 0)
    knots[zigzag.any(axis=1), :, 0] = np.sort(knots[zigzag.any(axis=1), :, 0], axis=1)  # all one way, it is no Z
    end = rng.uniform(-0.4, 0.2, count)
    begin = end - rng.uniform(0.5, 2.0, count)
    at = begin[:, None] + (end - begin)[:, None] * np.linspace(0, 1, corners)
    path = np.stack(
        [[np.interp(TIMES, at[row], knots[row, :, axis]) for axis in (0, 1)] for row in range(count)]
    ).transpose(0, 2, 1)
    wobble = rng.normal(0, 15, (count, 1, 3)) * np.sin(TIMES[None, :, None] * rng.uniform(1, 6, (count, 1, 1)))
    return _placed(_turned(hold(poses), wobble), path)


def follow(poses: Floats, movements: Floats, tip: int) -> Floats:
    """Still hands repeat recorded movements (B, T, 21, 3): the palm turns and the tip goes as recorded."""
    count, steps = movements.shape[:2]
    palms = movements - movements[:, :, :1]
    first = np.repeat(palms[:, :1], steps, axis=1)
    turned = turned_like(
        np.repeat(poses[:, None], steps, axis=1).reshape(-1, 21, 3), first.reshape(-1, 21, 3), palms.reshape(-1, 21, 3)
    )
    window = turned.reshape(count, steps, 21, 3)
    wanted = (movements[:, :, tip, :2] - movements[:, :1, tip, :2]).astype(np.float64)
    return _led(window, tip, wanted, np.ones((count, 1, 1)))


def _progress(count: int, end: Reals, rng: Rng) -> tuple[Reals, Reals]:
    """(B, T): share of the drawing done, in 0.3 to 2 s, between even and eased; (B,): when it begins."""
    duration = np.exp(rng.uniform(np.log(0.3), np.log(2.0), count))
    begin = end - duration
    even = np.clip((TIMES[None] - begin[:, None]) / duration[:, None], 0, 1)
    mix = rng.uniform(0, 1, (count, 1))
    return mix * even + (1 - mix) * _eased(even), begin


def _lead_in(begin: Reals, rng: Rng) -> Reals:
    """(B, T, 2): offset of hands that, like most, come from somewhere before they draw."""
    count = len(begin)
    away = rng.normal(0, 1, (count, 1, 2)) * (rng.random((count, 1, 1)) < 0.6)
    duration = rng.uniform(0.15, 0.5, (count, 1))
    arrived = _eased(np.clip((TIMES[None] - begin[:, None] + duration) / duration, 0, 1))
    return np.asarray(away * (1 - arrived[..., None]))


def _eased(progress: Reals) -> Reals:
    return np.asarray(progress * progress * (3 - 2 * progress))


def _through(progress: Reals, knots: Reals, values: Reals) -> Reals:
    """Row-wise linear interpolation."""
    return np.stack([np.interp(row, at, value) for row, at, value in zip(progress, knots, values, strict=True)])


def _skewed(path: Reals, rng: Rng) -> Reals:
    angle = rng.normal(0, np.radians(12), len(path))
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(path @ np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], axis=-2))


def _turned(window: Floats, degrees: Reals) -> Floats:
    """Turn each frame by its angles (B, T, 3)."""
    return np.asarray(window @ np.swapaxes(rotations(np.radians(degrees)), -1, -2), np.float32)


def _placed(window: Floats, path: Reals) -> Floats:
    """Move each frame to its place (B, T, 2)."""
    moved = window.copy()
    moved[..., :2] += path[:, :, None].astype(np.float32)
    return moved


def _led(window: Floats, tip: int, path: Reals, by_arm: Reals) -> Floats:
    """Move the hand so that its tip follows the path, but for the share of its own turning that `by_arm` leaves."""
    tip_path = window[:, :, tip, :2] - window[:, :1, tip, :2]
    return _placed(window, path - tip_path * by_arm)
