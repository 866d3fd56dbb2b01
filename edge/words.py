"""The word recogniser: what the signer did since the hands came up in, probabilities of all words out."""

import numpy as np

from edge.bundle import Bundle
from edge.classifier import Classifier
from edge.errors import InputError
from edge.segmenter import LONGEST_SECONDS
from edge.types import Floats, Times
from edge.word_features import on_grid, raised, word_features

_TRIMS = ((0.0, 0.0), (0.12, 0.0), (0.0, 0.12))
"""Shares of the span cut off at its start and end: where a sign begins and ends is not known more precisely."""
_OUTPUTS = 2
"""Logits, and the embedding they are made from."""


def active_span(times: Times, points: Floats) -> tuple[float, float] | None:
    """From the first raised hand to the last in points (N, POINTS, 3); None where no hand is up."""
    up = np.flatnonzero(raised(points))
    if not len(up):
        return None
    end = float(times[up[-1]])
    return max(float(times[up[0]]), end - LONGEST_SECONDS), end


def span_features(times: Times, points: Floats, start: float | Times, end: float | Times) -> Floats:
    """(..., len(_TRIMS), WORD_GRID_STEPS, CHANNELS): several cuts of each span, whose scores are to be averaged.

    `start` and `end` are (...,) seconds: two spans at once cost little more than one.
    """
    before, after = np.array(_TRIMS).T
    starts, ends = np.broadcast_arrays(np.asarray(start)[..., None], np.asarray(end)[..., None])
    lengths = ends - starts
    return word_features(on_grid(times, points, starts + before * lengths, ends - after * lengths))


class WordModel(Classifier):
    """The word bundle's network."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        if len(self._network.output_shapes) != _OUTPUTS:
            raise InputError(f"{bundle.path}: the network gives no embedding; quantize it again")

    def read(self, times: Times, points: Floats, start: float, end: float) -> tuple[Floats, Floats]:
        """What was signed from `start` to `end` in points (N, POINTS, 3), as `mean` gives it."""
        return self.mean(span_features(times, points, start, end))

    def mean(self, windows: Floats) -> tuple[Floats, Floats]:
        """(B, WORD_GRID_STEPS, CHANNELS) cuts of one span to (labels,) probabilities and the (D,) mean embedding.

        The embedding is what the network's last layer reads, not normalised: signs that look alike are near each
        other, even signs it was never taught.
        """
        outputs = [self._network.run(window[None]) for window in windows]
        probabilities = np.mean([self._calibrated(logits[0]) for logits, _ in outputs], axis=0)
        embedding = np.mean([embedding[0] for _, embedding in outputs], axis=0)
        return np.asarray(probabilities, np.float32), np.asarray(embedding, np.float32)
