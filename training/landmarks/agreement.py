"""Our int8 networks against MediaPipe's float ones: the error due to a smaller crop and int8, by source."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edge.pose_points import ELBOWS, LEFT_SHOULDER, NOSE, RIGHT_SHOULDER, SHOULDERS, WRISTS
from edge.tflite import Network
from edge.types import Floats, Image
from training.landmarks.crops import Crops

UPPER_BODY = [NOSE, 2, 5, 7, 8, *SHOULDERS, *ELBOWS, *WRISTS]
"""Pose landmarks that signing needs: face, shoulders, elbows, wrists."""


@dataclass(slots=True)
class Agreement:
    """One network's, on one source."""

    crops: int = 0
    both: int = 0
    """Crops on which float and int8 agree whether there is something."""
    errors: list[float] = field(default_factory=list)
    """Mean landmark distance over hand size, or over shoulder width; empty for the detector."""

    def summary(self) -> dict[str, float | int]:
        values: dict[str, float | int] = {"crops": self.crops, "agree": round(self.both / max(self.crops, 1), 4)}
        if self.errors:
            values["error_median"] = round(float(np.median(self.errors)), 4)
            values["error_p95"] = round(float(np.percentile(self.errors, 95)), 4)
        return values


Table = dict[str, dict[str, Agreement]]
"""By network and source; source `all` is their sum."""


def compare(crops: Crops, floats: dict[str, Path], quantized: dict[str, Path]) -> Table:
    table: Table = defaultdict(lambda: defaultdict(Agreement))
    for role, file in quantized.items():
        original, ours = Network(floats[role]), Network(file)
        originals = crops.get(f"original {role}", crops[role])
        for (source, crop), (_, original_crop) in zip(crops[role], originals, strict=True):
            seen, expected = _look(original, original_crop, role)
            seen_int8, got = _look(ours, crop, role)
            for entry in (table[role][source], table[role]["all"]):
                entry.crops += 1
                entry.both += seen == seen_int8
                if seen and expected is not None and got is not None:
                    entry.errors.append(_error(expected, got, role))
    return table


def _look(network: Network, crop: Image, role: str) -> tuple[bool, Floats | None]:
    """Whether the network sees something, and its landmarks, if it gives any, in units of the crop's side."""
    if role == "detector":
        network.run_pixels(crop, -1.0, 1.0)
        return bool(network.output(1).max() > 0), None
    network.run_pixels(crop)
    points = network.output(0)
    points = points.reshape(21, 3) if role == "hand" else points.reshape(39, 5)
    return bool(network.output(1).item() > 0.5), points[:, :2] / np.float32(len(crop))


def _error(expected: Floats, got: Floats, role: str) -> float:
    if role == "hand":
        size = float(np.ptp(expected, axis=0).max())
    else:
        size = float(np.linalg.norm(expected[LEFT_SHOULDER] - expected[RIGHT_SHOULDER]))
        expected, got = expected[UPPER_BODY], got[UPPER_BODY]
    return float(np.linalg.norm(expected - got, axis=1).mean()) / max(size, 1e-2)
