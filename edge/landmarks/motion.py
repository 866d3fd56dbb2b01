"""Has anything moved? A thumbnail answers at a fiftieth of a detector's cost."""

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.landmarks.crop import Region
from edge.types import Floats, Image

_WIDTH_PX = 80
_STEP = 12
"""Grey levels by which a thumbnail's pixel must change: camera noise at dusk stays below this."""
_FLICKERS = 0.02
"""A greater change of the whole picture's brightness is a lamp's, and removed before pixels are compared."""
_HABIT_SECONDS = 4.0
"""What moves in an empty room moves by itself: a fan, a screen. Time constant of how often each pixel changes there."""
_HABITUAL = 0.15
"""A pixel that changes in more than this share of the pictures is ignored."""
_MOST_HABITUAL = 0.5
"""If that is this much of the picture, nothing is ignored."""
_GAP_SECONDS = 1.0
"""After such a gap nothing is learnt."""
_HIDING = 0.05
"""An ignored share of the picture large enough for somebody to stand wholly before it: at three metres a person covers
0.07, a fan in the corner 0.025."""

_HIGHLIGHTS = 95
"""Percentile of luma that is lit in a good picture; of a portrait picture as many cells count as in a square of its
width."""
_LIT = 200.0
"""Luma to which a dim picture's highlights are brought."""
_DIM = 128
"""With highlights below this, half the range, a picture is brightened. In half the light the hand of a dark-skinned
signer is seen in 0.6 of the frames, brightened in all; in a third in none and 0.85."""
_MOST_GAIN = 4.0
"""Greatest gain."""
_BRIGHTEST = 99.5
"""Percentile that a careful gain keeps in range: a lit hand before a black curtain is a twentieth of the picture. Drawn
ones on a background of luma 10 are seen in 32 of 96 frames if overexposed, else in all."""

_GREYS = (np.array((0, 125, 125)), np.array((255, 131, 131)))
"""Least and greatest luma and colours (Cr, Cb) of pixels without colour."""
_COLOURED = 0.005
"""Greatest share of other pixels in a night camera's picture."""
_SKIN = (0.8, 0.95, 1.2)
"""Blue, green and red given to a grey picture's skin: the networks learnt hands in colour. Of 597 hands of signs that
they find in colour they find 337 in grey and 584 in this tint, of 510 of spelled words 377 and 441; in other tints 491
to 576 and 347 to 433."""
_SEPIA = np.clip(np.arange(256)[:, None] * np.array(_SKIN), 0, 255).astype(np.uint8)[None]


class Gains(NamedTuple):
    """Gains that bring a dim picture's highlights back to where the networks saw them in training."""

    full: float
    """All the way, even if a lamp or a sheet of paper is overexposed."""
    highlight_safe: float
    """As far as the brightest part allows, as it may be a hand."""


