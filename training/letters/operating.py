"""Temperature and floors, fitted on clips of sources that the judging model never saw, never on a test."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.letters import NOTHING
from edge.operating_point import OperatingPoint

_TEMPERATURES = np.geomspace(0.5, 3.0, 60)
COVERAGE = 0.90
"""Share of clips still emitted, each source counting alike. What is emitted beyond it is wrong nearly every second time
(models/letters/CARD.md), and on a counter a wrong letter costs more than one made again."""
_LEAST_FLOOR = 0.5
"""Under one half a calibrated letter is likelier wrong than right, and pointing hands were read as Z at 0.49."""

Table = NDArray[np.float32]


def fit_operating_point(
    table: Table, truth: NDArray[np.int64], sources: NDArray[np.str_], labels: tuple[str, ...]
) -> dict[str, Any]:
    """From out-of-fold probabilities (N, labels) at temperature 1 to the manifest's operating point.

    All letters have one floor: of sources that floors were not fitted on, each letter's own let more be wrong at the
    same share emitted (training/letters/EXPERIMENTS.md).
    """
    weights = balanced(sources)
    temperature = fit_temperature(table, truth, weights)
    floor = round(_floor(tempered(table, temperature), weights, labels.index(NOTHING)), 2)
    return {
        "temperature": round(temperature, 3),
        "floor": floor,
        "floors": {label: floor for label in labels if label != NOTHING},
        "settle_seconds": OperatingPoint().settle_seconds,
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


def _floor(table: Table, weights: NDArray[np.float64], nothing: int) -> float:
    """The one that leaves `COVERAGE` of the clips."""
    confidence = np.where(table.argmax(axis=1) == nothing, 0, table.max(axis=1))
    order = np.argsort(-confidence)
    emitted = np.cumsum(weights[order]) / weights.sum()
    return max(_LEAST_FLOOR, float(confidence[order[np.searchsorted(emitted, COVERAGE)]]))
