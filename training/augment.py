"""Random changes of hands that leave the sign the same. All take and give (B, T, 21, 3) windows of one signer each."""

import numpy as np
from numpy.typing import NDArray

from edge.features import PALM
from edge.types import Floats

_FLAT = 0.3
"""Greatest share of its depth that a flattened window keeps."""
FINGERS = tuple(tuple(range(first, first + 4)) for first in (1, 5, 9, 13, 17))


def rotations(angles: NDArray[np.float64]) -> Floats:
    """(..., 3) angles about x, y and z in radians to (..., 3, 3) matrices."""
    cos, sin = np.cos(angles), np.sin(angles)
    zero, one = np.zeros_like(cos[..., 0]), np.ones_like(cos[..., 0])

    def matrix(rows: list[list[NDArray[np.float64]]]) -> NDArray[np.float64]:
        return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)

    about_x = matrix([[one, zero, zero], [zero, cos[..., 0], -sin[..., 0]], [zero, sin[..., 0], cos[..., 0]]])
    about_y = matrix([[cos[..., 1], zero, sin[..., 1]], [zero, one, zero], [-sin[..., 1], zero, cos[..., 1]]])
    about_z = matrix([[cos[..., 2], -sin[..., 2], zero], [sin[..., 2], cos[..., 2], zero], [zero, zero, one]])
    return np.asarray(about_z @ about_y @ about_x, np.float32)


def turn(windows: Floats, degrees: tuple[float, float, float], from_behind: float, rng: np.random.Generator) -> Floats:
    """View each window from elsewhere: one random rotation about x, y and z.

    A share `from_behind` is also turned half round the vertical: some signers show the back of the hand, and the
    letters that point sideways (G, H, P, Q) come in two families that differ in this.
    """
    angles = rng.normal(0, degrees, (len(windows), 3))
    angles[:, 1] += 180.0 * (rng.random(len(windows)) < from_behind)
    return np.asarray(windows @ np.swapaxes(rotations(np.radians(angles)), -1, -2)[:, None], np.float32)


def stretch(windows: Floats, aspect: float, depth: float, rng: np.random.Generator) -> Floats:
    """Wrong aspect ratios (log-normal on x) and depths (log-normal on z): z is the network's guess."""
    factors = np.ones((len(windows), 1, 1, 3), np.float32)
    factors[..., 0] = np.exp(rng.normal(0, aspect, (len(windows), 1, 1)))
    factors[..., 2] = np.exp(rng.normal(0, depth, (len(windows), 1, 1)))
    return windows * factors


def flatten(windows: Floats, share: float, rng: np.random.Generator) -> Floats:
    """Remove most of the depth from a share of the windows, as if seen by a network that cannot tell it."""
    factors = np.ones((len(windows), 1, 1, 3), np.float32)
    chosen = rng.random(len(windows)) < share
    factors[chosen, ..., 2] = rng.uniform(0, _FLAT, (int(chosen.sum()), 1, 1))
    return windows * factors


def perspective(windows: Floats, strength: float, rng: np.random.Generator) -> Floats:
    """Cameras near and far: nearer parts grow, by up to `strength` per palm length."""
    amount = rng.uniform(-0.3 * strength, strength, (len(windows), 1, 1)).astype(np.float32)
    origin = windows[:, -1:, :1]
    relative = windows - origin
    scale = np.clip(1 - amount * relative[..., 2], 0.6, 1.6)[..., None]
    relative = relative * np.concatenate([scale, scale, np.ones_like(scale)], axis=-1)
    return np.asarray(relative + origin, np.float32)


def other_hands(poses: Floats, degrees: float, lengths: float, rng: np.random.Generator) -> Floats:
    """The same sign by other hands: every joint a little more or less bent, every finger longer or shorter.

    Takes and gives poses (B, 21, 3). Each joint gets a random rotation, which carries on to the tip.
    """
    changed = poses.copy()
    count = len(poses)
    for finger in FINGERS:
        length = np.exp(rng.normal(0, lengths, (count, 1))).astype(np.float32)
        turned = np.broadcast_to(np.eye(3, dtype=np.float32), (count, 3, 3))
        for parent, point in zip((0, *finger[:-1]), finger, strict=True):
            bone = poses[:, point] - poses[:, parent]
            if parent:
                turned = turned @ rotations(np.radians(rng.normal(0, degrees, (count, 3))))
                bone = np.einsum("bij,bj->bi", turned, bone) * length
            changed[:, point] = changed[:, parent] + bone
    return changed


def blend(poses: Floats, others: Floats, share: Floats) -> Floats:
    """Between two hands that show the same sign: `others` are turned so that the palms agree, then mixed in.

    `share` (B,) may lie beyond 0 and 1: what sets two signers apart is then exaggerated.
    """
    aligned = align(others, poses)
    mixed = poses + share[:, None, None] * (aligned - poses)
    return np.asarray(mixed - mixed[:, :1], np.float32)


def align(poses: Floats, targets: Floats) -> Floats:
    """Turn `poses` about the wrist so that their palms lie best on those of `targets`."""
    return turned_like(poses, poses, targets)


def turned_like(poses: Floats, before: Floats, after: Floats) -> Floats:
    """Turn each pose as the palm of `before` must turn to lie best on that of `after` (Kabsch); all (B, 21, 3)."""
    palm = PALM[1:]
    covariance = np.swapaxes(before[:, palm], 1, 2) @ after[:, palm]
    u, _, vt = np.linalg.svd(covariance)
    u[:, :, 2] *= np.sign(np.linalg.det(u @ vt))[:, None]
    return np.asarray(poses @ (u @ vt), np.float32)


def jitter(windows: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """Landmark noise: a part that stays for the window, a part that changes with every frame.

    Its strength differs by window, up to twice `spread` (in units of palm length); int8 hand landmarks under
    tracking are off by 2.5 % of the hand's size in the median, about 0.04 palm lengths.
    """
    count, steps = windows.shape[:2]
    strength = (spread * rng.uniform(0, 2, (count, 1, 1, 1))).astype(np.float32)
    lasting = rng.standard_normal((count, 1, 21, 3), np.float32)
    passing = rng.standard_normal((count, steps, 21, 3), np.float32) * np.float32(0.4)
    return np.asarray(windows + (lasting + passing) * strength, np.float32)
