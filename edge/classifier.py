"""A bundle's network as a classifier: features in, calibrated probabilities out."""

from __future__ import annotations

import numpy as np

from edge.bundle import Bundle
from edge.errors import InputError
from edge.tflite import Network
from edge.types import Floats


class Classifier:
    """Loads a bundle's network; the temperature that calibrates it lies in the manifest."""

    def __init__(self, bundle: Bundle) -> None:
        self._network = Network(bundle.file())
        self.labels = bundle.labels
        (outputs,) = self._network.output_shapes
        if outputs[-1] != len(self.labels):
            raise InputError(
                f"{bundle.path}: the network has {outputs[-1]} outputs for {len(self.labels)} labels; quantize it again"
            )
        self._temperature = float(bundle.operating_point.get("temperature", 1.0))

    def probabilities(self, features: Floats) -> Floats:
        """One input without its batch axis to (labels,)."""
        (logits,) = self._network.run(features[None])
        scaled = logits[0] / self._temperature
        exponentials = np.exp(scaled - scaled.max())
        return np.asarray(exponentials / exponentials.sum(), dtype=np.float32)
