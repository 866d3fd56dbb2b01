"""A labelled group of windows, before and after augmentation."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.features import LETTER_GRID_STEPS, MOTION_CHANNELS, motion_features, shape_features
from edge.types import Floats
from training import augment
from training.letters.config import Augment

Labels = NDArray[np.int64]
Names = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of canonical hands, with the source of each, so that folds can leave one out."""

    frames: Floats
    """(B, T, 21, 3); T is LETTER_GRID_STEPS, or 1 for stills, which makes them thirty times cheaper."""
    labels: Labels
    sources: Names
    """(B, 2): both sources of a window made from two, else one twice."""

    @classmethod
    def none(cls) -> "Windows":
        return cls(np.zeros((0, 1, 21, 3), np.float32), np.zeros(0, np.int64), np.zeros((0, 2), np.str_))

    def __len__(self) -> int:
        return len(self.labels)

    def where(self, keep: NDArray[np.bool_]) -> "Windows":
        return Windows(self.frames[keep], self.labels[keep], self.sources[keep])

    def augmented(self, config: Augment, rng: np.random.Generator) -> "Windows":
        """As other people, cameras and landmark networks would show the same hands."""
        frames = augment.turn(self.frames, config.turn_degrees, config.from_behind, rng)
        frames = augment.perspective(frames, config.perspective, rng)
        frames = augment.stretch(frames, config.aspect, config.depth, rng)
        frames = augment.flatten(frames, config.flattened, rng)
        return Windows(augment.jitter(frames, config.jitter, rng), self.labels, self.sources)

    def features(self) -> Floats:
        """(B, FEATURE_SIZE): `letter_features`, computed once for a still."""
        motion = motion_features(self.frames)
        if motion.shape[1] == 1:
            motion = np.repeat(motion, LETTER_GRID_STEPS, axis=1)
        flat = motion.reshape(len(motion), LETTER_GRID_STEPS * MOTION_CHANNELS)
        return np.concatenate([shape_features(self.frames[:, -1]), flat], axis=1)


@dataclass(frozen=True, slots=True)
class Samples:
    """What a network is trained on."""

    features: NDArray[np.float16]
    """(N, FEATURE_SIZE); half precision: its step (0.0005 near 1) is far below the int8 input's (0.012)."""
    labels: Labels
    sources: Names
    """(N, 2)."""

    def without(self, sources: Iterable[str]) -> "Samples":
        """What a fold may train on: nothing that any of these sources contributed to."""
        keep = ~np.isin(self.sources, list(sources)).any(axis=1)
        return Samples(self.features[keep], self.labels[keep], self.sources[keep])

    @classmethod
    def of(cls, groups: list[Windows]) -> "Samples":
        made = [cls(group.features().astype(np.float16), group.labels, group.sources) for group in groups if len(group)]
        return cls.joined(made)

    @classmethod
    def joined(cls, parts: list["Samples"]) -> "Samples":
        return cls(
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.labels for part in parts]),
            np.concatenate([part.sources for part in parts]),
        )
