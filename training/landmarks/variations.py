"""Other pictures of the same hand, as a camera at a counter may show it."""

import math

import cv2
import numpy as np

from edge.landmarks.crop import Region
from edge.types import Image

REACH = 1.1
"""Half side of the part of the picture that is varied, in sides of the region: every moved region fits in it."""
_BESIDE = 0.07
"""Share of crops moved off the hand: `no hand` must be learned too."""


def vary(image: Image, region: Region, rng: np.random.Generator) -> tuple[Image, Region]:
    """Another picture of the same hand, and where to look in it.

    Mirrored or not, in another light, blurred, coarse, compressed, noisy or partly hidden, slightly shifted.
    """
    part, region = _around(image, region)
    if rng.random() < 0.5:
        part = np.ascontiguousarray(part[:, ::-1])
        region = Region(part.shape[1] - region.x, region.y, region.size, -region.angle)
    part = _coloured(part, rng)
    for share, change in ((0.25, _blurred), (0.2, _coarse), (0.1, _compressed), (0.15, _noisy), (0.08, _covered)):
        if rng.random() < share:
            part = change(part, region, rng)
    return part, _moved(region, rng)


def _around(image: Image, region: Region) -> tuple[Image, Region]:
    height, width = image.shape[:2]
    reach = REACH * region.size
    left, top = (max(0, math.floor(centre - reach)) for centre in (region.x, region.y))
    right, bottom = min(width, math.ceil(region.x + reach)), min(height, math.ceil(region.y + reach))
    return image[top:bottom, left:right], region.moved(-left, -top)


def _moved(region: Region, rng: np.random.Generator) -> Region:
    shift = rng.normal(0, 0.05, 2)
    if rng.random() < _BESIDE:
        turn = rng.uniform(0, 2 * math.pi)
        shift += rng.uniform(0.4, 1.0) * np.array([math.cos(turn), math.sin(turn)])
    size = region.size * math.exp(rng.normal(0, 0.1))
    x, y = (shift * region.size).tolist()
    return Region(region.x + x, region.y + y, size, region.angle + rng.normal(0, 0.25))


def _coloured(part: Image, rng: np.random.Generator) -> Image:
    """Light, contrast and the camera's white balance, by one table per channel."""
    gamma = math.exp(rng.normal(0, 0.3)) * np.exp(rng.normal(0, 0.06, 3))
    gain, lift = np.exp(rng.normal(0, 0.2) + rng.normal(0, 0.06, 3)), rng.normal(0, 12)
    steps = (np.arange(256)[:, None] / 255) ** gamma * 255 * gain + lift
    table = np.clip(steps, 0, 255).astype(np.uint8)[None]
    return cv2.LUT(part, table).astype(np.uint8, copy=False)


def _blurred(part: Image, region: Region, rng: np.random.Generator) -> Image:
    """Out of focus, or moved while the shutter was open."""
    length = region.size * rng.uniform(0.01, 0.06)
    if rng.random() < 0.4:
        return cv2.GaussianBlur(part, (0, 0), max(length / 3, 0.3)).astype(np.uint8, copy=False)
    side = 2 * math.ceil(length / 2) + 1
    turn = rng.uniform(0, math.pi)
    kernel = np.zeros((side, side), np.float32)
    middle = side // 2
    x, y = math.cos(turn) * length / 2, math.sin(turn) * length / 2
    ends = [(round((middle - x) * 16), round((middle - y) * 16)), (round((middle + x) * 16), round((middle + y) * 16))]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
    kernel[middle, middle] += 1e-3
    return cv2.filter2D(part, -1, kernel / kernel.sum()).astype(np.uint8, copy=False)


def _coarse(part: Image, region: Region, rng: np.random.Generator) -> Image:
    """A hand far from the camera."""
    scale = min(1.0, rng.uniform(50, 160) / region.size)
    small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, part.shape[1::-1], interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def _compressed(part: Image, _: Region, rng: np.random.Generator) -> Image:
    content = cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 70))])[1]
    image = cv2.imdecode(content, cv2.IMREAD_COLOR)
    return part if image is None else image.astype(np.uint8, copy=False)


def _noisy(part: Image, _: Region, rng: np.random.Generator) -> Image:
    noise = rng.normal(0, rng.uniform(2, 10), part.shape)
    return np.clip(part + noise, 0, 255).astype(np.uint8)


def _covered(part: Image, region: Region, rng: np.random.Generator) -> Image:
    """A strip of one colour over part of the hand."""
    part = part.copy()
    x, y = (np.array([region.x, region.y]) + rng.uniform(-0.4, 0.4, 2) * region.size).tolist()
    across, down = (rng.uniform(0.03, 0.2, 2) * region.size).tolist()
    cv2.rectangle(
        part,
        (int(x - across), int(y - down)),
        (int(x + across), int(y + down)),
        [int(value) for value in rng.integers(0, 256, 3)],
        -1,
    )
    return part
