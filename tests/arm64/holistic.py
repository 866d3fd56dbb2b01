"""Follows the first COUNT frames with MediaPipe Holistic (complexity 1): holistic.py PICTURES.npz COUNT.

It runs in an environment with only mediapipe 0.10.18 and imports nothing of this project.
"""

import sys
from unittest.mock import MagicMock

# mediapipe imports these for drawing, sound and training, which Holistic does not use.
sys.modules |= {name: MagicMock() for name in ("matplotlib", "matplotlib.pyplot", "sounddevice", "jax", "jax.numpy")}

import cv2  # noqa: E402 - the stand-ins come first
import mediapipe  # noqa: E402
import numpy as np  # noqa: E402


def main(pictures: str, count: str) -> None:
    cv2.setNumThreads(1)
    holistic = mediapipe.solutions.holistic.Holistic(model_complexity=1)
    for image in np.load(pictures)["frames"][: int(count)]:
        holistic.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))


if __name__ == "__main__":
    main(*sys.argv[1:])
