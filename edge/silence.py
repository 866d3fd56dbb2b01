"""Why nothing is being read, in the terms of `state`, so that a display can tell the signer what to change."""

from typing import Literal

import numpy as np

from edge.pose_points import SHOULDERS
from edge.types import Landmarks

Reason = Literal["no_signer", "too_dark", "hand_lost", "too_far", "paused", "camera_lost"]

_DARK_LUMA = 28.0
"""Mean luma (0-255) below which hands are no longer found; a lit room at night measures 40 or more."""
_FAR_SHOULDERS = 0.11
"""Shoulder width over picture width at which a hand is about 20 px wide in a 640 px picture."""
_HAND_LOST_SECONDS = 2.0
"""A hand that disappeared this recently is missed; after that it is at rest."""
_SETTLE_SECONDS = 0.5
"""A reason must last this long before it is given, so that one bad frame does not flicker on the display."""


class SilenceWatch:
    """Turns landmarks into a reason for silence, or None while somebody can be read."""

    def __init__(self) -> None:
        self.reason: Reason | None = "no_signer"
        self.signer_present = False
        self._candidate: Reason | None = "no_signer"
        self._since = float("-inf")
        self._hand_at = float("-inf")

    def step(self, landmarks: Landmarks) -> None:
        """Update `reason` and `signer_present` for this frame."""
        now = self._judge(landmarks)
        if now != self._candidate:
            self._candidate, self._since = now, landmarks.ts
        if landmarks.ts - self._since >= _SETTLE_SECONDS or now is None:
            self.reason = now
            self.signer_present = now not in ("no_signer", "too_dark")

    def _judge(self, landmarks: Landmarks) -> Reason | None:
        if landmarks.shows_hand:
            self._hand_at = landmarks.ts
            return None
        if landmarks.brightness < _DARK_LUMA:
            return "too_dark"
        shoulders = landmarks.pose[list(SHOULDERS), 0]
        if not np.isfinite(shoulders).all():
            return "no_signer"
        if abs(float(shoulders[0] - shoulders[1])) < _FAR_SHOULDERS:
            return "too_far"
        if landmarks.ts - self._hand_at < _HAND_LOST_SECONDS:
            return "hand_lost"
        return None
