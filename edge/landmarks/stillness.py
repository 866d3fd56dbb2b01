"""Does a region still look as it did when its network last ran? Then its answer holds."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.landmarks.crop import Region, crop_into
from edge.types import Image

_SIDE, _CELLS = 56, 28
_STEP = 9
"""Grey levels by which a cell must change. That saves 0.29 of looks at spelled words and nearly all at held and resting
hands; the error against MediaPipe goes from 0.0076 to 0.0082 of hand size, with 14 to 0.0090."""


class Stillness:
    """A coarse copy of a region as it was."""

    def __init__(self, image: Image, region: Region, ts: float) -> None:
        self.ts = ts
        self._region = region
        self._cells = _cells(image, region)

    def lasts(self, image: Image) -> bool:
        return int(cv2.absdiff(_cells(image, self._region), self._cells).max()) < _STEP


def _cells(image: Image, region: Region) -> NDArray[Any]:
    out = np.empty((_SIDE, _SIDE, 3), np.uint8)
    crop_into(image, region, out)
    return cv2.resize(out, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
