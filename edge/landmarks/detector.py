"""MediaPipe's single-shot detectors: a palm or a person anywhere in the picture."""

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.landmarks.crop import Region, covering_square, crop_into, to_picture
from edge.tflite import Network
from edge.types import Floats, Image

_SAME_THING_OVERLAP = 0.3
"""Boxes that overlap more are averaged, weighted by score: MediaPipe's weighted non-maximum suppression."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One thing found, in pixels of the picture."""

    box: Floats
    """(2, 2): top left and bottom right corner."""
    keypoints: Floats
    """(K, 2)"""


class Detector:
    """Runs the network on the whole picture, letterboxed, or on a square of it.

    `strides` are those of the network's layers with anchors, two anchors per cell and layer.
    """

    def __init__(
        self,
        file: Path,
        *,
        strides: tuple[int, ...],
        pixel_range: tuple[float, float],
        threads: int,
    ) -> None:
        self.network = Network(file, threads)
        self._pixel_range = pixel_range
        self._side = self.network.input_shape[1]
        self._anchors = _anchors(self._side, strides)
        self._crop = np.empty((self._side, self._side, 3), np.uint8)
        shapes = self.network.output_shapes
        self._score_output = next(index for index, shape in enumerate(shapes) if shape[-1] == 1)
        self._box_output = 1 - self._score_output

    def find(self, image: Image, square: Region | None = None, *, min_score: float) -> list[Detection]:
        """Everything that scores higher in a square, or in the whole picture; best first."""
        square = square.snapped() if square else covering_square(image)
        crop_into(image, square, self._crop, cv2.BORDER_CONSTANT)
        self.network.run_pixels(self._crop, *self._pixel_range)
        logits = self.network.output(self._score_output).ravel()
        candidates = np.flatnonzero(logits > math.log(min_score / (1 - min_score)))
        if not len(candidates):
            return []
        scores = (1 / (1 + np.exp(-np.clip(logits[candidates], -80, 80)))).astype(np.float32)
        values = self.network.output(self._box_output)[0, candidates]
        points = _decoded(values, self._anchors[candidates] * self._side)
        return [
            Detection(placed[:2], placed[2:])
            for merged in _merged(scores, points)
            for placed in [to_picture(merged, square, self._side)]
        ]


def _anchors(side: int, strides: tuple[int, ...]) -> Floats:
    """(N, 2) cell centres, 0 to 1, in the order of the network's outputs."""
    layers = []
    for stride in sorted(set(strides)):
        cells = math.ceil(side / stride)
        centres = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 1, 2)
        layers.append(grid.repeat(2 * strides.count(stride), axis=1).reshape(-1, 2))
    anchors: Floats = np.concatenate(layers).astype(np.float32)
    return anchors


def _decoded(values: Floats, anchors: Floats) -> Floats:
    """(N, 2 + K, 2) box corners and keypoints from (N, 4 + 2 K): centre, size and keypoints relative to the anchors."""
    relative = values.reshape(len(values), -1, 2)
    centre, half = relative[:, 0], relative[:, 1] / 2
    corners = np.stack([centre - half, centre + half], axis=1)
    points: Floats = np.concatenate([corners, relative[:, 2:]], axis=1) + anchors[:, np.newaxis]
    return points


def _merged(scores: Floats, points: Floats) -> list[Floats]:
    """Weighted non-maximum suppression; best first."""
    order = np.argsort(-scores, kind="stable")
    scores, points = scores[order], points[order]
    low, high = points[:, 0], points[:, 1]
    areas = (high - low).prod(axis=1)
    alive = np.ones(len(scores), bool)
    merged = []
    while alive.any():
        best = int(np.argmax(alive))
        shared = (np.minimum(high, high[best]) - np.maximum(low, low[best])).clip(0).prod(axis=1)
        same = alive & (shared / (areas + areas[best] - shared + 1e-9) > _SAME_THING_OVERLAP)
        same[best] = True
        weights = scores[same]
        merged.append(np.tensordot(weights / weights.sum(), points[same], 1))
        alive &= ~same
    return merged
