"""Frame -> Landmarks: each signer's hands and body, by MediaPipe's networks without MediaPipe."""

from pathlib import Path
from typing import Self

import numpy as np

from edge.bundle import load_installed
from edge.config import LandmarksConfig, SignerConfig
from edge.landmarks.hands import HANDS_TAG, Hand, HandNetworks
from edge.landmarks.motion import MotionDetector
from edge.landmarks.people import People, Place
from edge.landmarks.picture import Picture
from edge.landmarks.pose import LANDMARKS, POSE_TAG, PoseNetworks
from edge.landmarks.search import MOVED_SHARE
from edge.landmarks.tracker import HandTracker
from edge.landmarks.view import View
from edge.types import Floats, Frame, Landmarks


class Landmarker:
    """Owns what is remembered from frame to frame: where hands and body were, and which hand is which."""

    NETWORKS = ("palm", "hand", "pose_detector", "pose")

    def __init__(
        self, config: LandmarksConfig, models_dir: Path, signer: SignerConfig | None = None, signers: int = 1
    ) -> None:
        """Load the networks; up to `signers` people are read.

        Raises:
            InputError: a bundle is missing, altered, or made for another version of this code.
        """
        self.bundles = (
            load_installed(models_dir / config.hands, task="hands", features=HANDS_TAG),
            load_installed(models_dir / config.pose, task="pose", features=POSE_TAG),
        )
        self._hand_networks = HandNetworks(self.bundles[0], config.threads)
        pose = PoseNetworks(self.bundles[1], config.threads)
        self._pose_interval = config.pose_interval_seconds
        self._people = People(pose, self._pose_interval, signer or SignerConfig(), signers)
        self._hands = [HandTracker(self._hand_networks) for _ in self._people.places]
        self._motion = MotionDetector()
        self._protect_highlights = True
        """A dim picture is brightened only as far as its brightest part allows."""
        self._ts = 0.0
        networks = (
            {self._hand_networks.detector.network, self._hand_networks.near.network},
            {self._hand_networks.network},
            {pose.detector.network},
            {pose.network},
        )
        self._networks = dict(zip(self.NETWORKS, networks, strict=True))
        self.seconds: dict[str, float] = {}
        """Time spent in each network that ran in the last step."""

    def continue_from(self, before: Self) -> None:
        """Take over who has which place from the landmarker that this one replaces at a reload."""
        for place, place_before in zip(self._people.places, before._people.places, strict=False):
            place.continue_from(place_before)

    def step(self, frame: Frame) -> Landmarks:
        """The first signer's landmarks."""
        return self.step_all(frame)[0]

    def step_all(self, frame: Frame) -> list[Landmarks]:
        """Landmarks of every place at the counter, taken or not; whoever stands best has the first."""
        for networks in self._networks.values():
            for network in networks:
                network.seconds = 0.0
        self._motion.step(frame.small, frame.size[1])
        gains = self._motion.gains
        gain = gains.highlight_safe if self._protect_highlights else gains.full
        picture = Picture(frame, gain, grey=self._motion.grey)
        self._people.step(picture, frame.ts, self._motion, hand_followed=self._follows_hand)
        found: list[Landmarks] = []
        taken: tuple[Hand, ...] = ()
        for place, tracker in zip(self._people.places, self._hands, strict=True):
            # A hand still followed is the signer's, whose body alone was lost.
            left = place.is_changed or (place.is_left and not tracker.follows)
            sides = self._read_place(place, tracker, picture, frame.ts, taken)
            taken += tuple(hand for hand in sides if hand is not None)
            found.append(self._landmarks(frame, sides, place, signer_left=left))
        # Whether the brightest part is a hand is only known once one is found.
        self._protect_highlights ^= not self._follows_hand and any(tracker.looked_in_vain for tracker in self._hands)
        self._update_background(frame.ts)
        spent = {name: sum(network.seconds for network in networks) for name, networks in self._networks.items()}
        self.seconds = {name: seconds for name, seconds in spent.items() if seconds}
        return found

    def _read_place(
        self, place: Place, tracker: HandTracker, picture: Picture, ts: float, taken: tuple[Hand, ...]
    ) -> tuple[Hand | None, Hand | None]:
        """The left and right hand of whoever has the place; `taken` are those of earlier places."""
        # Without a body, a hand is the first signer's: it may fill the picture.
        is_read = place is self._people.places[0] or place.last_body is not None
        if place.is_changed or not is_read:
            tracker.reset()
        if not is_read:
            return None, None
        view = View(
            picture=picture,
            ts=ts,
            motion=self._motion,
            square=place.square(picture),
            body=place.last_body,
            body_is_new=place.body.is_new,
            crowded=self._people.crowded,
            others=self._people.bodies_beside(place),
            taken=taken,
            has_another_light=len(set(self._motion.gains)) > 1,
        )
        sides = tracker.step(view)
        if any(hand is not None and view.hides_body(hand.region) for hand in sides):
            place.reset()
        return sides

    def _update_background(self, ts: float) -> None:
        """Learn what moves by itself, while nobody is there."""
        if self._people.is_empty and not self._follows_hand:
            self._motion.learn_background(ts - self._ts)
        else:
            self._motion.forget_background()
        self._ts = ts

    @property
    def sees_nothing(self) -> bool:
        """Nobody is followed, and nothing moved between the last two pictures."""
        followed = self._people.follows or self._follows_hand
        return not followed and self._motion.outside([]) <= MOVED_SHARE

    @property
    def _follows_hand(self) -> bool:
        return any(hands.follows for hands in self._hands)

    def _landmarks(
        self, frame: Frame, sides: tuple[Hand | None, Hand | None], place: Place, *, signer_left: bool
    ) -> Landmarks:
        height, width = frame.size
        hands = np.full((2, 21, 3), np.nan, np.float32)
        presence = np.zeros(2, np.float32)
        for side, hand in enumerate(sides):
            if hand is not None:
                hands[side] = _normalised(hand.points, width, height)
                presence[side] = hand.presence
        pose = np.full((LANDMARKS, 4), np.nan, np.float32)
        if place.body.pose is not None:
            pose[:, :3] = _normalised(place.body.pose[:, :3], width, height)
            pose[:, 3] = place.body.pose[:, 3]
        return Landmarks(frame.ts, width, height, hands, presence, pose, self._motion.brightness, signer_left)

    def set_pose_interval_times(self, times: float) -> None:
        """Read bodies this many times less often than configured."""
        for place in self._people.places:
            place.body.interval = self._pose_interval * times

    def reset(self) -> None:
        """Forget everything: the next frame is unrelated to the last."""
        for tracker in self._hands:
            tracker.reset()
        self._people.reset()
        self._motion = MotionDetector()
        self._protect_highlights = True


def _normalised(points: Floats, width: int, height: int) -> Floats:
    """Pixels to the store's units; depth goes with x."""
    return (points / np.array([width, height, width], np.float32)).astype(np.float32, copy=False)
