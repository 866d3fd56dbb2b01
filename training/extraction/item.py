"""One recording to be read, and what is known about it before it is opened."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from edge.errors import AslEdgeError
from edge.types import Floats
from training.store import Clip

Format = Literal["video", "picture", "gislr", "arrays"]


class BadRecordingError(AslEdgeError):
    """A recording that cannot be used; the others can."""


@dataclass(frozen=True, slots=True)
class Item:
    """A recording: a file, or a folder of numpy frames."""

    clip: str
    label: str
    kind: str
    signer: str
    source: str
    licence: str
    path: Path
    format: Format
    mirrored: bool = False
    """The recording is mirrored."""
    fps: float = 0.0
    """Frame rate given by the layout; 0 = ask the file."""
    size: tuple[int, int] = (0, 0)
    """Width and height where the layout has only landmarks; only the ratio matters."""
    span: tuple[int, int] | None = None
    """First and last frame of the sign in the video, from 0, both included."""

    def key(self, reader: str) -> str:
        """Changes with the recording's content, its place, all that is said about it, and what reads it.

        Raises:
            OSError: it is not there.
        """
        files = sorted(self.path.iterdir()) if self.path.is_dir() else [self.path]
        marks = []
        for file in files:
            status = file.stat()
            marks.append(f"{file.resolve()} {status.st_size} {status.st_mtime_ns}")
        return hashlib.sha256("\n".join([repr(self), reader, *marks]).encode()).hexdigest()[:16]

    def clip_of(self, hands: Floats, pose: Floats, fps: float, size: tuple[int, int]) -> Clip:
        """The store's row: (T, 2, 21, 3) hands and (T, 33, 4) pose in the store's units, as the recording shows them.

        Raises:
            BadRecordingError: it should show a sign, but no hand is seen in it.
        """
        if self.mirrored:
            hands, pose = unmirrored(hands, pose)
        if self.kind != "idle" and np.isnan(hands).all():
            raise BadRecordingError(f"{self.path}: no hand is seen in it; record it again, or leave it out")
        return Clip(
            clip=self.clip,
            label=self.label,
            kind=self.kind,
            signer=self.signer,
            source=self.source,
            licence=self.licence,
            fps=fps,
            width=size[0],
            height=size[1],
            hands=np.ascontiguousarray(hands, np.float32),
            pose=np.zeros((0, 33, 4), np.float32) if np.isnan(pose).all() else np.ascontiguousarray(pose, np.float32),
        )


_POSE_SIDES: Sequence[tuple[int, int]] = (
    *((1, 4), (2, 5), (3, 6), (7, 8), (9, 10)),
    *((first, first + 1) for first in range(11, 33, 2)),
)
"""Left and right of MediaPipe's 33 points."""


def unmirrored(hands: Floats, pose: Floats) -> tuple[Floats, Floats]:
    """Landmarks of a mirrored picture put right: x reversed, left and right swapped."""
    hands, pose = hands[:, ::-1].copy(), pose.copy()
    hands[..., 0] = 1 - hands[..., 0]
    pose[..., 0] = 1 - pose[..., 0]
    left, right = (list(side) for side in zip(*_POSE_SIDES, strict=True))
    pose[:, left + right] = pose[:, right + left]
    return hands, pose
