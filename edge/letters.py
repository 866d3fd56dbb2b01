"""The letter recogniser: a window in, a probability for every letter out."""

from edge.classifier import Classifier
from edge.types import Scores, Window


class LetterModel(Classifier):
    """The letter bundle's network."""

    def step(self, window: Window) -> Scores:
        """Probabilities of all labels for one window."""
        return Scores(
            ts=window.ts,
            labels=self.labels,
            probabilities=self.probabilities(window.features),
            hand=window.hand,
            motion=window.motion,
        )
