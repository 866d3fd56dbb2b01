"""Frame -> Landmarks: two hands and a body, by MediaPipe's networks without MediaPipe."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge.bundle import load_bundle
from edge.config import LandmarksConfig
from edge.landmarks.body import BodyTracker
from edge.landmarks.hands import HANDS_TAG, HandNetworks
from edge.landmarks.motion import Motion
from edge.landmarks.pose import LANDMARKS, POSE_TAG, PoseNetworks
from edge.landmarks.track import View
from edge.landmarks.tracker import HandTracker
from edge.types import Floats, Frame, Landmarks


class Landmarker:
    """Owns what is remembered from frame to frame: where hands and body were, and which hand is which."""

    def __init__(self, config: LandmarksConfig, models_dir: Path) -> None:
        """Load the networks.

        Raises:
            InputError: a bundle is missing, altered, or made for another version of this code.
        """
        self.bundles = (
            load_bundle(models_dir / config.hands, task="hands", features=HANDS_TAG),
            load_bundle(models_dir / config.pose, task="pose", features=POSE_TAG),
        )
        hands, pose = HandNetworks(self.bundles[0]), PoseNetworks(self.bundles[1])
        self._hands = HandTracker(hands)
        self._body = BodyTracker(pose, config.pose_interval_seconds)
        self._motion = Motion()
        self._networks = {
            "palm": hands.detector.network,
            "hand": hands.network,
            "pose_detector": pose.detector.network,
            "pose": pose.network,
        }
        self.seconds: dict[str, float] = {}
        """Time spent in each network that ran in the last step."""

    def step(self, frame: Frame) -> Landmarks:
        image = frame.image
        height, width = image.shape[:2]
        for network in self._networks.values():
            network.seconds = 0.0
        self._motion.step(image)
        body_is_new = self._body.step(image, frame.ts, self._motion)
        sides = self._hands.step(View(image, frame.ts, self._motion, self._body.pose, body_is_new))
        self.seconds = {name: network.seconds for name, network in self._networks.items() if network.seconds}
        hands = np.full((2, 21, 3), np.nan, np.float32)
        presence = np.zeros(2, np.float32)
        for side, hand in enumerate(sides):
            if hand is not None:
                hands[side] = _normalised(hand.points, width, height)
                presence[side] = hand.presence
        pose = np.full((LANDMARKS, 4), np.nan, np.float32)
        if self._body.pose is not None:
            pose[:, :3] = _normalised(self._body.pose[:, :3], width, height)
            pose[:, 3] = self._body.pose[:, 3]
        return Landmarks(frame.ts, width, height, hands, presence, pose, self._motion.brightness)

    def reset(self) -> None:
        """Forget everything: the next frame has nothing to do with the last."""
        self._hands.reset()
        self._body.reset()
        self._motion = Motion()


def _normalised(points: Floats, width: int, height: int) -> Floats:
    """Pixels to the store's units; depth goes with x."""
    return (points / np.array([width, height, width], np.float32)).astype(np.float32, copy=False)
