"""The signer drawn by the project itself: frames and landmarks of a spelled text, with the exact truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edge.demo.figure import HOME, SHOULDER, Stage, backdrop, elbow_of, pose_points, upper_arm
from edge.demo.hand import PosedHand, pose_hand
from edge.demo.handparts import hand_parts
from edge.demo.look import Look
from edge.demo.motion import JOINTS, PLACE, Performance, turn_of
from edge.demo.paint import draw
from edge.demo.person import Person
from edge.demo.timetable import plan
from edge.errors import InputError
from edge.types import SIDES, Floats, Frame, Image, Landmarks, Side


@dataclass(frozen=True, slots=True)
class DemoTruth:
    """What a frame really shows."""

    ts: float
    letter: str | None
    """The letter held at this moment; None at rest and between letters."""
    hand: Floats
    """(21, 3): the spelling hand in store units (x/width, y/height, z in x units), in or out of the picture."""
    side: Side
    shoulders: Floats
    """(2, 2): the signer's left and right shoulder, x/width, y/height."""
    in_picture: bool
    """Whether the whole hand is inside the picture."""


@dataclass(frozen=True, slots=True)
class _Posture:
    """The spelling arm at one moment, in pixels."""

    hand: PosedHand
    wrist: Floats
    elbow: Floats
    shoulder: Floats


