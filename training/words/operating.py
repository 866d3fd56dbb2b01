"""Temperature and floors, fitted on people that the judging model never saw, never on a test."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bundle import UNFITTED_FLOORS
from edge.errors import InputError
from edge.labels import NOTHING
from edge.types import Floats
from training.calibration import balanced, fit_temperature, tempered

UNKNOWN_EMITTED = 0.05
"""Share of clips of signs outside the vocabulary and of people at rest on which a word may be said (issue 5)."""
LEAST_RECALL = 0.5
"""A label that is read wrongly of unseen signers more often than not is shipped disabled."""
_STEPS = np.round([*np.arange(0.6, 0.97, 0.02), 0.97, 0.98, 0.985, 0.99, 0.995], 3)
"""Floors to try. Below 0.6 is too little for labels with six clips, however few mistakes the few unknown signs show."""
_PRIOR_CLIPS = 6.0
"""Clips that the precision of all labels counts for in each label's own: most have six."""
_PRECISIONS = 0.3, 0.995
"""Range in which the precision required of all labels is searched."""
_HALVINGS = 20
"""Halvings of that range, to a millionth."""


def fit_operating_point(
    table: Floats, truth: NDArray[np.int64], sources: NDArray[np.str_], labels: tuple[str, ...]
) -> dict[str, Any]:
    """From held-out probabilities (N, labels) at temperature 1; `truth` is `nothing`'s for all other signs.

    All `sources` count alike, however many clips each has.

    Raises:
        InputError: as `check_fittable`.
    """
    nothing = labels.index(NOTHING)
    weights = balanced(sources)
    known = truth != nothing
    check_fittable(known)
    temperature = fit_temperature(table[known], truth[known], balanced(sources[known]))
    calibrated = tempered(table, temperature)
    disabled = _disabled(calibrated, truth, labels)
    floors = _floors(calibrated, truth, weights, nothing)
    return {
        "temperature": round(temperature, 3),
        "floor": UNFITTED_FLOORS["words"],
        "floors": {label: round(floor, 3) for label, floor in zip(labels, floors, strict=True) if label != NOTHING},
        "disabled": disabled,
    }


def check_fittable(known: NDArray[np.bool_]) -> None:
    """Floors weigh words against signs outside the vocabulary; `known` says of each recording whether it is a word.

    Raises:
        InputError: one of the two is missing.
    """
    if known.all() or not known.any():
        missing = "signs outside the vocabulary or people at rest" if known.all() else "words of the vocabulary"
        raise InputError(f"floors cannot be fitted: no recordings of {missing} that may be trained on; add a store")


def _disabled(table: Floats, truth: NDArray[np.int64], labels: tuple[str, ...]) -> list[str]:
    """Words whose recall without `nothing` is below `LEAST_RECALL`, or that have no clip."""
    words = table.copy()
    words[:, labels.index(NOTHING)] = 0
    guess = words.argmax(axis=1)
    recall = {label: (guess[truth == k] == k) for k, label in enumerate(labels) if label != NOTHING}
    return [label for label, hits in recall.items() if not len(hits) or hits.mean() < LEAST_RECALL]


def _floors(table: Floats, truth: NDArray[np.int64], weights: NDArray[np.float64], nothing: int) -> list[float]:
    """A floor for each label, at the least common precision at which few enough unknown signs are said.

    Found by bisection: more precision never lowers a floor. Where none is enough, all floors are the highest.
    """
    guess, confidence = table.argmax(axis=1), table.max(axis=1)
    right, unknown = guess == truth, truth == nothing
    said = guess != nothing
    overall = [_precision(confidence[said], right[said], weights[said], step) for step in _STEPS]
    masks = [guess == k for k in range(table.shape[1])]
    low, high = _PRECISIONS
    floors = [float(_STEPS[-1])] * table.shape[1]
    for _ in range(_HALVINGS):
        wanted = (low + high) / 2
        tried = [_floor(confidence[mask], right[mask], weights[mask], overall, wanted) for mask in masks]
        emitted = (confidence >= np.array(tried)[guess]) & said
        if np.average(emitted[unknown], weights=weights[unknown]) <= UNKNOWN_EMITTED:
            high, floors = wanted, tried
        else:
            low = wanted
    return floors


def _floor(
    confidence: NDArray[np.float32],
    right: NDArray[np.bool_],
    weights: NDArray[np.float64],
    overall: Sequence[float],
    wanted: float,
) -> float:
    """The lowest floor above which clips are right with probability `wanted`."""
    for step, usual in zip(_STEPS, overall, strict=True):
        clips = float(weights[confidence >= step].sum())
        own = _precision(confidence, right, weights, step) if clips else usual
        if (own * clips + usual * _PRIOR_CLIPS) / (clips + _PRIOR_CLIPS) >= wanted:
            return float(step)
    return float(_STEPS[-1])


def _precision(
    confidence: NDArray[np.float32], right: NDArray[np.bool_], weights: NDArray[np.float64], step: float
) -> float:
    """Share of right ones among clips at least this sure; 1 where there are none."""
    above = confidence >= step
    return float(np.average(right[above], weights=weights[above])) if above.any() else 1.0
