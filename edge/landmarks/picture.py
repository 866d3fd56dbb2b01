"""A frame's picture as the networks take it, made when one first looks: an empty room costs no decoding."""

from functools import cached_property

from edge.landmarks.motion import brightened, tinted
from edge.types import Frame, Image


class Picture:
    """Wraps a frame for one step."""

    def __init__(self, frame: Frame, gain: float = 1.0, *, grey: bool = False) -> None:
        """`gain`: by how much to brighten it; `grey`: it has no colours."""
        self._frame, self._gain, self._grey = frame, gain, grey
        self.height, self.width = frame.size

    @cached_property
    def image(self) -> Image:
        image = brightened(self._frame.image, self._gain) if self._gain > 1 else self._frame.image
        return tinted(image) if self._grey else image
