"""Follows one body at a low rate."""

from __future__ import annotations

import numpy as np

from edge.landmarks.crop import Region
from edge.landmarks.motion import Motion
from edge.landmarks.pose import PoseNetworks
from edge.landmarks.search import Search
from edge.types import Floats, Image

_SLOWEST = 3
"""A body that keeps still is read every so many intervals: shoulders hardly move while hands sign."""
_STILL_SHARE = 0.05
"""Of the shoulder width: movement of head and shoulders between two reads that counts as none."""
_NOSE, _SHOULDERS = 0, (11, 12)
_SLACK_SECONDS = 0.004
"""Time stamps jitter: a frame that comes a little before the interval is over counts."""


class BodyTracker:
    """Reads the pose every `interval` seconds, less often while it keeps still; in between the last one stands."""

    def __init__(self, networks: PoseNetworks, interval: float) -> None:
        self._networks = networks
        self._interval = interval
        self.reset()

    def reset(self) -> None:
        self.pose: Floats | None = None
        """(33, 4) in pixels, or None while nobody is seen."""
        self._region: Region | None = None
        self._read_at = float("-inf")
        self._pause = self._interval
        self._search = Search()

    def step(self, image: Image, ts: float, motion: Motion) -> bool:
        """True where the pose was read anew in this frame."""
        if self._region is not None:
            if 0 <= ts - self._read_at < self._pause - _SLACK_SECONDS:
                return False
            if self._read(image, ts, self._region):
                return True
            self._search.lost(ts)
        if not self._search.due(ts, motion.outside([])):
            return False
        region = self._networks.find(image)
        found = region is not None and self._read(image, ts, region)
        self._search.looked(ts)
        return found

    def _read(self, image: Image, ts: float, region: Region) -> bool:
        read = self._networks.read(image, region)
        before = self.pose
        self.pose, self._region = read if read is not None else (None, None)
        self._read_at = ts
        still = before is not None and self.pose is not None and _movement(before, self.pose) < _STILL_SHARE
        self._pause = min(self._pause + self._interval, _SLOWEST * self._interval) if still else self._interval
        return read is not None


def _movement(before: Floats, after: Floats) -> float:
    """Greatest way of nose and shoulders, in shoulder widths."""
    points = [_NOSE, *_SHOULDERS]
    left, right = after[list(_SHOULDERS), :2]
    ways = np.linalg.norm(after[points, :2] - before[points, :2], axis=1)
    return float(ways.max() / max(1.0, float(np.linalg.norm(left - right))))
