"""Follows the first COUNT frames with the landmarker, for counting instructions: follow.py PICTURES.npz COUNT FPS."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402 - the path comes first
import numpy as np  # noqa: E402

from edge.config import Config  # noqa: E402
from edge.landmarks import Landmarker  # noqa: E402
from edge.types import Frame  # noqa: E402


def main(pictures: str, count: str, fps: str) -> None:
    cv2.setNumThreads(1)
    landmarker = Landmarker(Config().landmarks, ROOT / "models")
    for index, image in enumerate(np.load(pictures)["frames"][: int(count)]):
        landmarker.step(Frame(image, index / float(fps), index))


if __name__ == "__main__":
    main(*sys.argv[1:])
