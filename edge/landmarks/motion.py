"""Has anything moved? A thumbnail answers for a fiftieth of a detector's price."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.landmarks.crop import Region
from edge.types import Image

_WIDTH_PX = 80
_STEP = 12
"""Grey levels by which a thumbnail's pixel must change: camera noise at dusk stays below it."""


class Motion:
    """Compares each picture with the one before it."""

    def __init__(self) -> None:
        self.brightness = 0.0
        """Mean luma of the picture, 0 to 255."""
        self._scale = 1.0
        self._before: NDArray[np.int16] | None = None
        self._changed: NDArray[np.bool_] = np.ones((1, 1), np.bool_)

    def step(self, image: Image) -> None:
        height, width = image.shape[:2]
        self._scale = _WIDTH_PX / width
        size = (_WIDTH_PX, max(1, round(height * self._scale)))
        thumbnail = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), cv2.COLOR_BGR2GRAY)
        self.brightness = float(thumbnail.mean())
        now = thumbnail.astype(np.int16)
        if self._before is None or self._before.shape != now.shape:
            self._changed = np.ones(now.shape, np.bool_)
        else:
            self._changed = np.abs(now - self._before) > _STEP
        self._before = now

    def outside(self, regions: list[Region]) -> float:
        """Share of the picture that changed since the last one, what is in the regions not counted."""
        changed = self._changed
        if regions:
            changed = changed.copy()
            for region in regions:
                half = region.size / 2
                left, right = (max(0, int((region.x + side) * self._scale)) for side in (-half, half))
                top, bottom = (max(0, int((region.y + side) * self._scale)) for side in (-half, half))
                changed[top:bottom, left:right] = False
        return float(changed.mean())