class DemoSigner:
    """Spells `text`; iterating gives (Frame, DemoTruth). The same arguments give the same frames, bit for bit.

    `letters_per_second` sets the pace, `hold_seconds` overrides how long each letter is then held, `motion_seconds` how
    long a J or Z is drawn. Seed 0 is the usual signer; others differ in proportions, ways to make letters, and tilt.
    `loop` starts again at the end, with time going on.

    Raises:
        InputError: text that cannot be spelled, or an argument out of range.
    """

    def __init__(  # noqa: PLR0913 (each is one thing a picture may differ in)
        self,
        text: str = "HELLO",
        *,
        size: tuple[int, int] = (640, 480),
        fps: float = 30.0,
        letters_per_second: float = 1.0,
        hold_seconds: float | None = None,
        motion_seconds: float | None = None,
        hand: Side = "right",
        skin: str = "tan",
        light: str = "day",
        background: str = "wall",
        doubled: Literal["slide", "bounce"] = "slide",
        seed: int = 0,
        loop: bool = False,
    ) -> None:
        if min(size) < 64 or max(size) > 4096:
            raise InputError(f"demo: a picture of {size[0]} x {size[1]}: say 64 to 4096 pixels a side")
        if not 1 <= fps <= 240:
            raise InputError(f"demo: {fps} frames a second: say 1 to 240")
        if hand not in SIDES:
            raise InputError(f"demo: no hand {hand!r}: left or right")
        spans = plan(text, letters_per_second, hold_seconds, motion_seconds, loop=loop)
        self.letters = [(s.letter, s.started_at, s.ended_at) for s in spans if s.letter is not None]
        """(letter, started_at, ended_at) in the first pass: the exact timetable."""
        self.seconds = spans[-1].ended_at
        """Length of one pass."""
        self.fps, self.side, self._loop, self._seed = fps, hand, loop, seed
        self._look = Look.named(skin, light, background)
        self._person = Person.from_seed(seed)
        self._stage = Stage(*size)
        lowered = (self._stage.height / 2 - HOME[1] * self._stage.unit) / self._stage.palm + 3.0
        self._performance = Performance(
            spans,
            self._person,
            letters_per_second=letters_per_second,
            bounce=doubled == "bounce",
            lowered=float(lowered),
        )
        self._backdrop: Image | None = None

    def __iter__(self) -> Iterator[tuple[Frame, DemoTruth]]:
        for index, ts in self._moments():
            posture = self._posture(ts)
            yield Frame(self._draw(posture), ts, index), self._truth(ts, posture)

    def landmarks(self, noise: float = 0.0) -> Iterator[tuple[Landmarks, DemoTruth]]:
        """The same performance, undrawn: what a perfect landmark step would see.

        `noise` is the standard deviation of seeded jitter on the hand's points, in palms. A hand that is not wholly in
        the picture is not seen.
        """
        rng = np.random.default_rng(self._seed)
        stage = self._stage
        units = np.array([stage.width, stage.height, stage.width], np.float32)
        brightness = float(self._still().mean())
        for _, ts in self._moments():
            posture = self._posture(ts)
            truth = self._truth(ts, posture)
            hands = np.full((2, 21, 3), np.nan, np.float32)
            presence = np.zeros(2, np.float32)
            if truth.in_picture:
                jitter = rng.normal(0, noise, (21, 3)) * stage.palm / units if noise else 0.0
                hands[SIDES.index(self.side)] = truth.hand + jitter
                presence[SIDES.index(self.side)] = 1.0
            points = posture.hand.points * stage.palm + posture.wrist
            pose = pose_points(stage, points, posture.elbow, left_handed=self.side == "left")
            pose[:, :3] /= units
            yield Landmarks(ts, stage.width, stage.height, hands, presence, pose, brightness), truth

    def _moments(self) -> Iterator[tuple[int, float]]:
        index = 0
        while self._loop or index < round(self.seconds * self.fps):
            yield index, index / self.fps
            index += 1

    def _posture(self, ts: float) -> _Posture:
        state = self._performance.state(ts % self.seconds if self._loop else ts)
        stage = self._stage
        angles = np.r_[np.zeros(3, np.float32), state[JOINTS]]
        hand = pose_hand(angles, self._person.shape, turn_of(state))
        centre = hand.points[[0, 5, 9, 17]].mean(axis=0)
        wrist = stage.place(HOME)
        wrist[:2] += (state[PLACE] - centre[:2]) * stage.palm
        towards = hand.points[9] / np.linalg.norm(hand.points[9])
        elbow = elbow_of(wrist, towards, stage.palm)
        shoulder = stage.place(SHOULDER)
        if self.side == "right":
            return _Posture(hand, wrist, elbow, shoulder)
        return _Posture(hand.mirrored(), *(self._mirror(point) for point in (wrist, elbow, shoulder)))

    def _mirror(self, point: Floats) -> Floats:
        return np.array([self._stage.width - point[0], point[1], point[2]], np.float32)

    def _truth(self, ts: float, posture: _Posture) -> DemoTruth:
        stage = self._stage
        points = posture.hand.points * stage.palm + posture.wrist
        points[:, 2] -= posture.wrist[2]
        units = np.array([stage.width, stage.height, stage.width], np.float32)
        hand = points / units
        shoulders = stage.place(np.stack([SHOULDER * (-1, 1, 1), SHOULDER]).astype(np.float32))[:, :2] / units[:2]
        inside = bool((hand[:, :2] >= 0).all() and (hand[:, :2] < 1).all())
        return DemoTruth(ts, self._letter_at(ts), hand, self.side, shoulders, inside)

    def _letter_at(self, ts: float) -> str | None:
        now = ts % self.seconds if self._loop else ts
        return next((letter for letter, start, end in self.letters if start <= now < end), None)

    def _draw(self, posture: _Posture) -> Image:
        stage, look = self._stage, self._look
        image = self._still().copy()
        arm = upper_arm(posture.shoulder, posture.elbow, stage.unit)
        draw(image, arm, look.materials, look.light)
        hand = hand_parts(posture.hand, posture.wrist, stage.palm, self._person.shape.girth, posture.elbow)
        draw(image, hand, look.materials, look.light)
        return image

    def _still(self) -> Image:
        """The picture without the spelling arm."""
        if self._backdrop is None:
            self._backdrop = backdrop(self._stage, self._look, left_handed=self.side == "left")
        return self._backdrop
