"""The letter recogniser: a window in, a probability for every letter out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge.errors import InputError
from edge.tflite import Network
from edge.types import Floats, Scores, Window

if TYPE_CHECKING:
    from edge.bundle import Bundle

NOTHING = "nothing"
"""Label of a hand that spells no letter."""
MOTION_LETTERS = ("J", "Z")
"""Letters that are drawn in the air: one frame cannot show them."""


class LetterModel:
    """The bundle's network; its probabilities are calibrated (the temperature lies in the manifest)."""

    def __init__(self, bundle: Bundle) -> None:
        self._network = Network(bundle.file())
        self.labels = bundle.labels
        (outputs,) = self._network.output_shapes
        if outputs[-1] != len(self.labels):
            raise InputError(
                f"{bundle.path}: the network has {outputs[-1]} outputs for {len(self.labels)} labels; quantize it again"
            )
        self._temperature = float(bundle.operating_point.get("temperature", 1.0))

    def step(self, window: Window) -> Scores:
        """Probabilities of all labels for one window."""
        return Scores(
            ts=window.ts,
            labels=self.labels,
            probabilities=self.probabilities(window.features),
            hand=window.hand,
            motion=window.motion,
        )

    def probabilities(self, features: Floats) -> Floats:
        """(FEATURE_SIZE,) to (labels,)."""
        (logits,) = self._network.run(features[None])
        scaled = logits[0] / self._temperature
        exponentials = np.exp(scaled - scaled.max())
        return np.asarray(exponentials / exponentials.sum(), dtype=np.float32)
