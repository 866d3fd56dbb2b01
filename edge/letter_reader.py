"""Landmarks to letters, for training, evaluation and the daemon."""

from typing import Self

from edge.bundle import Bundle
from edge.decoder import LetterDecoder
from edge.letters import LetterModel
from edge.operating_point import OperatingPoint
from edge.strokes import as_drawn
from edge.types import Emission, Landmarks, Scores
from edge.windows import LetterWindows


class LetterReader:
    """One signer's stream of landmarks to letters."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._model = LetterModel(bundle)
        self.reset()

    def reset(self) -> None:
        """Forget the past: another recording follows."""
        self._windows = LetterWindows()
        self._decoder = LetterDecoder(OperatingPoint.of(self.bundle.operating_point))
        self.scores: Scores | None = None
        """What the model said of the last frame; None if no hand was seen."""

    def continue_from(self, before: Self) -> None:
        """Take over what the hand did before a reload, if the bundle is the same: a letter still held is said once."""
        if before.bundle.manifest == self.bundle.manifest:
            self._windows, self._decoder = before._windows, before._decoder
            self._decoder.resume()

    def step(self, landmarks: Landmarks) -> list[Emission]:
        window = self._windows.step(landmarks)
        self.scores = as_drawn(self._model.step(window), window.past) if window is not None else None
        return self._decoder.step(landmarks.ts, self.scores)

    @property
    def abstentions(self) -> int:
        """Settled hand shapes left unsaid because the model was not sure."""
        return self._decoder.abstentions
