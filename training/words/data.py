"""Word recordings in memory: each clip as points over time, with the label it is trained as."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.labels import NOTHING
from edge.teach import timed_points
from edge.types import Floats, Times
from edge.word_features import BODY, LEFT, POINTS, RIGHT
from training.sources import lookalike, may_train, trainable
from training.store import Clip, read_named

CORE = ("hello", "thankyou", "iloveyou", "yes", "no", "help", "please")
"""What a counter needs, each taught by many recorders."""
WLASL50_SOURCE = "wlasl50"
_MOST_SPELLING = 300
"""Clips of people who spell taken from each source, so that no large one dominates."""


@dataclass(frozen=True, slots=True)
class Track:
    """One recording."""

    clip: str
    times: Times
    """Seconds from the first frame."""
    points: Floats
    """(T, POINTS, 3) isotropic pixels, NaN where not seen."""
    gloss: str
    label: str
    """The gloss if the vocabulary has it, else `nothing`."""
    signer: str
    source: str
    fps_known: bool

    @property
    def seconds(self) -> float:
        return float(self.times[-1]) if len(self.times) else 0.0


def vocabulary(clips: Iterable[Clip]) -> tuple[str, ...]:
    """Core words first, then the glosses of WLASL50, then `nothing`."""
    glosses = {clip.label for clip in clips if clip.source == WLASL50_SOURCE}
    return (*CORE, *sorted(glosses - set(CORE)), NOTHING)


def read_words(stores: list[Path]) -> list[Clip]:
    """All clips of words and idle people, whatever their permitted use."""
    return [clip for store in stores for clip in read_named(store) if clip.kind != "letter" and len(clip.hands)]


def word_tracks(clips: Iterable[Clip], labels: tuple[str, ...], licences: str = "all") -> list[Track]:
    """What may be trained on: vocabulary words that show what their name says; all else as `nothing`."""
    tracks = []
    for clip in clips:
        if not may_train(clip, licences) or not trainable(clip.source, clip.label):
            continue
        known = clip.label in labels
        if not known and clip.kind == "word" and lookalike(clip.label):
            continue
        tracks.append(track_of(clip, clip.label if known else NOTHING))
    return tracks


def track_of(clip: Clip, label: str) -> Track:
    """A clip with times from its first frame."""
    times, points = timed_points(clip)
    return Track(clip.clip, times, points, clip.label, label, clip.signer, clip.source, fps_known=clip.fps > 0)


def spelling_tracks(stores: list[Path], licences: str) -> list[Track]:
    """Sequences of fingerspelling with a hand in every frame, as one right hand without a body: `nothing`."""
    tracks: dict[str, list[Track]] = {}
    for store in stores:
        for clip in read_named(store):
            if clip.kind == "letter" and not clip.still and _picked(clip.clip) and may_train(clip, licences):
                own = tracks.setdefault(clip.source, [])
                if len(own) < _MOST_SPELLING and np.isfinite(clip.hands[:, :, 0, 0]).any(axis=1).all():
                    own.append(_one_hand(track_of(clip, NOTHING)))
    return [track for own in tracks.values() for track in own]


def _picked(clip: str) -> bool:
    """True for every third clip, spread over letters."""
    return hashlib.sha256(clip.encode()).digest()[0] % 3 == 0


def _one_hand(track: Track) -> Track:
    """The hand seen more often, as a right one."""
    left, right = track.points[:, LEFT], track.points[:, RIGHT]
    points = np.full((len(left), POINTS, 3), np.nan, np.float32)
    mirror = np.array([-1, 1, 1], np.float32)
    more_left = np.isfinite(left[:, 0, 0]).sum() > np.isfinite(right[:, 0, 0]).sum()
    points[:, RIGHT] = left * mirror if more_left else right
    return Track(track.clip, track.times, points, track.gloss, NOTHING, track.signer, track.source, fps_known=True)


def shoulders(points: Floats) -> tuple[Floats, float]:
    """Middle (2,) and width of the shoulders in pixels over a recording; NaN where no body was seen."""
    left, right = points[:, BODY.start + 1, :2], points[:, BODY.start + 2, :2]
    seen = np.isfinite(left[:, 0])
    if not seen.any():
        return np.full(2, np.nan, np.float32), float("nan")
    width = float(np.median(np.linalg.norm(left[seen] - right[seen], axis=1)))
    return np.asarray(np.median((left[seen] + right[seen]) / 2, axis=0), np.float32), max(width, 1.0)
