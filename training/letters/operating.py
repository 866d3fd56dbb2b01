"""Temperature and floors, fitted on clips of sources that the judging model never saw, never on a test."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_TEMPERATURES = np.geomspace(0.5, 3.0, 60)
COVERAGE = 0.90
"""Share of clips still emitted, each source counting alike. What is emitted beyond it is wrong nearly every second time
(models/letters/CARD.md), and on a counter a wrong letter costs more than one made again."""
_LEAST_FLOOR = 0.5
"""Under one half a calibrated letter is likelier wrong than right, and pointing hands were read as Z at 0.49."""
_MOST_FLOOR = 0.95
_STEPS = np.arange(_LEAST_FLOOR, _MOST_FLOOR + 0.001, 0.01)
_PRIOR_CLIPS = 3.0
"""Weight of the overall precision in each label's: a label with few mistakes must not be trusted blindly."""

Table = NDArray[np.float32]


def fit_operating_point(
    table: Table, truth: NDArray[np.int64], sources: NDArray[np.str_], labels: tuple[str, ...]
) -> dict[str, Any]:
    """From out-of-fold probabilities (N, labels) at temperature 1 to the manifest's operating point."""
    weights = balanced(sources)
    temperature = fit_temperature(table, truth, weights)
    calibrated = tempered(table, temperature)
    return {
        "temperature": round(temperature, 3),
        "floor": 0.6,
        "floors": _floors(calibrated, truth, weights, labels),
        "settle_seconds": 0.2,
    }


def tempered(table: Table, temperature: float) -> Table:
    """Probabilities as they would be with the logits divided by `temperature`."""
    powered = np.maximum(table, 1e-9) ** (1 / temperature)
    return np.asarray(powered / powered.sum(axis=1, keepdims=True), np.float32)


def balanced(sources: NDArray[np.str_]) -> NDArray[np.float64]:
    """Weights that make each source count alike, mean 1."""
    names, inverse, counts = np.unique(sources, return_inverse=True, return_counts=True)
    return np.asarray(len(sources) / len(names) / counts[inverse])


def fit_temperature(table: Table, truth: NDArray[np.int64], weights: NDArray[np.float64]) -> float:
    """The one with the least expected calibration error.

    Likelihood would be ruled by a few clips that surely show another letter than their name says.
    """
    errors = [_calibration_error(tempered(table, t), truth, weights) for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(errors))])


def _calibration_error(table: Table, truth: NDArray[np.int64], weights: NDArray[np.float64]) -> float:
    confidence, right = table.max(axis=1), table.argmax(axis=1) == truth
    bins = np.minimum((confidence * 15).astype(int), 14)
    total = np.bincount(bins, weights, 15)
    sure, hits = np.bincount(bins, weights * confidence, 15), np.bincount(bins, weights * right, 15)
    return float(np.abs(sure - hits).sum() / total.sum())


def _floors(
    table: Table, truth: NDArray[np.int64], weights: NDArray[np.float64], labels: tuple[str, ...]
) -> dict[str, float]:
    """One precision wanted of every label's weakest emitted clips, as high as the coverage allows."""
    guess, confidence = table.argmax(axis=1), table.max(axis=1)
    right = guess == truth
    low, high = 0.3, 0.999
    for _ in range(25):
        wanted = (low + high) / 2
        floors = [
            _floor(confidence[guess == k], right[guess == k], weights[guess == k], wanted) for k in range(len(labels))
        ]
        emitted = confidence >= np.array(floors)[guess]
        emitted &= guess != labels.index("nothing")
        low, high = (wanted, high) if np.average(emitted, weights=weights) >= COVERAGE else (low, wanted)
    return {label: round(floor, 2) for label, floor in zip(labels, floors, strict=True) if label != "nothing"}


def _floor(
    confidence: NDArray[np.float32], right: NDArray[np.bool_], weights: NDArray[np.float64], wanted: float
) -> float:
    """The lowest floor at which the clips near it are right with probability `wanted`."""
    for step in _STEPS:
        near = np.exp(-0.5 * ((confidence - step) / 0.06) ** 2) * weights
        precision = (float((near * right).sum()) + _PRIOR_CLIPS * step) / (float(near.sum()) + _PRIOR_CLIPS)
        if precision >= wanted:
            return float(step)
    return _MOST_FLOOR
