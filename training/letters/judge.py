"""What the daemon's letter reader makes of whole clips: a still is judged alone, a sequence as a stream.

All figures are of the reader's scores, not the network's: a J or Z that the hand did not draw does not count.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from edge.bundle import Bundle
from edge.labels import MOTION_LETTERS, NOTHING
from edge.letter_reader import LetterReader
from edge.types import Floats, Scores
from training.figures import Judgement
from training.store import Clip

_STEADY = 1.0
"""Palm widths a second: a hand that moves or changes faster says little about a held letter."""
_MOTION_FRAMES = 5
"""Consecutive frames in which a drawn letter must be seen."""


def why_skipped(clip: Clip, labels: tuple[str, ...]) -> str | None:
    """Why a clip of a letter is left out of the figures; None where it counts."""
    if not len(clip.hands):
        return "no frames"
    if clip.label not in labels or clip.label == NOTHING:
        return "unknown label"
    return "still of a motion letter" if clip.still and clip.label in MOTION_LETTERS else None


def judgeable(clip: Clip, labels: tuple[str, ...]) -> bool:
    """Whether a clip counts in the figures."""
    return clip.kind == "letter" and why_skipped(clip, labels) is None


def judge(clips: Iterable[Clip], bundle: Bundle) -> list[Judgement]:
    """Judge each clip by one distribution over the labels."""
    reader = LetterReader(bundle)
    return [
        Judgement(clip.label, clip.source, clip.signer, _of_stream(stream(clip, reader), bundle.labels))
        for clip in clips
    ]


def stream(clip: Clip, reader: LetterReader) -> list[Scores]:
    """The reader's scores for every frame that shows a hand."""
    reader.reset()
    scores = []
    for landmarks in clip.landmarks():
        reader.step(landmarks)
        if reader.scores is not None:
            scores.append(reader.scores)
    return scores


def _of_stream(scores: Sequence[Scores], labels: tuple[str, ...]) -> Floats:
    """One distribution for a clip that shows one letter.

    A held letter gets its mean over the frames in which the hand is steady. A drawn one shows only once complete: its
    strongest moment counts, and is taken from the share of the held ones.
    """
    if not scores:
        return np.array([label == NOTHING for label in labels], np.float32)
    table = np.stack([score.probabilities for score in scores])
    restless = np.array([(score.motion.speed + score.motion.shape_speed) / _STEADY for score in scores])
    weights = 1 / (1 + restless**2) * _since_start(len(scores))
    held = (table * weights[:, None]).sum(axis=0) / weights.sum()
    drawn = np.isin(labels, MOTION_LETTERS)
    strongest = _strongest(table[:, drawn])
    rest = np.where(drawn, 0.0, held)
    total = np.where(drawn, 0.0, rest / max(rest.sum(), 1e-9) * max(0.0, 1 - strongest.sum()))
    total[drawn] = strongest
    return np.asarray(total / total.sum(), np.float32)


def _since_start(count: int) -> Floats:
    """(count,) weights: later frames count more, since recordings begin while the hand still forms the letter."""
    return np.asarray(np.minimum(np.arange(1, count + 1) / max(1.0, count / 2), 1.0), np.float32)


def _strongest(table: Floats) -> Floats:
    """(T, K) to (K,): the highest mean over a few consecutive frames."""
    frames = min(_MOTION_FRAMES, len(table))
    sums = np.cumsum(np.concatenate([np.zeros((1, table.shape[1])), table]), axis=0)
    return np.asarray(((sums[frames:] - sums[:-frames]) / frames).max(axis=0), np.float32)
