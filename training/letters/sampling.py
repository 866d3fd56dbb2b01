"""Draws balanced windows of letters: real stills and sequences, real and drawn J and Z."""

import numpy as np
from numpy.typing import NDArray

from edge.labels import NOTHING
from edge.types import Floats
from training import augment
from training.letters import synthesis
from training.letters.config import LetterConfig
from training.letters.data import INDEX, LetterData, Track, is_motion, settled
from training.letters.motions import Motions
from training.letters.negatives import Negatives
from training.letters.pools import Pool
from training.letters.windows import Labels, Names, Samples, Windows

DRAWING_HANDS = {"J": "IJ", "Z": "DXZ"}
"""Letters whose stills may draw: an index pointing at the camera while it draws a Z looks like an X."""


class Sampler:
    """Endless samples from one split's data; all sources are equally likely, and within one all labels."""

    def __init__(self, data: LetterData, config: LetterConfig, seed: int) -> None:
        self._data, self._config = data, config
        self._rng = np.random.default_rng(seed)
        self._static = np.flatnonzero(~np.isin(data.labels, [INDEX["J"], INDEX["Z"]]))
        self._stills = Pool.of(self._static, data.sources, data.labels)
        self._by_label = {
            label: Pool.of(np.flatnonzero(data.labels == label), data.sources) for label in np.unique(data.labels)
        }
        self._sequences = [t for t in data.tracks if not is_motion(t.label) and settled(t) < len(t.times)]
        self._sequence_pool = Pool.of_tracks(self._sequences)
        self._motion_like = [INDEX["I"], INDEX["D"], INDEX["X"]]
        self._motions = Motions(data, self._rng)
        self._negatives = Negatives(data, config, self._rng)

    def samples(self, size: int) -> Samples:
        """About `size` augmented samples, not shuffled."""
        shares = self._config.shares
        groups = [
            *self._letters(round(size * shares.letters)),
            *self._drawn("J", round(size * shares.motions / 2)),
            *self._drawn("Z", round(size * shares.motions / 2)),
            self._motions.recorded(round(size * shares.recorded_motions)),
            self._transitions(round(size * shares.transitions)),
            *self._negatives.hands(round(size * shares.others), round(size * shares.resting)),
        ]
        groups = [group.augmented(self._config.augment, self._rng) for group in groups if len(group)]
        picked = self._stills.draw(round(size * shares.noise), self._rng)
        groups.append(self._negatives.noise(self._data.poses[picked], self._data.sources[picked]))
        return Samples.joined([Samples.of(groups), self._negatives.feature_noise(round(size * shares.feature_noise))])

    def _letters(self, count: int) -> list[Windows]:
        """Static letters, from stills and settled sequences; some hands are carried about."""
        sequences = int(count * self._config.shares.sequences) if self._sequences else 0
        poses, labels, sources = self._poses(self._stills.draw(count - sequences, self._rng))
        if sequences:
            tracks = [self._sequences[i] for i in self._sequence_pool.draw(sequences, self._rng)]
            poses = np.concatenate([poses, self._changed(np.stack([self._settled_pose(track) for track in tracks]))])
            labels = np.concatenate([labels, [INDEX[track.label] for track in tracks]])
            sources = np.concatenate([sources, [[track.source] * 2 for track in tracks]])
        moving = self._rng.random(len(poses)) < self._config.shares.moving
        carried = synthesis.drift(poses[moving], self._rng)
        return [
            Windows(poses[~moving][:, None], labels[~moving], sources[~moving]),
            Windows(carried, labels[moving], sources[moving]),
        ]

    def _settled_pose(self, track: Track) -> Floats:
        frame = track.points[self._rng.integers(settled(track), len(track.times))]
        return np.asarray(frame - frame[:1], np.float32)

    def _poses(self, picked: NDArray[np.int64]) -> tuple[Floats, Labels, Names]:
        """Stills as other hands would show them, their labels, and the two sources each is made from."""
        poses, labels = self._data.poses[picked], self._data.labels[picked]
        partner = picked.copy()
        mixed = np.flatnonzero(self._rng.random(len(picked)) < self._config.augment.blended)
        for i in mixed:
            partner[i] = self._by_label[labels[i]].draw(1, self._rng)[0]
        share = self._rng.uniform(-0.3, 0.6, len(mixed)).astype(np.float32)
        poses[mixed] = augment.blend(poses[mixed], self._data.poses[partner[mixed]], share)
        sources = np.stack([self._data.sources[picked], self._data.sources[partner]], axis=1)
        return self._changed(poses), labels, sources

    def _changed(self, poses: Floats) -> Floats:
        c = self._config.augment
        return augment.other_hands(poses, c.joint_degrees, c.finger_lengths, self._rng)

    def _drawn(self, letter: str, count: int) -> list[Windows]:
        """J or Z drawn by stills that may draw it."""
        hands = [INDEX[hand] for hand in DRAWING_HANDS[letter]]
        pool = Pool.of(np.flatnonzero(np.isin(self._data.labels, hands)), self._data.sources, self._data.labels)
        if not pool.groups:
            return []
        return self._motions.drawn(letter, *self._poses(pool.draw(count, self._rng)))

    def _transitions(self, count: int) -> Windows:
        """One letter after another of the same source.

        Once settled it is the new letter; half-way between two that differ it is `nothing`. One in four leads to a
        hand that could draw J or Z but does not.
        """
        alike = Pool.of(np.flatnonzero(np.isin(self._data.labels, self._motion_like)), self._data.sources)
        into_alike = count // 4 if alike.groups else 0
        picked = np.concatenate([alike.draw(into_alike, self._rng), self._stills.draw(count - into_alike, self._rng)])
        before = self._stills.draw_beside(picked, self._data.sources, self._rng)
        first = self._changed(self._data.poses[before])  # of the same source as the second, so that folds can drop it
        second, labels, sources = self._poses(picked)
        frames, progress = synthesis.change(first, second, self._rng.uniform(-1.2, 0.35, count), self._rng)
        apart = np.linalg.norm(first - second, axis=-1).mean(axis=-1) > self._config.distinct_distance
        between = (np.abs(progress - 0.5) < 0.2) & apart
        labels = np.where(between, INDEX[NOTHING], labels)
        return Windows(frames, labels, sources).where(between | (progress > 0.97))
