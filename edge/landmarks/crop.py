"""Square regions of a picture: cut out for a network, and its points mapped back. Nothing is ever stretched."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.types import Floats, Image

_SIZES_AN_OCTAVE, _PLACES, _ANGLES = 16, 64, 64
"""The grid on which networks look: sizes per doubling, places along a side, angles per radian."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rotated square. Lengths are pixels of the picture, the angle is radians clockwise as seen on screen."""

    x: float
    y: float
    size: float
    angle: float = 0.0

    def overlap(self, other: "Region") -> float:
        """Intersection over union of the two squares, ignoring rotation as MediaPipe does."""
        reach = (self.size + other.size) / 2
        across = min(self.size, other.size, max(0.0, reach - abs(self.x - other.x)))
        down = min(self.size, other.size, max(0.0, reach - abs(self.y - other.y)))
        shared = across * down
        return shared / (self.size**2 + other.size**2 - shared + 1e-9)

    def snapped(self) -> "Region":
        """The nearest on the grid, within a fiftieth of its side at the corners: where a network looks.

        What a crop shows of a hand decides where the next is cut. A pixel that rounds the other way moves an int8
        network by a hundredth of a hand, so the millionth by which CPUs differ would part streams for good. On a grid
        they look at the same pixels: of 27 clips, read with and without such noise, all instead of none stay within
        1e-3 of the picture's width.
        """
        size = 2 ** (round(math.log2(self.size) * _SIZES_AN_OCTAVE) / _SIZES_AN_OCTAVE)
        step = size / _PLACES
        x, y = round(self.x / step) * step, round(self.y / step) * step
        return Region(x, y, size, round(self.angle * _ANGLES) / _ANGLES)

    def moved(self, dx: float, dy: float) -> "Region":
        return Region(self.x + dx, self.y + dy, self.size, self.angle)


def covering_square(image: Image) -> Region:
    """The smallest upright square that holds the whole picture."""
    height, width = image.shape[:2]
    return Region(width / 2, height / 2, max(width, height))


def crop_into(image: Image, region: Region, out: Image, border: int = cv2.BORDER_REPLICATE) -> None:
    """Fill `out` (side x side x 3) with the region, turned upright, in one warp.

    The crop's corner is the region's corner, without the half-pixel shift that resizing would add: MediaPipe feeds its
    networks this way, and results agree with it to a tenth of a percent only if we do too.

    What lies outside the picture is filled in afterwards, along the crop's own axes: warping it costs three times as
    much as the rest, and the square around a half-visible body is mostly that.
    """
    matrix = _crop_to_picture(region, len(out))
    rows, columns = _within(image, region, len(out))
    matrix[:, 2] += matrix[:, :2] @ (columns.start, rows.start)
    part = out[rows, columns]
    cv2.warpAffine(
        image,
        matrix,
        part.shape[1::-1],
        dst=part,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=border,
    )
    spread = border == cv2.BORDER_REPLICATE
    out[rows, : columns.start] = part[:, :1] if spread else 0
    out[rows, columns.stop :] = part[:, -1:] if spread else 0
    out[: rows.start] = out[rows.start] if spread else 0
    out[rows.stop :] = out[rows.stop - 1] if spread else 0


def _within(image: Image, region: Region, side: int) -> tuple[slice, slice]:
    """Rows and columns of the crop with all it shows of the picture, at least one of each."""
    height, width = image.shape[:2]
    cosine, sine = math.cos(region.angle), math.sin(region.angle)
    corners = [(x - region.x, y - region.y) for x in (0, width) for y in (0, height)]
    across = [cosine * x + sine * y for x, y in corners]
    down = [cosine * y - sine * x for x, y in corners]
    return _span(down, region.size, side), _span(across, region.size, side)


def _span(ways: list[float], size: float, side: int) -> slice:
    first, last = (math.floor((way / size + 0.5) * side) for way in (min(ways), max(ways)))
    start = min(max(first - 1, 0), side - 1)
    return slice(start, max(min(last + 2, side), start + 1))


def to_picture(points: Floats, region: Region, side: int) -> Floats:
    """Points (..., 2 or more; x, y first) of a crop of `side` pixels to pixels of the picture; depth scales along."""
    matrix = _crop_to_picture(region, side).astype(np.float32)
    carried = points * np.float32(region.size / side)
    carried[..., :2] = points[..., :2] @ matrix[:, :2].T + matrix[:, 2]
    return carried


def upright_angle(origin: Floats, tip: Floats) -> float:
    """Rotation that makes the line from `origin` to `tip` point up."""
    angle = math.pi / 2 - math.atan2(float(origin[1] - tip[1]), float(tip[0] - origin[0]))
    return math.remainder(angle, 2 * math.pi)


def _crop_to_picture(region: Region, side: int) -> NDArray[np.float64]:
    scale = region.size / side
    cosine, sine = math.cos(region.angle) * scale, math.sin(region.angle) * scale
    half = side / 2
    return np.array(
        [
            [cosine, -sine, region.x - (cosine - sine) * half],
            [sine, cosine, region.y - (sine + cosine) * half],
        ]
    )
