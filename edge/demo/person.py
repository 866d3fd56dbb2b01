"""Who signs: proportions, habits and the slight restlessness of a living hand, all from one seed."""

from dataclasses import dataclass

import numpy as np

from edge.demo.alphabet import LETTERS, ways
from edge.demo.hand import POSE_SIZE, HandShape, usual_shape
from edge.types import Floats

EXTRA = 6  # orientation (4) and place (2) follow the pose in a state

TILT = (7.0, 5.0, 6.0)
"""Standard deviation of how signers hold the whole hand: yaw, pitch, roll, in degrees."""

UNLIKE = np.array([3, 3, 3, 2, 2, 2, 2, 2, *(1.8, 0.6, 1.8, 1.8, 0.5) * 4], np.float32)
"""(POSE_SIZE,): standard deviation of a signer's letter from the usual. Fingers side by side stay together."""


@dataclass(frozen=True)
class Person:
    """One signer. Seed 0 is the usual hand; others differ in proportions, ways to make letters, and tilt."""

    shape: HandShape
    poses: dict[str, Floats]
    lags: Floats
    """(5,): how late each finger starts a move, 0 to 1."""
    sweep: float
    """How widely J and Z are drawn, relative to the usual."""
    waves: Floats
    """(3, POSE_SIZE + 6): amplitude, frequency in Hz and phase of each number's slow fluctuation."""

    @classmethod
    def from_seed(cls, seed: int) -> "Person":
        rng = np.random.default_rng(seed)
        waves = np.stack(
            [
                np.r_[np.zeros(3), np.full(POSE_SIZE - 3, 0.8), np.full(4, 0.004), np.full(2, 0.012)],
                rng.uniform(0.3, 1.1, POSE_SIZE + EXTRA),
                rng.uniform(0, 2 * np.pi, POSE_SIZE + EXTRA),
            ]
        ).astype(np.float32)
        lags = rng.permutation(np.linspace(0, 1, 5)).astype(np.float32)
        if seed == 0:
            return cls(usual_shape(), {letter: ways(letter)[0] for letter in LETTERS}, lags, 1.0, waves)
        return cls(_vary_shape(rng), _vary_poses(rng), lags, float(rng.uniform(0.85, 1.15)), waves)

    def pose(self, letter: str) -> Floats:
        return self.poses[letter]

    def tremor(self, ts: float) -> Floats:
        """(POSE_SIZE + 6,): what to add to a state at a time."""
        amplitude, frequency, phase = self.waves
        added: Floats = (amplitude * np.sin(2 * np.pi * frequency * ts + phase)).astype(np.float32)
        return added


def _vary_shape(rng: np.random.Generator) -> HandShape:
    usual = usual_shape()
    width, fingers, thumb = rng.normal(1, [0.06, 0.05, 0.05])
    across = np.array([width, 1, 1])
    return HandShape(
        knuckles=(usual.knuckles * across).astype(np.float32),
        phalanges=(usual.phalanges * fingers * rng.normal(1, 0.02, (4, 1))).astype(np.float32),
        thumb_base=(usual.thumb_base * across).astype(np.float32),
        thumb=(usual.thumb * thumb).astype(np.float32),
        girth=float(np.clip(width * rng.normal(1, 0.04), 0.85, 1.2)),  # a wide hand has thick fingers
    )


def _vary_poses(rng: np.random.Generator) -> dict[str, Floats]:
    tilt = rng.normal(0, TILT)
    poses = {}
    for letter in LETTERS:
        known = ways(letter)
        pose = known[rng.integers(len(known))] + rng.normal(0, UNLIKE)
        pose[:3] += tilt
        poses[letter] = pose.astype(np.float32)
    return poses
