"""What a word network is trained on: features as the int8 values that it will see."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.types import Floats

INPUT_STEP = 2.0 / 127
"""Features reach from -2 to 2."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Labelled windows, with the signers and glosses in each, so that folds can leave them out."""

    features: NDArray[np.int8]
    """(N, WORD_GRID_STEPS, CHANNELS) in INPUT_STEP."""
    labels: NDArray[np.int64]
    signers: NDArray[np.str_]
    """(N, 2): both signers of a window made from two recordings, else one twice."""
    glosses: NDArray[np.str_]
    """(N, 2): likewise."""

    def inputs(self, rows: NDArray[np.int64] | slice) -> Floats:
        """(R, WORD_GRID_STEPS, CHANNELS): the features of some windows, as a network takes them."""
        return np.asarray(self.features[rows] * np.float32(INPUT_STEP), np.float32)

    def without(self, signers: set[str], glosses: set[str]) -> "Samples":
        """What a fold may train on: nothing of these people, none of these glosses, as words or as `nothing`."""
        keep = ~np.isin(self.signers, list(signers)).any(axis=1) & ~np.isin(self.glosses, list(glosses)).any(axis=1)
        return Samples(self.features[keep], self.labels[keep], self.signers[keep], self.glosses[keep])
