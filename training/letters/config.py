"""Settings of a letter training run."""

import dataclasses
from dataclasses import dataclass, field

from training.caching import digest


@dataclass(frozen=True, slots=True)
class Shares:
    """Make-up of a batch."""

    letters: float = 0.51
    sequences: float = 0.15
    """Share of the letters that comes from sequences."""
    moving: float = 0.3
    """Share of the letters whose hand is carried about."""
    motions: float = 0.14
    recorded_motions: float = 0.05
    transitions: float = 0.12
    others: float = 0.11
    resting: float = 0.02
    noise: float = 0.05
    feature_noise: float = 0.01


@dataclass(frozen=True, slots=True)
class Augment:
    """Strengths for `training.augment`. Lengths in palm lengths."""

    turn_degrees: tuple[float, float, float] = (18.0, 32.0, 12.0)
    """About x, y and z: a hand seen from the side is the same letter, a tilted or rolled one may be another."""
    from_behind: float = 0.1
    """Share of the windows turned half round."""
    joint_degrees: float = 1.5
    """More would blur what tells R from U: 0.1 palm lengths between the fingertips."""
    finger_lengths: float = 0.04
    blended: float = 0.5
    """Share of the stills mixed with another signer's hand of the same letter."""
    perspective: float = 0.2
    aspect: float = 0.08
    depth: float = 0.3
    flattened: float = 0.25
    """Share of the windows that lose most of their depth, which is the landmark network's guess."""
    jitter: float = 0.02


@dataclass(frozen=True, slots=True)
class LetterConfig:
    """A training run. A YAML file may set any of these; the others stay as here."""

    rounds: int = 16
    round_samples: int = 60_000
    passes: int = 2
    """Times a round's samples are used: drawing them costs more than training on them."""
    batch: int = 1024
    learning_rate: float = 2e-3
    label_smoothing: float = 0.2
    shape_units: tuple[int, ...] = (272, 152)
    shape_dropout: float = 0.1
    motion_dropout: float = 0.3
    weight_decay: float = 1e-4
    distinct_distance: float = 0.3
    """Palm lengths between the points of two hands beyond which the pose half-way is neither."""
    word_speed: float = 2.0
    """Palm lengths a second: slower hands in words may well show a letter, so they are not taught as `nothing`."""
    seed: int = 0
    shares: Shares = field(default_factory=Shares)
    augment: Augment = field(default_factory=Augment)

    def digest(self) -> str:
        """Identifies what was made with exactly this configuration."""
        return digest(dataclasses.asdict(self))
