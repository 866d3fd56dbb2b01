"""How well probabilities match how often they are right, and the temperature that makes them match."""

import numpy as np
from numpy.typing import NDArray

_TEMPERATURES = np.geomspace(0.5, 3.0, 60)
_BINS = 15

Table = NDArray[np.float32]
"""(N, labels) probabilities."""
Weights = NDArray[np.float64]


def tempered(table: Table, temperature: float) -> Table:
    """Probabilities as they would be with the logits divided by `temperature`."""
    powered = np.maximum(table, 1e-9) ** (1 / temperature)
    return np.asarray(powered / powered.sum(axis=1, keepdims=True), np.float32)


def balanced(sources: NDArray[np.str_]) -> Weights:
    """Weights, of mean 1, that make all sources count alike."""
    names, inverse, counts = np.unique(sources, return_inverse=True, return_counts=True)
    return np.asarray(len(sources) / len(names) / counts[inverse])


def fit_temperature(table: Table, truth: NDArray[np.int64], weights: Weights) -> float:
    """The temperature with the least expected calibration error.

    Likelihood would be dominated by the few clips that clearly show another letter than their name says.
    """
    tables = (tempered(table, t) for t in _TEMPERATURES)
    errors = [calibration_error(t.max(axis=1), t.argmax(axis=1) == truth, weights) for t in tables]
    return float(_TEMPERATURES[int(np.argmin(errors))])


def calibration_error(confidence: Table, right: NDArray[np.bool_], weights: Weights | None = None) -> float:
    """Expected calibration error of the (N,) best labels' probabilities, in bins of equal width."""
    weights = np.ones(len(confidence)) if weights is None else weights
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    sure, hits = np.bincount(bins, weights * confidence, _BINS), np.bincount(bins, weights * right, _BINS)
    return float(np.abs(sure - hits).sum() / weights.sum())
