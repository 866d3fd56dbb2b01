"""Noise that must not be read as a letter: points that are no hand, hands buried in noise, random features."""

from collections.abc import Sequence

import numpy as np

from edge.bundle import Bundle
from edge.features import FEATURE_SIZE, palm_width
from edge.labels import NOTHING
from edge.letters import LetterModel
from edge.types import Floats
from training.figures import is_emitted
from training.letters.data import still_points
from training.letters.judge import judge
from training.store import Clip

SPREADS = (0.3, 1.0, 3.0)
"""Standard deviations in hand widths; for features, in their own units."""
KINDS = ("points", "hand", "features")


def noise_accepted(clips: Sequence[Clip], bundle: Bundle, count: int) -> dict[str, list[float]]:
    """By kind of noise, for each of SPREADS: share of `count` windows in which a letter would have been emitted.

    `clips` supply the hands to be buried.
    """
    rng = np.random.default_rng(0)
    known = [points for clip in clips if (points := still_points(clip)) is not None]
    hands = np.stack([known[i] for i in rng.integers(len(known), size=count)])
    return {
        kind: [
            float(is_emitted(_table(kind, hands, spread, bundle, rng), bundle.labels, bundle.operating_point).mean())
            for spread in SPREADS
        ]
        for kind in KINDS
    }


def _table(kind: str, hands: Floats, spread: float, bundle: Bundle, rng: np.random.Generator) -> Floats:
    """(N, labels) probabilities for noise instead of, or added to, (N, 21, 3) hands in pixels."""
    if kind == "features":  # of no hand, so only the network can be asked
        model = LetterModel(bundle)
        drawn = spread * rng.standard_normal((len(hands), FEATURE_SIZE))
        return np.stack([model.probabilities(row) for row in drawn.astype(np.float32)])
    noise = spread * palm_width(hands)[:, None, None] * rng.standard_normal(hands.shape)
    stills = [_still(points) for points in (noise if kind == "points" else hands + noise)]
    return np.stack([verdict.probabilities for verdict in judge(stills, bundle)])


def _still(points: Floats) -> Clip:
    """A right hand at (21, 3) points, in a picture of one pixel."""
    hands = np.full((1, 2, 21, 3), np.nan, np.float32)
    hands[0, 1] = points
    return Clip("noise", NOTHING, "idle", "", "", "", 0.0, 1, 1, hands, np.zeros((0, 33, 4), np.float32))
