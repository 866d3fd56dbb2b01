"""The float networks, from the pinned mediapipe wheel."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

from edge.errors import AslEdgeError, InputError

VERSION = "0.10.18"
LICENCE = "Apache-2.0, (c) The MediaPipe Authors"
_FOLDER = "mediapipe/modules"
_SHA256 = {
    "palm_detection/palm_detection_full.tflite": "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
    "hand_landmark/hand_landmark_full.tflite": "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
    "pose_detection/pose_detection.tflite": "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
    "pose_landmark/pose_landmark_full.tflite": "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
}
"""Of the files, not the wheel: each platform's wheel has the same networks."""


def download(folder: Path) -> Path:
    """Fetch the wheel with pip, whatever this machine's platform and Python, or reuse the one in `folder`."""
    wheels = sorted(folder.glob(f"mediapipe-{VERSION}-*.whl"))
    if wheels:
        return wheels[0]
    platform = ["--platform", "manylinux2014_x86_64", "--python-version", "3.11", "--only-binary=:all:"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *platform, "--dest", str(folder)]
    done = subprocess.run([*command, f"mediapipe=={VERSION}"], capture_output=True, text=True, check=False, timeout=600)
    wheels = sorted(folder.glob(f"mediapipe-{VERSION}-*.whl"))
    if done.returncode or not wheels:
        reason = (done.stderr.strip() or "no wheel came").splitlines()[-1]
        raise AslEdgeError(f"pip download mediapipe=={VERSION}: {reason}; check the network, or give --wheel FILE")
    return wheels[0]


def read_network(wheel: Path, name: str) -> bytes:
    """One network of the wheel, byte for byte the one this program was measured with.

    Raises:
        InputError: the file is no such wheel, or its network differs.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(f"{_FOLDER}/{name}")
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise InputError(
            f"{wheel}: {name} cannot be read from it ({error}); give the mediapipe {VERSION} wheel"
        ) from error
    if hashlib.sha256(content).hexdigest() != _SHA256[name]:
        raise InputError(f"{wheel}: {name} has another sha256 than mediapipe {VERSION}'s; give that wheel")
    return content
