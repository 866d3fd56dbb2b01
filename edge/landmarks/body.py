"""Follows one body at a low rate."""

import numpy as np

from edge.landmarks.crop import Region
from edge.landmarks.picture import Picture
from edge.landmarks.pose import PoseNetworks
from edge.pose_points import NOSE, SHOULDERS
from edge.types import Floats

_SLOWEST = 3
"""A still body is read only every this many intervals: shoulders hardly move while hands sign."""
_STILL_SHARE = 0.05
"""Of the shoulder width: less movement of head and shoulders between two reads counts as none."""
_SLACK_SECONDS = 0.004
"""Time stamps jitter: a frame this much too early still counts."""


class BodyTracker:
    """Reads the pose every `interval` seconds, less often while still; in between the last one holds."""

    def __init__(self, networks: PoseNetworks, interval: float) -> None:
        self._networks = networks
        self.interval = interval
        self.reset()

    def reset(self) -> None:
        self.pose: Floats | None = None
        """(33, 4) in pixels, or None while this body is not seen."""
        self.region: Region | None = None
        """Where to look next, or None while this body is not seen."""
        self.is_new = False
        """The pose was read in this frame."""
        self._read_at = float("-inf")
        self._pauses = 1

    def step(self, picture: Picture, ts: float) -> None:
        """Follow the body, if there is one."""
        pause = self.interval * self._pauses
        self.is_new = False
        if self.region is not None and not 0 <= ts - self._read_at < pause - _SLACK_SECONDS:
            self.read(picture, ts, self.region)

    def read(self, picture: Picture, ts: float, region: Region) -> bool:
        """Read the body in a region; False where nobody is."""
        read = self._networks.read(picture.image, region)
        before = self.pose
        self.pose, self.region = read if read is not None else (None, None)
        self.is_new = read is not None
        self._read_at = ts
        still = before is not None and self.pose is not None and _movement(before, self.pose) < _STILL_SHARE
        self._pauses = min(self._pauses + 1, _SLOWEST) if still else 1
        return self.is_new


def _movement(before: Floats, after: Floats) -> float:
    """Greatest movement of nose and shoulders, in shoulder widths."""
    points = [NOSE, *SHOULDERS]
    left, right = after[list(SHOULDERS), :2]
    ways = np.linalg.norm(after[points, :2] - before[points, :2], axis=1)
    return float(ways.max() / max(1.0, float(np.linalg.norm(left - right))))
