"""Clips of landmark stores as canonical hands: stills as one pose, sequences as tracks of the spelling hand."""

import logging
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.features import palm_length
from edge.labels import MOTION_LETTERS, NOTHING
from edge.types import Floats, Times
from edge.windows import HandChooser, HandTrack
from training.extraction.labels import is_control
from training.letters.drawings import Drawings
from training.sources import may_train, refuse_never_train, trainable
from training.store import Clip, read_named

log = logging.getLogger(__name__)

LABELS = (*string.ascii_uppercase, NOTHING)
INDEX = {label: index for index, label in enumerate(LABELS)}

CONTROL_LIKE_LETTERS = ("ctl_yes_fist", "ctl_no", "ctl_thanks", "del_pinch", "space_thumbup", "del_thumbdown")
"""Control signs with the hand of some signer's letter (a fist is S, a flat hand B, a pinch G or O, a thumb A): not
taught as `nothing`, which must not swallow letters."""
TIP_OF = {"J": 20, "Z": 8}
"""Point that draws each motion letter: tip of the little finger, tip of the index."""
_SECONDS_OF_PREVIOUS_POSE = 0.3
"""Sequences begin with up to 8 frames of the previous pose (dylan; jackson 4)."""


@dataclass(frozen=True, slots=True)
class Track:
    """One hand followed through a clip without a break, canonical, in palm lengths of its median frame."""

    times: Times
    points: Floats
    """(N, 21, 3)."""
    label: str
    source: str
    signer: str


@dataclass(slots=True)
class LetterData:
    """What training draws from. The arrays of stills are parallel."""

    poses: Floats
    """(N, 21, 3) stills of letters and static frames, wrist at the origin, palm length 1."""
    labels: NDArray[np.int64]
    sources: NDArray[np.str_]
    signers: NDArray[np.str_]
    tracks: list[Track] = field(default_factory=list)
    """Sequences of letters."""
    movements: list[Track] = field(default_factory=list)
    """J and Z of which only the movement is learnt, not the hand shape."""
    others: list[Track] = field(default_factory=list)
    """People who do not spell: they idle or sign words."""
    controls: Floats = field(default_factory=lambda: np.zeros((0, 21, 3), np.float32))
    """Stills of hands that show no letter."""
    control_sources: NDArray[np.str_] = field(default_factory=lambda: np.zeros(0, np.str_))


def load_letters(stores: Iterable[Path], licences: str = "all") -> LetterData:
    """Read stores for training; `licences` is `all` or `clear`.

    Raises:
        InputError: a store cannot be read, or holds a source that must never be trained on.
    """
    reader = _Reader()
    for store in stores:
        for clip in read_named(store):
            if may_be_read(clip, licences):
                reader.add(clip)
    return reader.data()


def may_be_read(clip: Clip, licences: str) -> bool:
    """Whether training reads a clip. People who sign words are read as examples of `nothing`, under the same rules."""
    if clip.kind == "letter":
        refuse_never_train([clip.source])  # stores of words hold such sources for tests, stores of letters must not
    return may_train(clip, licences)


class _Reader:
    """Sorts clips into the parts of `LetterData`."""

    def __init__(self) -> None:
        self._poses: list[tuple[Floats, int, str, str]] = []
        self._controls: list[tuple[Floats, str]] = []
        self._drawings = Drawings()
        self._tracks: list[Track] = []
        self._movements: list[Track] = []
        self._others: list[Track] = []
        self._strange: Counter[str] = Counter()

    def add(self, clip: Clip) -> None:
        if clip.kind != "letter":
            self._others += tracks_of(clip)
            return
        if clip.label not in INDEX and not is_control(clip.label):
            self._strange[clip.label] += 1
            return
        if not clip.still:
            self._add_sequence(clip)
            return
        self._drawings.add(clip)
        points = still_points(clip)
        if points is not None:
            self._add_still(clip, points)

    def _add_sequence(self, clip: Clip) -> None:
        """A letter where the source is trusted with it; else, of a J or Z, only the movement."""
        if clip.label not in INDEX:
            return
        if trainable(clip.source, clip.label):
            self._tracks += tracks_of(clip)
        elif is_motion(clip.label):
            self._movements += tracks_of(clip)

    def _add_still(self, clip: Clip, points: Floats) -> None:
        """A pose of its letter, or a hand that shows none; points (21, 3), canonical."""
        if clip.label not in INDEX:
            if clip.label not in CONTROL_LIKE_LETTERS:
                self._controls.append((normalised(points), clip.source))
        elif clip.label != NOTHING and trainable(clip.source, clip.label):
            self._poses.append((normalised(points), INDEX[clip.label], clip.source, clip.signer))

    def data(self) -> LetterData:
        for label, count in self._strange.items():
            log.warning("'%s' is no letter of %s to %s: its %d clips are left out", label, LABELS[0], LABELS[-2], count)
        poses, labels, sources, signers = zip(*self._poses, strict=True) if self._poses else ((), (), (), ())
        controls, control_sources = zip(*self._controls, strict=True) if self._controls else ((), ())
        return LetterData(
            poses=_stacked(poses),
            labels=np.array(labels, np.int64),
            sources=np.array(sources, np.str_),
            signers=np.array(signers, np.str_),
            tracks=[*self._tracks, *(track for clip in self._drawings.clips() for track in tracks_of(clip))],
            movements=self._movements,
            others=self._others,
            controls=_stacked(controls),
            control_sources=np.array(control_sources, np.str_),
        )


def _stacked(poses: Sequence[Floats]) -> Floats:
    return np.stack(poses) if poses else np.zeros((0, 21, 3), np.float32)


def still_points(clip: Clip) -> Floats | None:
    """(21, 3) canonical points of a still, or of a clip's first frame; None where no hand was found."""
    choice = HandChooser().step(next(clip.landmarks()))
    return None if choice is None else choice[1]


def normalised(points: Floats) -> Floats:
    """Canonical points with the wrist at the origin and a palm length of 1."""
    centred = points - points[..., :1, :]
    return np.asarray(centred / palm_length(points)[..., None, None], np.float32)


def tracks_of(clip: Clip) -> list[Track]:
    """The spelling hand through a clip, cut where the daemon's windows would be cut."""
    chooser, follower = HandChooser(), HandTrack()
    runs: list[tuple[list[float], list[Floats]]] = []
    for landmarks in clip.landmarks():
        choice = chooser.step(landmarks)
        if choice is None:
            continue
        side, points = choice
        if follower.add(landmarks.ts, points, side):
            runs.append(([], []))
        runs[-1][0].append(landmarks.ts)
        runs[-1][1].append(points)
    return [
        _track(np.array(times), points, clip.label, clip.source, clip.signer)
        for times, points in runs
        if len(times) >= 2
    ]


def _track(times: Times, frames: list[Floats], label: str, source: str, signer: str) -> Track:
    points = np.stack(frames)
    return Track(times, points / np.float32(np.median(palm_length(points))), label, source, signer)


def settled(track: Track) -> int:
    """Index of the first frame certain to show the track's label."""
    return int(np.searchsorted(track.times, _SECONDS_OF_PREVIOUS_POSE))


def is_motion(label: str) -> bool:
    return label in MOTION_LETTERS