class MotionDetector:
    """Compares each picture with the one before it."""

    def __init__(self) -> None:
        self.brightness = 0.0
        """Mean luma of the picture, 0 to 255."""
        self.gains = Gains(1.0, 1.0)
        self.grey = False
        """The picture has no colours."""
        self._scale = 1.0
        self._before: NDArray[Any] | None = None
        self._changed: NDArray[np.bool_] = np.ones((1, 1), np.bool_)
        self._change_rate: Floats | None = None
        """How often each pixel of the thumbnail lately changed while nobody was there."""
        self._ignored: NDArray[np.bool_] | None = None
        """The pixels not counted: those that changed often, unless that is most of the picture."""
        self.may_hide_person = False
        """What is ignored is large enough for somebody before it to go unnoticed."""

    def step(self, image: Image, width: int | None = None) -> None:
        """`image` may be a coarse copy of the picture, which is `width` wide."""
        height, own_width = image.shape[:2]
        self._scale = _WIDTH_PX / (width or own_width)
        size = (_WIDTH_PX, max(1, round(height * _WIDTH_PX / own_width)))
        small = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        luma_and_colours = cv2.cvtColor(small, cv2.COLOR_BGR2YCrCb)
        self.grey = _is_grey(luma_and_colours)
        thumbnail = cv2.extractChannel(luma_and_colours, 0)
        before, self.brightness = self.brightness, float(thumbnail.mean())
        self.gains = _gains(thumbnail)
        if self._before is None or self._before.shape != thumbnail.shape:
            self._changed = np.ones(thumbnail.shape, np.bool_)
            self.forget_background()
        else:
            flickered = before > 0 and abs(self.brightness - before) > _FLICKERS * before
            lit = cv2.convertScaleAbs(self._before, alpha=self.brightness / before) if flickered else self._before
            self._changed = cv2.absdiff(thumbnail, lit) > _STEP
        self._before = thumbnail

    def learn_background(self, seconds: float) -> None:
        """Nobody was in this picture, `seconds` after the one before; after a gap nothing is learnt."""
        new = seconds / _HABIT_SECONDS if 0 < seconds < _GAP_SECONDS else 0.0
        rate = self._change_rate if self._change_rate is not None else np.zeros(self._changed.shape, np.float32)
        self._change_rate = rate + np.float32(new) * (self._changed - rate)
        ignored = self._change_rate > _HABITUAL
        share = np.count_nonzero(ignored) / ignored.size
        self._ignored = ignored if share < _MOST_HABITUAL else None
        self.may_hide_person = _HIDING < share < _MOST_HABITUAL

    def forget_background(self) -> None:
        """Somebody is there, whose hands may be before what moves by itself."""
        self._change_rate = self._ignored = None
        self.may_hide_person = False

    def outside(self, regions: list[Region]) -> float:
        """Share of the picture that changed since the last one, not counting the regions.

        For a portrait picture, the share of a square as wide: a hand takes no less of the width there.
        """
        changed = self._changed if self._ignored is None else self._changed & ~self._ignored
        if regions:
            changed = changed.copy()
            for region in regions:
                changed[self._cells(region)] = False
        return np.count_nonzero(changed) / _square_at_most(changed)

    def inside(self, region: Region, apart_from: Region | None = None) -> float:
        """Changed share of the part of a region inside the picture; changes within `apart_from` do not count."""
        where = self._cells(region)
        cells = self._changed[where]
        if not cells.size:
            return 0.0
        changed = np.count_nonzero(cells)
        if apart_from is not None and changed:
            changed -= np.count_nonzero(self._changed[_shared(where, self._cells(apart_from))])
        return changed / cells.size

    def _cells(self, region: Region) -> tuple[slice, slice]:
        half = region.size / 2
        across, down = (
            slice(max(0, int((middle - half) * self._scale)), max(0, int((middle + half) * self._scale)))
            for middle in (region.x, region.y)
        )
        return down, across


def brightened(image: Image, gain: float) -> Image:
    """The picture brightened, and smoothed against the sensor's noise, which grows with it.

    In a fifth of the light the networks see the hand of a dark-skinned signer in no frame with the noise, and in 0.98
    without; in a third of the light in 0.6 and in all.
    """
    return np.asarray(cv2.GaussianBlur(cv2.convertScaleAbs(image, alpha=gain), (5, 5), 0), np.uint8)


def tinted(image: Image) -> Image:
    """A grey picture tinted sepia."""
    return np.asarray(cv2.LUT(image, _SEPIA), np.uint8)


def _shared(one: tuple[slice, slice], other: tuple[slice, slice]) -> tuple[slice, slice]:
    """The cells in both; an empty slice where they do not meet."""
    down, across = (slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return down, across


def _gains(thumbnail: NDArray[Any]) -> Gains:
    """Gains in half stops, so that they do not flicker with every lamp."""
    counted = _square_at_most(thumbnail)
    if np.count_nonzero(thumbnail >= _DIM) > (100 - _HIGHLIGHTS) / 100 * counted:
        return Gains(1.0, 1.0)
    pixels = np.bincount(thumbnail.ravel(), minlength=256)
    lit, brightest = (max(1, _percentile(pixels, percentile, counted)) for percentile in (_HIGHLIGHTS, _BRIGHTEST))
    return Gains(_gain_to_lit(lit), _gain_to_lit(brightest))


def _gain_to_lit(luma: int) -> float:
    return float(min(max(2 ** (math.floor(2 * math.log2(_LIT / luma)) / 2), 1.0), _MOST_GAIN))


def _is_grey(luma_and_colours: Any) -> bool:
    grey = cv2.inRange(luma_and_colours, *_GREYS)
    return int(cv2.countNonZero(grey)) >= (1 - _COLOURED) * int(grey.size)


def _percentile(pixels: NDArray[np.int64], percentile: float, counted: int) -> int:
    """Luma of a histogram with only (100 - percentile) % of `counted` pixels above it."""
    below = pixels.cumsum()
    return int(np.searchsorted(below, below[-1] - (100 - percentile) / 100 * counted))


def _square_at_most(cells: NDArray[Any]) -> int:
    """Number of cells; a portrait picture counts as a square of its width."""
    return min(cells.size, _WIDTH_PX**2)
