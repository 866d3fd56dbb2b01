"""What the networks see in the squares of an .npz file, without memory; runs both here and under emulation.

Usage: look.py PICTURES.npz OUT.npz. PICTURES has `frames` (N, H, W, 3), `hands` (N, 4) and `bodies` (N, 4): x, y, size,
angle of the square to look in, NaN where there is none.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 - the path comes first

from edge.bundle import load_bundle  # noqa: E402
from edge.landmarks.crop import Region  # noqa: E402
from edge.landmarks.hands import HANDS_TAG, HandNetworks  # noqa: E402
from edge.landmarks.pose import POSE_TAG, PoseNetworks  # noqa: E402


def main(pictures: str, out: str) -> None:
    given = np.load(pictures)
    hand_networks = HandNetworks(load_bundle(ROOT / "models/hands", task="hands", features=HANDS_TAG))
    pose_networks = PoseNetworks(load_bundle(ROOT / "models/pose", task="pose", features=POSE_TAG))
    frames = given["frames"]
    width = frames.shape[2]
    seen = {
        "hand": np.full((len(frames), 21, 3), np.nan, np.float32),
        "pose": np.full((len(frames), 33, 3), np.nan, np.float32),
        "palm": np.full((len(frames), 3), np.nan, np.float32),
        "person": np.full((len(frames), 3), np.nan, np.float32),
    }
    for index, image in enumerate(frames):
        for palm in hand_networks.find(image)[:1]:
            seen["palm"][index] = palm.x / width, palm.y / width, palm.size / width
        for person, _ in pose_networks.find(image)[:1]:
            seen["person"][index] = person.x / width, person.y / width, person.size / width
        if np.isfinite(given["hands"][index]).all():
            hand = hand_networks.read(image, Region(*given["hands"][index].tolist()))
            if hand is not None:
                seen["hand"][index] = hand.points / width
        if np.isfinite(given["bodies"][index]).all():
            body = pose_networks.read(image, Region(*given["bodies"][index].tolist()))
            if body is not None:
                seen["pose"][index] = body[0][:, :3] / width
    np.savez(out, **seen)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*sys.argv[1:])
