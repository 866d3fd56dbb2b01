"""MediaPipe's two hand networks: where palms are, and the 21 landmarks of one hand."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.bundle import Bundle
from edge.landmarks.crop import Region, crop_into, to_picture, upright_angle
from edge.landmarks.detector import Detection, Detector
from edge.tflite import Network
from edge.types import Floats, Image, Point

HANDS_TAG = "mediapipe-hands-1"
"""What the files must be: MediaPipe's networks, pruned, taking BGR pixels."""

_WRIST, _INDEX, _MIDDLE, _RING = 0, 5, 9, 13
"""Landmarks at the wrist and at the knuckles of three fingers."""
_PALM_WRIST, _PALM_MIDDLE = 0, 2
"""Keypoints of the palm detector."""
_STEADY = [0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18]
"""Landmarks that define the hand's place: finger tips move too much."""
_DEPTH_SCALE = 0.4
"""MediaPipe divides the network's depth by this (`normalize_z`)."""
_MIN_PALM = 0.25
"""MediaPipe's is 0.5; the landmark network has the last word anyway. On 42 calibration clips, means of four grids,
3,173 hands are found that MediaPipe finds too, with 0.4 3,167, by 2 % more looks."""
_MIN_PRESENCE = 0.4
"""MediaPipe's is 0.5. Calibration clips then have a hand in 2,187 frames instead of 2,199, held-out signs in 483, where
Holistic finds 485; the error's 95th percentile is 0.077 hand sizes instead of 0.079."""


@dataclass(frozen=True, slots=True)
class Hand:
    """One hand as the network saw it."""

    points: Floats
    """(21, 3): pixels of the picture, depth in the same units and smaller towards the camera."""
    presence: float
    left_logit: float
    """Log odds that this is the signer's left hand, from this one look."""

    region: Region
    """Where to look in the next picture."""

    @property
    def wrist(self) -> Point:
        x, y, _ = self.points[_WRIST].tolist()
        return x, y

    def distance(self, other: "Hand") -> float:
        """Mean distance from each landmark to the other hand's, in sides of the larger region: two hand sizes."""
        across, down, _ = (self.points - other.points).T
        return float(np.hypot(across, down).sum()) / len(self.points) / max(self.region.size, other.region.size)


class HandNetworks:
    """The palm detectors and the landmark network of a bundle.

    The near detector is the same network on fewer pixels: less than half the cost where the body says where to look.
    """

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        self.detector = _palm_detector(bundle.file("palm"), threads)
        # Bundles before version 3 have none, and a rollback may reach them.
        self.near = _palm_detector(bundle.file("near"), threads) if "near" in bundle.sha256 else self.detector
        self.network = Network(bundle.file("hand"), threads)
        self._side = self.network.input_shape[1]
        self._crop = np.empty((self._side, self._side, 3), np.uint8)

    def find(self, image: Image, square: Region | None = None, *, near: bool = False) -> list[Region]:
        """Regions of the palms in a square, or in the whole picture, surest first; `near` if they are large."""
        detector = self.near if near else self.detector
        return [_palm_region(detection) for detection in detector.find(image, square, min_score=_MIN_PALM)]

    def read(self, image: Image, region: Region) -> Hand | None:
        """The hand in a region, or None if the network sees none."""
        region = region.snapped()
        crop_into(image, region, self._crop)
        self.network.run_pixels(self._crop)
        presence = float(self.network.output(1).item())
        if presence < _MIN_PRESENCE:
            return None
        points = self.network.output(0).reshape(21, 3)
        points[:, 2] /= _DEPTH_SCALE
        # MediaPipe names hands as in a mirror: what it calls left is, unmirrored, the right.
        right = min(max(float(self.network.output(2).item()), 1e-3), 1 - 1e-3)
        left_logit = math.log((1 - right) / right)
        placed = to_picture(points, region, self._side)
        return Hand(placed, presence, left_logit, _hand_region(placed))


def _palm_detector(file: Path, threads: int) -> Detector:
    return Detector(file, strides=(8, 16, 16, 16), pixel_range=(0.0, 1.0), threads=threads)


def _palm_region(detection: Detection) -> Region:
    """A palm's box, grown to hold the fingers too."""
    angle = upright_angle(detection.keypoints[_PALM_WRIST], detection.keypoints[_PALM_MIDDLE])
    (left, top), (right, bottom) = detection.box
    width, height = float(right - left), float(bottom - top)
    return Region(
        x=float(left + right) / 2 + 0.5 * height * math.sin(angle),
        y=float(top + bottom) / 2 - 0.5 * height * math.cos(angle),
        size=2.6 * max(width, height),
        angle=angle,
    )


def _hand_region(points: Floats) -> Region:
    """Twice the hand's extent along its own axes, moved a little towards the finger tips."""
    knuckles: Floats = points[[_INDEX, _MIDDLE, _MIDDLE, _RING], :2].mean(axis=0)
    angle = upright_angle(points[_WRIST, :2], knuckles)
    cosine, sine = math.cos(angle), math.sin(angle)
    turned = points[_STEADY, :2] @ np.array([[cosine, -sine], [sine, cosine]], np.float32)
    (left, top), (right, bottom) = turned.min(axis=0).tolist(), turned.max(axis=0).tolist()
    across, down = (left + right) / 2, (top + bottom) / 2 - 0.1 * (bottom - top)
    return Region(
        x=across * cosine - down * sine,
        y=across * sine + down * cosine,
        size=2.0 * max(right - left, bottom - top),
        angle=angle,
    )
