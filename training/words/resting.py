"""Hands between two signs: out of sight, at the belly, or where the sign left them."""

from typing import Literal, get_args

import numpy as np

from edge.features import palm_length
from edge.types import Floats

Rest = Literal["away", "lowered", "kept"]
RESTS: tuple[Rest, ...] = get_args(Rest)
_TREMOR = 0.01
"""Standard deviation of the points of a hand at rest, in palm lengths: what a landmark network adds to a still hand."""


def lowered(hands: Floats, height: float) -> Floats:
    """Hands (2, 21, 3) in pixels, moved down together until the higher wrist is at `height`; lower ones stay."""
    higher = height - np.nan_to_num(hands[:, 0, 1], nan=np.inf).min()
    return np.asarray(hands + np.array([0, max(0.0, higher), 0]), np.float32)


def trembling(hands: Floats, rng: np.random.Generator) -> Floats:
    """Hands (..., 21, 3) in pixels, as a landmark network sees them at rest."""
    return np.asarray(hands + _TREMOR * palm_length(hands)[..., None, None] * rng.normal(0, 1, hands.shape), np.float32)
