"""What crosses each arrow of the pipeline: Frame -> Landmarks -> Window -> Scores -> Emission -> Event.

Times are seconds on the source's own clock: epoch seconds for a live camera, seconds from the first frame in a replay.
Nothing past the camera reads a clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""H x W x 3 picture, BGR as OpenCV gives it, unmirrored (the signer's right hand is on the viewer's left)."""

Floats = NDArray[np.float32]
Times = NDArray[np.float64]
"""(N,) seconds."""
Point = tuple[float, float]
Alternatives = tuple[tuple[str, float], ...]
"""Labels with their probabilities, likeliest first."""

ROUNDING_SECONDS = 1e-6
"""Sums and differences of time stamps may fall short of a duration by this much."""

Side = Literal["left", "right"]
"""The signer's own left and right."""

SIDES: tuple[Side, Side] = ("left", "right")
"""Index of each side in every array that has a hand axis (the landmark store's order)."""


class Packed(Protocol):
    """A picture that is decoded only as far as needed."""

    @property
    def small(self) -> Image:
        """The whole picture, coarse: enough to see movement."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels when decoded in full."""

    def decoded(self) -> Image:
        """The picture in full."""

    def mirrored(self) -> "Packed":
        """Left and right exchanged."""


@dataclass(frozen=True)
class Frame:
    """One picture and the moment it was grabbed."""

    picture: Image | Packed
    ts: float
    index: int
    """Position in the source, counting frames that were dropped."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        if isinstance(self.picture, np.ndarray):
            height, width = self.picture.shape[:2]
            return height, width
        return self.picture.size

    @property
    def small(self) -> Image:
        """The whole picture, perhaps coarser: enough to see movement."""
        return self.picture if isinstance(self.picture, np.ndarray) else self.picture.small

    @cached_property
    def image(self) -> Image:
        """The picture in full; it is decoded at the first call."""
        return self.picture if isinstance(self.picture, np.ndarray) else self.picture.decoded()


@dataclass(frozen=True, slots=True)
class Landmarks:
    """What was seen in one frame, in the units of the landmark store (`edge/landmark_store.py`)."""

    ts: float
    width: int
    """Pixels, for the aspect ratio."""
    height: int
    hands: Floats
    """(2, 21, 3): x/width, y/height, z in x units; NaN = not seen; hand 0 is the signer's left."""
    presence: Floats
    """(2,): the hand network's own confidence, 0 where the hand was not seen."""
    pose: Floats
    """(33, 4): x/width, y/height, z in x units, visibility; NaN = nobody seen."""
    brightness: float
    """Mean luma of the picture, 0 to 255."""
    signer_left: bool = False
    """Whoever signed until now has left: nobody is seen, or somebody else, from this frame on."""

    @property
    def shows_hand(self) -> bool:
        return bool(np.isfinite(self.hands[:, 0, 0]).any())


@dataclass(frozen=True, slots=True)
class Motion:
    """Where the spelling hand is and how it moves, for the decoder's sense of settling."""

    position: Floats
    """(2,): palm centre in the picture, isotropic pixels, x mirrored for a left hand."""
    palm_width: float
    """Isotropic pixels: the unit for all movement."""
    speed: float
    """Palm centre speed, palm widths a second."""
    shape_speed: float
    """Mean landmark speed within the hand's own frame, palm widths a second."""
    quick_speed: float
    quick_shape_speed: float
    """The same two over the shortest time that still tells movement from noise, for letters in quick succession."""
    seconds: float
    """How long the hand has been followed without a cut or loss; speeds of a new hand mean little."""
    palm_share: float = 0.0
    """The palm's width as a share of the picture's; 0 if unknown."""


@dataclass(frozen=True, slots=True)
class Window:
    """The model's input at one moment."""

    ts: float
    past: Floats
    """(T, 21, 3): the hand over the last seconds on a fixed grid, canonical points, newest last."""
    features: Floats
    """What the model reads, in the layout of `edge.features`: (FEATURE_SIZE,) for letters."""
    hand: Side
    motion: Motion


@dataclass(frozen=True, slots=True)
class Scores:
    """What a model says about a window: one probability per label, in the bundle's order."""

    ts: float
    labels: tuple[str, ...]
    probabilities: Floats
    hand: Side
    motion: Motion


@dataclass(frozen=True, slots=True)
class Emission:
    """A letter or word that the decoder is sure of."""

    type: Literal["letter", "word"]
    label: str
    confidence: float
    alternatives: Alternatives
    started_at: float
    ended_at: float
    decided_at: float
    """Time of the deciding frame."""
    hand: Side
    unread: Alternatives = ()
    """For a letter: what the hand most likely showed when it was still before it and nothing was said; the lexicon may
    know what was meant."""


Topic = Literal["status", "info", "state", "letter", "word", "caption", "spoken", "stats", "error"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something to publish. `v`, `device` and `seq` are added when it leaves the process."""

    topic: Topic
    ts: float
    body: Mapping[str, Any] = field(default_factory=dict)
