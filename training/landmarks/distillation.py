"""What the smaller hand network learns from: crops of real hands that differ every time.

No labels are needed: whatever a crop shows, the original network's answer is the truth.
"""

import itertools
import math
import multiprocessing
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.landmarks.crop import Region, crop_into
from edge.types import Image
from training.landmarks.crops import INPUT_SIDE_PX
from training.landmarks.pictures import clips, frames, stills
from training.landmarks.variations import REACH, vary

SEED = 11
_SIDES_PX = INPUT_SIDE_PX["original hand"], INPUT_SIDE_PX["hand"]
_LARGEST_PX = 256
"""Larger regions are shrunk to this: a crop has 224 pixels at most."""
_QUALITY = 92
_LOTS = 24
"""Batches drawn ahead."""

CropPair = tuple[Image, Image]
"""N hands as the original network takes them and as the smaller one does: (N, side, side, 3) each."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Part of a picture, and where the tracker looks in it: first (the palm's region) and from then on."""

    picture: Image
    regions: list[Region]


def pictures(data: Path, *, held_out: bool, every: int) -> Iterator[Image]:
    """Every still and every n-th frame of the sources to train on, or of the held-out ones."""
    for still in stills(data, held_out=held_out, per_label=10**6):
        yield still.image
    for _, file in clips(data, held_out=held_out):
        yield from frames(file, every)


def find(images: Iterable[Image], networks: Any) -> Iterator[Hand]:
    """The hands that MediaPipe's own networks (`edge.landmarks.hands.HandNetworks`) see."""
    for image in images:
        for region in networks.find(image)[:2]:
            hand = networks.read(image, region)
            if hand is not None:
                yield _around(image, [hand.region, region])


def _around(image: Image, regions: list[Region]) -> Hand:
    """Only as much of the picture as the variations need."""
    height, width = image.shape[:2]
    left = max(0, math.floor(min(region.x - REACH * region.size for region in regions)))
    top = max(0, math.floor(min(region.y - REACH * region.size for region in regions)))
    right = min(width, math.ceil(max(region.x + REACH * region.size for region in regions)))
    bottom = min(height, math.ceil(max(region.y + REACH * region.size for region in regions)))
    part = image[top:bottom, left:right]
    scale = min(1.0, _LARGEST_PX / max(region.size for region in regions))
    if scale < 1:
        part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    moved = [region.moved(-left, -top) for region in regions]
    return Hand(part, [Region(one.x * scale, one.y * scale, one.size * scale, one.angle) for one in moved])


def save(hands: Iterable[Hand], file: Path) -> None:
    """Hands as JPEG pictures and regions: x, y, size in pixels, angle."""
    contents, regions = [], []
    for hand in hands:
        contents.append(cv2.imencode(".jpg", hand.picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1])
        regions.append([(one.x, one.y, one.size, one.angle) for one in hand.regions])
    ends = np.cumsum([len(content) for content in contents])
    np.savez(file, jpeg=np.concatenate(contents), ends=ends, regions=np.array(regions, np.float32))


def load(file: Path) -> list[Hand]:
    with np.load(file) as arrays:
        jpeg, ends, regions = arrays["jpeg"], arrays["ends"], arrays["regions"]
    hands = []
    for content, places in zip(np.split(jpeg, ends[:-1]), regions.tolist(), strict=True):
        picture = cv2.imdecode(content, cv2.IMREAD_COLOR)
        hands.append(Hand(np.asarray(picture, np.uint8), [Region(*place) for place in places]))
    return hands


def drawn(hands: list[Hand], number: int, out: CropPair) -> None:
    """Fill `out` with varied hands, always the same for the same `number`."""
    rng = np.random.default_rng((SEED, number))
    for original, smaller in zip(*out, strict=True):
        hand = hands[rng.integers(len(hands))]
        varied, place = vary(hand.picture, hand.regions[rng.integers(len(hand.regions))], rng)
        crop_into(varied, place, original)
        crop_into(varied, place, smaller)


def room(size: int) -> CropPair:
    """Memory for `size` crops."""
    original, smaller = (np.empty((size, one, one, 3), np.uint8) for one in _SIDES_PX)
    return original, smaller


def batches(file: Path, size: int, processes: int) -> Iterator[CropPair]:
    """Endless batches of varied hands, drawn by other processes into shared memory."""
    with tempfile.TemporaryDirectory() as folder:
        lots = [_shared(Path(folder), lot, size, "w+") for lot in range(_LOTS)]
        context = multiprocessing.get_context("spawn")
        with context.Pool(processes, _begin, (file, Path(folder), size)) as pool:
            waiting = deque((lot, pool.apply_async(_draw, (lot, lot))) for lot in range(_LOTS))
            for number in itertools.count(_LOTS):
                lot, done = waiting.popleft()
                done.get()
                original, smaller = (np.array(part) for part in lots[lot])
                waiting.append((lot, pool.apply_async(_draw, (lot, number))))
                yield original, smaller


class _Worker:
    """What a drawing process holds."""

    hands: list[Hand]
    lots: list[CropPair]


def _begin(file: Path, folder: Path, size: int) -> None:
    cv2.setNumThreads(1)
    _Worker.hands = load(file)
    _Worker.lots = [_shared(folder, lot, size, "r+") for lot in range(_LOTS)]


def _draw(lot: int, number: int) -> None:
    drawn(_Worker.hands, number, _Worker.lots[lot])


def _shared(folder: Path, lot: int, size: int, mode: Any) -> CropPair:
    original, smaller = (
        np.memmap(folder / f"{lot}-{part}", np.uint8, mode, shape=(size, one, one, 3))
        for part, one in enumerate(_SIDES_PX)
    )
    return original, smaller
