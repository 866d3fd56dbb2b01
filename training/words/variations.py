"""Random changes of a recording that leave the word the same: in time to its frames, in space to its window."""

import numpy as np

from edge.features import palm_length
from edge.types import Floats, Times
from edge.word_features import BODY, LEFT, MIRRORED, RIGHT
from training.augment import rotations
from training.types import Rng
from training.words.config import Augment

_SLOWEST_FPS = 8.0
_LONGEST_LOSS_SECONDS = 0.35
_HANDS = (LEFT, RIGHT)


def retimed(times: Times, fps_known: bool, config: Augment, rng: Rng) -> Times:
    """The same frames signed faster or slower, and unevenly."""
    spread = config.speed if not fps_known else config.speed / 2
    scale = float(np.exp(rng.normal(0, spread)))
    if len(times) < 3:
        return times * scale
    phase = np.pi * rng.integers(1, 3) * times / max(times[-1], 1e-6)
    bend = rng.normal(0, config.warp) * np.sin(phase) * times[-1] / (2 * np.pi)
    return np.maximum.accumulate(times * scale + bend)


def thinned(times: Times, points: Floats, config: Augment, rng: Rng) -> tuple[Times, Floats]:
    """As a slower camera or a busy machine would have seen it."""
    if rng.random() >= config.thinned or len(times) < 4:
        return times, points
    step = 1 / rng.uniform(_SLOWEST_FPS, 25.0)
    kept, last = [], -np.inf
    for index, ts in enumerate(times):
        if ts - last >= step - 1e-3:
            kept.append(index)
            last = ts
    return times[kept], points[kept]


def lost(times: Times, points: Floats, config: Augment, rng: Rng) -> Floats:
    """Lose a hand for a moment."""
    if rng.random() >= config.lost or not len(times):
        return points
    points = points.copy()
    for _ in range(rng.integers(1, 4)):
        begin = rng.uniform(times[0], times[-1] + 1e-6)
        gone = (times >= begin) & (times < begin + rng.uniform(0.03, _LONGEST_LOSS_SECONDS))
        points[gone, _HANDS[rng.integers(2)]] = np.nan
    return points


def moved(grids: Floats, config: Augment, rng: Rng) -> Floats:
    """(B, T, POINTS, 3) windows as other people and cameras would show the same signs."""
    grids = _mirrored(grids, config, rng)
    unit, origin = _body_frame(grids)
    scale = unit[:, None, None, None]
    placed = (grids - origin[:, None, None]) / scale
    for part in _HANDS:
        placed[:, :, part] = _other_hand(placed[:, :, part], config, rng)
    placed = _other_body(placed, config, rng)
    placed[rng.random(len(placed)) < config.no_body, :, BODY] = np.nan
    return np.asarray(placed * scale + origin[:, None, None], np.float32)


def _mirrored(grids: Floats, config: Augment, rng: Rng) -> Floats:
    flip = rng.random(len(grids)) < config.mirrored
    grids = grids.copy()
    grids[flip] = grids[flip][:, :, MIRRORED] * np.array([-1, 1, 1], np.float32)
    return grids


def _body_frame(grids: Floats) -> tuple[Floats, Floats]:
    """(B,) unit and (B, 3) origin; any size will do where no body was seen."""
    shoulders = grids[:, :, [BODY.start + 1, BODY.start + 2]]
    seen = np.isfinite(shoulders[..., 0, 0])
    count = np.maximum(seen.sum(axis=1), 1)
    filled = np.nan_to_num(shoulders)
    width = np.linalg.norm(filled[:, :, 0, :2] - filled[:, :, 1, :2], axis=-1).sum(axis=1) / count
    origin = filled.mean(axis=2).sum(axis=1) / count[:, None]
    origin[:, 2] = 0
    return np.asarray(np.where(width > 1, width, 200.0), np.float32), np.asarray(origin, np.float32)


def _other_hand(hand: Floats, config: Augment, rng: Rng) -> Floats:
    """(B, T, 21, 3): turned, resized, moved, with other fingers, wider or narrower movements and landmark noise."""
    count, steps = hand.shape[:2]
    wrist = hand[:, :, :1]
    shape = hand - wrist
    turns = rotations(np.radians(rng.normal(0, config.turn_degrees, (count, 3))))
    shape = shape @ np.swapaxes(turns, -1, -2)[:, None]
    size = palm_length(np.nan_to_num(shape))[..., None, None]
    strength = (config.joints * rng.uniform(0, 1.5, (count, 1, 1, 1))).astype(np.float32)
    shape = shape + size * strength * rng.standard_normal((count, 1, 21, 3), np.float32)
    passing = (config.noise * rng.uniform(0, 2, (count, 1, 1, 1))).astype(np.float32)
    shape = shape + size * passing * rng.standard_normal((count, steps, 21, 3), np.float32)
    shape = shape * np.exp(rng.normal(0, config.hand_size, (count, 1, 1, 1))).astype(np.float32)
    seen = np.isfinite(wrist[..., 0, 0])
    middle = np.nan_to_num(wrist).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)[:, None, None]
    reach = np.exp(rng.normal(0, config.reach, (count, 1, 1, 3))).astype(np.float32)
    shift = rng.normal(0, config.place, (count, 1, 1, 3)).astype(np.float32) * np.array([1, 1, 0], np.float32)
    return np.asarray(shape + (wrist - middle[:, None]) * reach + middle[:, None] + shift, np.float32)


def _other_body(placed: Floats, config: Augment, rng: Rng) -> Floats:
    """Leaning, wrong aspect ratios, broader and narrower shoulders, the head higher or lower."""
    count = len(placed)
    angle = np.radians(rng.normal(0, config.roll_degrees, count))
    stretch = np.exp(rng.normal(0, [config.aspect, config.size], (count, 2)))
    cos, sin = np.cos(angle), np.sin(angle)
    rows = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], axis=-2) * stretch[:, None]
    matrix = np.broadcast_to(np.eye(3), (count, 3, 3)).copy()
    matrix[:, :2, :2] = rows
    placed = np.asarray(placed @ np.swapaxes(matrix, -1, -2)[:, None], np.float32)
    points = BODY.stop - BODY.start
    nudge = rng.normal(0, 0.04, (count, 1, points, 3)).astype(np.float32)
    nudge[:, :, 0] += rng.normal(0, 0.04, (count, 1, 3)).astype(np.float32)
    placed[:, :, BODY] += nudge
    return placed
