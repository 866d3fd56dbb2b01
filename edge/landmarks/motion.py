"""Has anything moved? A thumbnail answers for a fiftieth of a detector's price."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.landmarks.crop import Region
from edge.types import Image

_WIDTH_PX = 80
_STEP = 12
"""Grey levels by which a thumbnail's pixel must change: camera noise at dusk stays below it."""

_HIGHLIGHTS, _LIT, _DIM, _MOST_GAIN = 95, 200.0, 128.0, 4.0
"""Percentile of the luma that is lit in a good picture; below half the range the picture is brightened. In half the
light the hand of a dark-skinned signer is seen in 0.6 of the frames, brightened in all; in a third in none and 0.85."""


class Motion:
    """Compares each picture with the one before it."""

    def __init__(self) -> None:
        self.brightness = 0.0
        """Mean luma of the picture, 0 to 255."""
        self.gain = 1.0
        """What brings a dim picture's highlights back to where the networks saw them in training."""
        self._scale = 1.0
        self._before: NDArray[np.int16] | None = None
        self._changed: NDArray[np.bool_] = np.ones((1, 1), np.bool_)

    def step(self, image: Image) -> None:
        height, width = image.shape[:2]
        self._scale = _WIDTH_PX / width
        size = (_WIDTH_PX, max(1, round(height * self._scale)))
        thumbnail = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), cv2.COLOR_BGR2GRAY)
        self.brightness = float(thumbnail.mean())
        self.gain = _gain(thumbnail)
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
                changed[self._cells(region)] = False
        return float(changed.mean())

    def inside(self, region: Region) -> float:
        """Share of a region, as far as it is in the picture, that changed."""
        cells = self._changed[self._cells(region)]
        return float(cells.mean()) if cells.size else 0.0

    def _cells(self, region: Region) -> tuple[slice, slice]:
        half = region.size / 2
        across, down = (
            slice(max(0, int((middle - half) * self._scale)), max(0, int((middle + half) * self._scale)))
            for middle in (region.x, region.y)
        )
        return down, across


def _gain(thumbnail: NDArray[Any]) -> float:
    """In half stops, so that it does not flicker with every lamp."""
    highlights = max(1.0, float(np.percentile(thumbnail, _HIGHLIGHTS)))
    if highlights >= _DIM:
        return 1.0
    return float(min(2 ** (math.floor(2 * math.log2(_LIT / highlights)) / 2), _MOST_GAIN))
