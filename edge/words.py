"""The word recogniser: the signer's recent past in, a probability for every word out."""

from __future__ import annotations

from collections import deque

import numpy as np

from edge.types import Floats, Landmarks
from edge.word_features import GRID_SECONDS, GRID_STEPS, frame_points, on_grid, word_features

_HISTORY_SECONDS = (GRID_STEPS + 4) * GRID_SECONDS
"""What a window may reach back to, and a little more to interpolate from."""


class WordWindows:
    """Keeps the last two seconds of one signer."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self._points: deque[Floats] = deque()

    def add(self, landmarks: Landmarks) -> None:
        """Append a frame; one that is not newer than the last starts anew: another recording."""
        if self._times and landmarks.ts <= self._times[-1]:
            self._times.clear()
            self._points.clear()
        self._times.append(landmarks.ts)
        self._points.append(frame_points(landmarks))
        while self._times[0] < landmarks.ts - _HISTORY_SECONDS:
            self._times.popleft()
            self._points.popleft()

    def features(self, now: float) -> Floats:
        """(GRID_STEPS, CHANNELS) of the window that ends `now`; at least one frame must have been added."""
        return word_features(on_grid(np.array(self._times), np.stack(self._points), now))
