"""Follows the first COUNT frames with the landmarker: follow.py PICTURES.npz COUNT FPS [OUT.npz].

For counting instructions, and with OUT to compare the landmarks: `hands` (N, 2, 21, 3) and `pose` (N, 33, 3), shares of
the picture's width and height.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import cv2  # noqa: E402 - the path comes first
import numpy as np  # noqa: E402

from edge.config import Config  # noqa: E402
from edge.landmarks import Landmarker  # noqa: E402
from edge.types import Frame  # noqa: E402


def main(pictures: str, count: str, fps: str, out: str = "") -> None:
    cv2.setNumThreads(1)
    landmarker = Landmarker(Config().landmarks, ROOT / "models")
    frames = np.load(pictures)["frames"][: int(count)]
    seen = [landmarker.step(Frame(image, index / float(fps), index)) for index, image in enumerate(frames)]
    if out:
        np.savez(out, hands=[landmarks.hands for landmarks in seen], pose=[landmarks.pose[:, :3] for landmarks in seen])


if __name__ == "__main__":
    main(*sys.argv[1:])
