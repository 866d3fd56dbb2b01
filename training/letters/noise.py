"""Noise that must not be read as a letter: points that are no hand, hands buried in noise, features of nothing."""

from collections.abc import Sequence

import numpy as np

from edge.bundle import Bundle
from edge.features import FEATURE_SIZE, GRID_STEPS, letter_features, palm_width
from edge.letters import LetterModel
from edge.types import Floats
from training.figures import is_emitted
from training.letters.data import still_points
from training.store import Clip

SPREADS = (0.3, 1.0, 3.0)
"""Standard deviations in hand widths; of features as they are."""
KINDS = ("points", "hand", "features")


def noise_accepted(clips: Sequence[Clip], bundle: Bundle, count: int) -> dict[str, list[float]]:
    """By kind of noise, for each of SPREADS: share of `count` windows from which a letter would have been emitted.

    `clips` hold the hands that are buried.
    """
    model, rng = LetterModel(bundle), np.random.default_rng(0)
    known = [points for clip in clips if (points := still_points(clip)) is not None]
    hands = np.stack([known[i] for i in rng.integers(len(known), size=count)])
    return {
        kind: [_accepted(_features(kind, hands, spread, rng), model, bundle) for spread in SPREADS] for kind in KINDS
    }


def _features(kind: str, hands: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """(N, 21, 3) hands in pixels to (N, FEATURE_SIZE)."""
    if kind == "features":
        return np.asarray(spread * rng.standard_normal((len(hands), FEATURE_SIZE)), np.float32)
    noise = spread * palm_width(hands)[:, None, None] * rng.standard_normal(hands.shape)
    points = np.asarray(noise if kind == "points" else hands + noise, np.float32)
    return letter_features(np.repeat(points[:, None], GRID_STEPS, axis=1))


def _accepted(features: Floats, model: LetterModel, bundle: Bundle) -> float:
    table = np.stack([model.probabilities(row) for row in features])
    return float(is_emitted(table, model.labels, bundle.operating_point).mean())
