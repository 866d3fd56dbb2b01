"""Settings of a word training run."""

import dataclasses
from dataclasses import dataclass, field

from edge.word_features import WORD_FEATURES_TAG
from training.caching import digest


@dataclass(frozen=True, slots=True)
class Shares:
    """Make-up of a round."""

    core: float = 0.36
    others: float = 0.38
    """Words of the vocabulary that are not core."""
    unknown: float = 0.09
    """Signs outside the vocabulary; these and all below are taught as `nothing`."""
    idle: float = 0.05
    halves: float = 0.02
    spelling: float = 0.04
    gestures: float = 0.05
    recombined: float = 0.07
    """Signs made from others (`training.words.recombined`)."""
    empty: float = 0.01
    noise: float = 0.02
    """Random features, new in every step or the same in all."""


@dataclass(frozen=True, slots=True)
class Augment:
    """Strengths. Lengths in shoulder widths unless stated otherwise."""

    speed: float = 0.2
    """Log-normal; half as much where the frame rate is known."""
    ends: float = 0.08
    """How far off a span's ends are, as shares of its length; half as much where the segmenter cut it."""
    cut: float = 0.5
    """Share of the windows cut by the daemon's segmenter, with the hands at rest before and after."""
    warp: float = 0.15
    """How unevenly time may run within a clip."""
    thinned: float = 0.5
    """Share of the windows with frames dropped, down to 8 a second."""
    lost: float = 0.3
    """Share with a hand lost for a moment."""
    one_handed: float = 0.12
    """Share of the core words whose other hand is never seen."""
    mirrored: float = 0.3
    turn_degrees: tuple[float, float, float] = (10.0, 12.0, 8.0)
    """Each hand about its wrist."""
    roll_degrees: float = 5.0
    aspect: float = 0.1
    size: float = 0.08
    place: float = 0.1
    reach: float = 0.12
    """How much wider or narrower a signer's movements are, log-normal."""
    hand_size: float = 0.1
    joints: float = 0.03
    """Palm lengths, constant over the window."""
    noise: float = 0.012
    """Palm lengths, new in every frame."""
    no_body: float = 0.02


@dataclass(frozen=True, slots=True)
class WordConfig:
    """A training run. A YAML file may set any of these; the others stay as here."""

    rounds: int = 6
    round_samples: int = 12_000
    passes: int = 4
    final_passes: int = 8
    """The shipped network is trained longer than the many networks of folds."""
    batch: int = 64
    learning_rate: float = 2e-3
    label_smoothing: float = 0.05
    weight_decay: float = 1e-3
    network: str = "separable"
    """`separable`: causal depthwise blocks; `strided`: three strided convolutions."""
    members: int = 2
    """Parallel networks, whose logits are averaged and whose embeddings are joined."""
    width: int = 160
    blocks: int = 2
    dropout: float = 0.25
    mixup: float = 0.3
    """Both parameters of the beta distribution of blends of two windows; 0: no blends."""
    nothing_less: float = 1.5
    """Subtracted from the logit of `nothing` after training: of unseen people's words one in ten was read as `nothing`
    first and correctly second; what stays unsaid is for the floors to decide."""
    strange: float = 40.0
    """Added to the logit of `nothing` per unit by which the cosine to the nearest word's mean embedding is below
    `familiar`: a sign unlike all that were taught is none of them, whatever its logits."""
    familiar: float = 0.84
    seed: int = 0
    shares: Shares = field(default_factory=Shares)
    augment: Augment = field(default_factory=Augment)

    def digest(self) -> str:
        """Identifies what was made with exactly this configuration and these features."""
        return digest((WORD_FEATURES_TAG, dataclasses.asdict(self)))

    def samples_digest(self) -> str:
        """Identifies the samples, whatever network is trained on them."""
        variations = (dataclasses.asdict(self.shares), dataclasses.asdict(self.augment))
        return digest((WORD_FEATURES_TAG, self.round_samples, self.seed, *variations))
