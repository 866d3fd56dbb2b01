"""Temperature and floors, fitted on clips of sources that the judging model never saw, never on a test."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.labels import NOTHING
from edge.operating_point import OperatingPoint
from training.calibration import Table, Weights, balanced, fit_temperature, tempered

COVERAGE = 0.90
"""Share of clips still emitted, each source counting alike. Nearly every second clip emitted beyond it is wrong
(models/letters/CARD.md), and at a counter a wrong letter costs more than one made again."""
_LEAST_FLOOR = 0.5
"""Below one half a calibrated letter is likelier wrong than right; pointing hands were read as Z at 0.49."""


def fit_operating_point(
    table: Table, truth: NDArray[np.int64], sources: NDArray[np.str_], labels: tuple[str, ...]
) -> dict[str, Any]:
    """The manifest's operating point, from out-of-fold probabilities (N, labels) at temperature 1.

    All letters have one floor: on sources that floors were not fitted on, a floor for each letter let more errors
    through at the same share emitted (training/letters/EXPERIMENTS.md).
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


def _floor(table: Table, weights: Weights, nothing: int) -> float:
    """The floor that leaves `COVERAGE` of the clips."""
    confidence = np.where(table.argmax(axis=1) == nothing, 0, table.max(axis=1))
    order = np.argsort(-confidence)
    emitted = np.cumsum(weights[order]) / weights.sum()
    return max(_LEAST_FLOOR, float(confidence[order[np.searchsorted(emitted, COVERAGE)]]))
