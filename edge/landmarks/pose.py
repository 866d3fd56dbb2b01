"""MediaPipe's pose networks: where a person is, and the 33 landmarks of the body."""

from __future__ import annotations

import math

import numpy as np

from edge.bundle import Bundle
from edge.landmarks.crop import Region, cut, to_picture, upright_angle
from edge.landmarks.detector import Detector
from edge.tflite import Network
from edge.types import Floats, Image

POSE_TAG = "mediapipe-pose-1"
"""What the two files must be: MediaPipe's networks, pruned, fed with BGR pixels."""

LANDMARKS = 33
_NOSE, _SHOULDERS = 0, [11, 12]
_MIN_PRESENCE = 0.5
_ARM = 3.0
"""A palm is at most 2.1 shoulder widths from its shoulder on a standing person; perspective stretches an arm that is
held towards the camera."""


class PoseNetworks:
    """The person detector and the landmark network of a bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self.detector = Detector(
            bundle.file("detector"), strides=(8, 16, 32, 32, 32), pixel_range=(-1.0, 1.0), min_score=0.5
        )
        self.network = Network(bundle.file("landmark"))
        self._side = self.network.input_shape[1]
        self._crop = np.empty((self._side, self._side, 3), np.uint8)

    def find(self, image: Image) -> Region | None:
        """The largest person's region: who stands at the counter, not who walks by behind."""
        people = [_person_region(*person.keypoints[:2]) for person in self.detector.find(image)]
        return max(people, key=lambda region: region.size, default=None)

    def read(self, image: Image, region: Region) -> tuple[Floats, Region] | None:
        """(33, 4) landmarks in pixels of the picture with visibility, and where to look next; None where nobody is."""
        cut(image, region, self._crop)
        self.network.run_pixels(self._crop)
        if float(self.network.output(1).item()) < _MIN_PRESENCE:
            return None
        values = self.network.output(0).reshape(39, 5)
        points = to_picture(values[:, :3], region, self._side)
        pose = np.empty((LANDMARKS, 4), np.float32)
        pose[:, :3] = points[:LANDMARKS]
        pose[:, 3] = 1 / (1 + np.exp(-np.clip(values[:LANDMARKS, 3], -80, 80)))
        return pose, _person_region(*points[LANDMARKS : LANDMARKS + 2, :2])


def within_reach(pose: Floats, x: float, y: float) -> bool:
    """Whether a hand there can belong to this body. Seen from the side, the neck is the measure of the shoulders."""
    left, right = pose[_SHOULDERS, :2]
    neck = math.dist(pose[_NOSE, :2], (left + right) / 2)
    width = max(math.dist(left, right), neck)
    return min(math.dist((x, y), left), math.dist((x, y), right)) < _ARM * width


def _person_region(hips: Floats, crown: Floats) -> Region:
    """Square around a circle given by its centre, between the hips, and a point on it, beyond the head."""
    radius = math.dist(hips, crown)
    return Region(float(hips[0]), float(hips[1]), 2.5 * radius, upright_angle(hips, crown))
