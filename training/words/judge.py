"""What an int8 bundle says about whole clips, each from its first raised hand to its last."""

from collections.abc import Iterable, Sequence

import numpy as np

from edge.bundle import Bundle
from edge.labels import NOTHING
from edge.types import Floats
from edge.words import WordModel, active_span, span_features
from training.figures import Judgement
from training.store import Clip
from training.words.data import track_of


def judgeable(clip: Clip, labels: tuple[str, ...]) -> bool:
    """Whether a clip counts in the figures."""
    return clip.kind == "word" and why_skipped(clip, labels) is None


def why_skipped(clip: Clip, labels: tuple[str, ...]) -> str | None:
    """Why a clip of a word is left out of the figures; None where it counts."""
    if clip.label not in labels or clip.label == NOTHING:
        return "unknown label"
    return "still of a word" if clip.still else None


def judge(clips: Iterable[Clip], bundle: Bundle) -> list[Judgement]:
    """Judge each clip with the daemon's own features and network."""
    model = WordModel(bundle)
    return [verdict(clip, clip_windows(clip), model) for clip in clips]


def clip_windows(clip: Clip) -> Floats:
    """(cuts, WORD_GRID_STEPS, CHANNELS) of one recording; (0, ...) where no hand was up."""
    track = track_of(clip, clip.label)
    span = active_span(track.times, track.points)
    return span_features(track.times, track.points, *span) if span else np.zeros((0,), np.float32)


def verdict(clip: Clip, windows: Floats, model: WordModel) -> Judgement:
    """From a clip's windows; all on `nothing` where no hand was up."""
    silent = np.array([label == NOTHING for label in model.labels], np.float32)
    return Judgement(clip.label, clip.source, clip.signer, model.mean(windows)[0] if len(windows) else silent)


def table_of(verdicts: Sequence[Judgement]) -> Floats:
    """(N, labels)."""
    return np.stack([verdict.probabilities for verdict in verdicts])
