"""Hands that do not spell: people who idle or sign words, control signs, resting hands, noise."""

import math

import numpy as np

from edge.features import CLIP, FEATURE_SIZE
from edge.labels import NOTHING
from edge.types import Floats
from edge.windows import resample
from training import augment
from training.letters import synthesis
from training.letters.config import LetterConfig
from training.letters.data import INDEX, LetterData, Track
from training.letters.pools import Pool
from training.letters.windows import Names, Samples, Windows

RESTING_LETTERS = "BFIY"
"""These make resting hands when turned over. Not A, E, S, W: some signers' M and N hang down and look like them."""
POINTING_LETTERS = "DX"
"""Hands that point and draw in the air; real people's question marks were read as Z."""
_TURNED_OVER_DEGREES = 110.0
_LOG_NOISE = (math.log(0.2), math.log(3.0))
"""Smallest and largest standard deviation of noise that must not be read as a letter, in palm lengths; features have
about the same scale."""


class Negatives:
    """Draws windows whose label is `nothing`."""

    def __init__(self, data: LetterData, config: LetterConfig, rng: np.random.Generator) -> None:
        self._data, self._config, self._rng = data, config, rng
        self._idle = [track for track in data.others if track.label == "idle"]
        self._words = [track for track in data.others if track.label != "idle"]
        turned = [INDEX[letter] for letter in RESTING_LETTERS]
        self._turnable = np.flatnonzero(np.isin(data.labels, turned))
        self._pointing = np.flatnonzero(np.isin(data.labels, [INDEX[letter] for letter in POINTING_LETTERS]))

    def hands(self, others: int, resting: int) -> list[Windows]:
        """Real hands: about `others` of people who do not spell and `resting` turned over."""
        groups = [self._moving(others // 3), self._idling(others // 3), self._controls(others // 6)]
        return [*groups, self._scribbling(others // 6), self._resting(resting)]

    def noise(self, poses: Floats, sources: Names) -> Windows:
        """Points that are no hand: pure noise or a hand buried in it, constant or flickering."""
        rng, count = self._rng, len(poses)
        spread = np.exp(rng.uniform(*_LOG_NOISE, (count, 1, 1, 1))).astype(np.float32)
        buried = rng.random((count, 1, 1, 1)) < 0.7
        frames = synthesis.hold(poses) * buried + spread * rng.standard_normal((count, 1, 21, 3), np.float32)
        flicker = rng.random((count, 1, 1, 1)) < 0.5
        frames = frames + flicker * spread * rng.standard_normal(frames.shape, np.float32)
        return _nothing(np.asarray(frames, np.float32), sources)

    def feature_noise(self, count: int) -> Samples:
        """Features that no hand has, of no source: a network may say anything where it was never taught."""
        spread = np.exp(self._rng.uniform(*_LOG_NOISE, (count, 1)))
        features = np.clip(spread * self._rng.standard_normal((count, FEATURE_SIZE)), -CLIP, CLIP)
        return Samples(features.astype(np.float16), np.full(count, INDEX[NOTHING]), np.full((count, 2), ""))

    def _moving(self, count: int) -> Windows:
        """Hands in the middle of a word. Slow ones may well show a letter and are left out."""
        if not self._words:
            return Windows.none()
        windows = self._windows_of(self._words, count * 2)
        speed = np.linalg.norm(windows.frames[:, -1] - windows.frames[:, -4], axis=-1).mean(axis=-1) / 0.2
        return windows.where(speed > self._config.word_speed)

    def _idling(self, count: int) -> Windows:
        return self._windows_of(self._idle, count) if self._idle else Windows.none()

    def _windows_of(self, tracks: list[Track], count: int) -> Windows:
        frames, sources = [], []
        by_source = Pool.of(np.arange(len(tracks)), np.array([track.source for track in tracks]))
        for i in by_source.draw(count, self._rng):
            track = tracks[i]
            end = int(self._rng.integers(1, len(track.times)))
            first = max(0, end - 60)
            frames.append(
                resample(track.times[first : end + 1], track.points[first : end + 1], float(track.times[end]))
            )
            sources.append(track.source)
        return _nothing(np.stack(frames), np.array(sources))

    def _scribbling(self, count: int) -> Windows:
        if not len(self._pointing):
            return Windows.none()
        picked = self._pointing[self._rng.integers(len(self._pointing), size=count)]
        return _nothing(synthesis.scribble(self._data.poses[picked], self._rng), self._data.sources[picked])

    def _controls(self, count: int) -> Windows:
        if not len(self._data.controls):
            return Windows.none()
        picked = self._rng.integers(len(self._data.controls), size=count)
        return _nothing(self._data.controls[picked][:, None], self._data.control_sources[picked])

    def _resting(self, count: int) -> Windows:
        if not len(self._turnable):
            return Windows.none()
        picked = self._turnable[self._rng.integers(len(self._turnable), size=count)]
        angles = np.zeros((count, 3))
        angles[:, 2] = self._rng.choice([-1, 1], count) * self._rng.uniform(_TURNED_OVER_DEGREES, 180, count)
        turned = self._data.poses[picked] @ np.swapaxes(augment.rotations(np.radians(angles)), -1, -2)
        return _nothing(np.asarray(turned[:, None], np.float32), self._data.sources[picked])


def _nothing(frames: Floats, sources: Names) -> Windows:
    return Windows(frames, np.full(len(frames), INDEX[NOTHING]), np.stack([sources, sources], axis=1))
