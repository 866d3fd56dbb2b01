"""A bundle's network as a classifier: features in, calibrated probabilities out."""

import numpy as np

from edge.bundle import Bundle
from edge.errors import InputError
from edge.tflite import Network
from edge.types import Floats


class Classifier:
    """Loads a bundle's network; its calibration temperature comes from the manifest."""

    def __init__(self, bundle: Bundle) -> None:
        self._network = Network(bundle.file())
        self.labels = bundle.labels
        logits = self._network.output_shapes[0][-1]
        if logits != len(self.labels):
            raise InputError(
                f"{bundle.path}: the network has {logits} outputs for {len(self.labels)} labels; quantize it again"
            )
        self._temperature = float(bundle.operating_point.get("temperature", 1.0))

    def probabilities(self, features: Floats) -> Floats:
        """One input without its batch axis to (labels,)."""
        return self._calibrated(self._network.run(features[None])[0][0])

    def _calibrated(self, logits: Floats) -> Floats:
        scaled = logits / self._temperature
        exponentials = np.exp(scaled - scaled.max())
        return np.asarray(exponentials / exponentials.sum(), dtype=np.float32)
