"""Pictures for landmark tests, made from the drawn signer's."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.demo import DemoSigner
from edge.types import SIDES, Floats, Image, Landmarks, Side

SIZE = (640, 480)


@dataclass(frozen=True)
class Sprite:
    """A drawn hand with its forearm, cut out of its picture."""

    image: Image
    mask: NDArray[np.bool_]
    hand: Floats
    """(21, 2) landmarks in pixels of the sprite."""

    def paste(self, canvas: Image, x: float, y: float) -> Floats:
        """Draw with the middle of the hand at (x, y); returns where the landmarks then are."""
        shift = (np.array([x, y]) - self.hand.mean(axis=0)).round().astype(int)
        height, width = self.mask.shape
        left, top = (max(0, int(v)) for v in shift)
        right, bottom = min(canvas.shape[1], shift[0] + width), min(canvas.shape[0], shift[1] + height)
        if right > left and bottom > top:
            part = np.s_[top - shift[1] : bottom - shift[1], left - shift[0] : right - shift[0]]
            canvas[top:bottom, left:right][self.mask[part]] = self.image[part][self.mask[part]]
        return self.hand + shift


@lru_cache
def empty_picture() -> Image:
    """The drawn signer with hands down."""
    return next(iter(DemoSigner("B")))[0].image


@lru_cache
def sprite(letter: str = "B", side: Side = "right") -> Sprite:
    """The hand of one letter as the signer holds it."""
    frames = iter(DemoSigner(letter, hand=side, fps=10))
    before = next(frames)[0].image
    image, truth = next((frame.image, truth) for frame, truth in frames if truth.letter == letter)
    hand = truth.hand[:, :2] * SIZE
    changed = (np.abs(image.astype(int) - before).max(axis=2) > 6).astype(np.uint8)
    mask = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)).astype(bool)
    top, left = np.argwhere(mask).min(axis=0)
    bottom, right = np.argwhere(mask).max(axis=0) + 1
    bottom = min(bottom, int(hand[:, 1].max()) + 60)
    cut = np.s_[top:bottom, left:right]
    return Sprite(image[cut], mask[cut], hand - (left, top))


def spelled(text: str, side: Side = "right", **options: object) -> list[tuple[Image, Floats | None]]:
    """Frames at 30 a second, with the hand's (21, 2) points in pixels where it is wholly in the picture."""
    signer = DemoSigner(text, hand=side, **options)  # type: ignore[arg-type]
    return [
        (frame.image, truth.hand[:, :2] * frame.image.shape[1::-1] if truth.in_picture else None)
        for frame, truth in signer
    ]


def error(landmarks: Landmarks, side: Side, truth: Floats) -> float:
    """Mean landmark distance over the hand's size; infinite where the hand was not seen."""
    found = landmarks.hands[SIDES.index(side), :, :2] * (landmarks.width, landmarks.height)
    if not np.isfinite(found).all():
        return float("inf")
    return float(np.linalg.norm(found - truth, axis=1).mean() / np.ptp(truth, axis=0).max())


def side_by_side(left: str, right: str, gap: int) -> tuple[Image, Floats, Floats]:
    """Two drawn signers, bodies `gap` pixels apart, each with a hand up; also where the two hands are."""
    pictures, hands = [], []
    for letter in (left, right):
        picture = empty_picture().copy()
        hands.append(sprite(letter).paste(picture, 250, 230))
        pictures.append(picture)
    return joined(*pictures, gap), hands[0], hands[1] + (gap, 0)


def joined(left: Image, right: Image, gap: int) -> Image:
    """Two drawn signers' pictures as one, their bodies `gap` pixels apart."""
    height, width = left.shape[:2]
    scene = np.full((height, width + gap, 3), left[5, 5], np.uint8)
    scene[:, :width] = left
    # The second signer's picture begins half way between the two bodies.
    seam = (width + gap) // 2
    scene[:, seam:] = right[:, seam - gap :]
    return scene
