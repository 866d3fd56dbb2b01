"""The least cosine at which a taught sign may be said, and how sure that is."""

import numpy as np
from numpy.typing import NDArray

from edge.types import Floats

UNKNOWN_SAID = 0.05
"""Share of signs neither taught nor known, and of people at rest, that may be mistaken for a taught sign."""
_STEPS = 50


def fit_calibration(taught: Floats, right: NDArray[np.bool_], unknown: Floats) -> dict[str, float]:
    """The manifest's `taught`, from cosines to the nearest taught example.

    `taught` (N,) are those of taught signs, whose nearest example was `right` or not; `unknown` (M,) those of signs
    neither taught nor known, and of people at rest. The floor lets few of the latter be said; the confidence is the
    probability that a recording is of the sign whose example is nearest.
    """
    floor = float(np.quantile(unknown, 1 - UNKNOWN_SAID))
    cosines = np.concatenate([taught, unknown]).astype(np.float64)
    slope, offset = _logistic(cosines, np.concatenate([right, np.zeros(len(unknown), np.bool_)]))
    return {"floor": round(floor, 3), "middle": round(-offset / slope, 3), "width": round(1 / slope, 4)}


def _logistic(values: NDArray[np.float64], hits: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of the likeliest logistic curve, by Newton's method, slightly regularized."""
    design = np.stack([values, np.ones_like(values)], axis=1)
    weights = np.array([1.0, 0.0])
    middle = values.mean()
    design[:, 0] -= middle
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (p - hits) + 1e-3 * weights
        hessian = (design * (p * (1 - p))[:, None]).T @ design + 1e-3 * np.eye(2)
        weights = weights - np.linalg.solve(hessian, gradient)
    return float(weights[0]), float(weights[1] - weights[0] * middle)
