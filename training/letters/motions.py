"""J and Z: recorded, drawn by formula, or with recorded movements carried over to other signers' hands."""

import numpy as np

from edge.types import Floats
from edge.windows import resample
from training.letters import synthesis
from training.letters.data import INDEX, TIP_OF, LetterData, Track, is_motion
from training.letters.pools import Pool
from training.letters.windows import Labels, Names, Windows
from training.sources import LETTER_SOURCES, source_of

_MOTION_PATH = 4.0
"""Palm lengths the tip must travel for a J or Z to count as drawn: end poses held by two sources stay under 2."""
_CARRIED_SHARE = 0.4
"""Share of the drawn letters that follows a recorded movement instead of a formula."""


class Motions:
    """Samples windows that end when a J or Z is complete or has hardly begun."""

    def __init__(self, data: LetterData, rng: np.random.Generator) -> None:
        self._rng = rng
        self._tracks = [track for track in data.tracks if is_motion(track.label) and is_drawn(track)]
        self._pool = Pool.of_tracks(self._tracks)
        movements = [*self._tracks, *(track for track in data.movements if is_drawn(track))]
        self._movements = {letter: [t for t in movements if t.label == letter] for letter in TIP_OF}

    def recorded(self, count: int) -> Windows:
        """Recorded J and Z at other speeds and frame rates, ending when the drawing is complete."""
        if not self._tracks:
            return Windows.none()
        tracks = [self._tracks[i] for i in self._pool.draw(count, self._rng)]
        return Windows(
            np.stack([self._replayed(track) for track in tracks]),
            np.array([INDEX[track.label] for track in tracks], np.int64),
            np.array([[track.source] * 2 for track in tracks]),
        )

    def drawn(self, letter: str, poses: Floats, hands: Labels, sources: Names) -> list[Windows]:
        """Still hands made to draw; at the beginning it is still the hand's own letter, half-way it is not used."""
        carried = np.arange(len(poses)) < (len(poses) * _CARRIED_SHARE if self._movements[letter] else 0)
        self._rng.shuffle(carried)
        groups = [self._by_formula(letter, poses[~carried], hands[~carried], sources[~carried])]
        if carried.any():
            groups.append(self._carried_over(letter, poses[carried], sources[carried]))
        return groups

    def _by_formula(self, letter: str, poses: Floats, hands: Labels, sources: Names) -> Windows:
        count, rng = len(poses), self._rng
        draw = synthesis.draw_j if letter == "J" else synthesis.draw_z
        complete = rng.random(count) < 0.75
        end = np.where(complete, rng.uniform(-0.5, 0.03, count), rng.uniform(0.1, 1.2, count))
        frames, progress = draw(poses, end, rng)
        labels = np.where(progress > 0.5, INDEX[letter], hands)
        begun = (progress < 0.35) & (hands != INDEX[letter])  # a still of J or Z has no letter of its own
        return Windows(frames, labels, sources).where((progress > 0.93) | begun)

    def _carried_over(self, letter: str, poses: Floats, sources: Names) -> Windows:
        tracks = self._movements[letter]
        picked = [tracks[i] for i in self._rng.integers(len(tracks), size=len(poses))]
        movements = np.stack([self._replayed(track) for track in picked])
        frames = synthesis.follow(poses, movements, TIP_OF[letter])
        pairs = np.stack([sources[:, 0], [track.source for track in picked]], axis=1)
        keep = sources[:, 0] == sources[:, 1]  # a window names two sources at most
        return Windows(frames, np.full(len(poses), INDEX[letter]), pairs).where(keep)

    def _replayed(self, track: Track) -> Floats:
        rng = self._rng
        duration = float(track.times[-1] - track.times[0])
        seconds = np.exp(rng.uniform(np.log(0.45), np.log(1.8)))
        times = (track.times - track.times[0]) * (seconds / duration)
        last, first, step = len(times) - 1 - rng.integers(0, 3), rng.integers(0, 4), rng.integers(1, 3)
        kept = np.arange(last, first, -step)[::-1]
        now = times[kept[-1]] + rng.uniform(0.01, 0.4)  # the end pose is held for a moment
        points = np.concatenate([track.points[kept], track.points[kept[-1:]]])
        return resample(np.append(times[kept], now), points, float(now))


def is_drawn(track: Track) -> bool:
    """Whether the track shows its J or Z being drawn, not an end pose."""
    source = source_of(track.source)
    if source in LETTER_SOURCES and track.label not in (*source.real_motion, *source.drawn, *source.exclude):
        return False
    tip = TIP_OF[track.label]
    path = np.linalg.norm(np.diff(track.points[:, tip, :2], axis=0), axis=-1).sum()
    return bool(path > _MOTION_PATH) and len(track.times) >= 12
