"""MediaPipe's pose networks: where a person is, and the 33 landmarks of the body."""

import math

import numpy as np

from edge.bundle import Bundle
from edge.landmarks.crop import Region, crop_into, to_picture, upright_angle
from edge.landmarks.detector import Detection, Detector
from edge.tflite import Network
from edge.types import Floats, Image

POSE_TAG = "mediapipe-pose-1"
"""What the two files must be: MediaPipe's networks, pruned, taking BGR pixels."""

LANDMARKS = 33
_MIN_PERSON, _MIN_PRESENCE = 0.5, 0.5


class PoseNetworks:
    """The person detector and the landmark network of a bundle."""

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        self.detector = Detector(
            bundle.file("detector"),
            strides=(8, 16, 32, 32, 32),
            pixel_range=(-1.0, 1.0),
            threads=threads,
        )
        self.network = Network(bundle.file("landmark"), threads)
        self._side = self.network.input_shape[1]
        self._crop = np.empty((self._side, self._side, 3), np.uint8)

    def find(self, image: Image) -> list[tuple[Region, Region]]:
        """The people in the picture, surest first: the square to read the body in and the one around the head."""
        return [
            (_person_region(*person.keypoints[:2]), _head(person))
            for person in self.detector.find(image, min_score=_MIN_PERSON)
        ]

    def read(self, image: Image, region: Region) -> tuple[Floats, Region] | None:
        """(33, 4) landmarks, pixels of the picture and visibility, and where to look next; None if nobody is there."""
        region = region.snapped()
        crop_into(image, region, self._crop)
        self.network.run_pixels(self._crop)
        if float(self.network.output(1).item()) < _MIN_PRESENCE:
            return None
        values = self.network.output(0).reshape(39, 5)
        points = to_picture(values[:, :3], region, self._side)
        pose = np.empty((LANDMARKS, 4), np.float32)
        pose[:, :3] = points[:LANDMARKS]
        pose[:, 3] = 1 / (1 + np.exp(-np.clip(values[:LANDMARKS, 3], -80, 80)))
        return pose, _person_region(*points[LANDMARKS : LANDMARKS + 2, :2])


def _head(person: Detection) -> Region:
    x, y = person.box.mean(axis=0)
    return Region(float(x), float(y), float((person.box[1] - person.box[0]).mean()))


def _person_region(hips: Floats, crown: Floats) -> Region:
    """Square around the circle centred between the hips that passes through a point above the head."""
    radius = math.dist(hips, crown)
    return Region(float(hips[0]), float(hips[1]), 2.5 * radius, upright_angle(hips, crown))
