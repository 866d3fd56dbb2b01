"""The person around the hand: head, body and arms, and where the picture shows them.

Figure coordinates are pixels of a 640 x 480 picture, from its middle; z grows away from the camera.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from edge.demo.look import HAIR, SKIN, SLEEVE, Look
from edge.demo.paint import Colour, Part, Parts, draw
from edge.pose_points import LEFT_ELBOW, LEFT_SHOULDER, LEFT_WRIST, NOSE, RIGHT_SHOULDER
from edge.types import Floats, Image

SHOULDER = np.array([-100.0, 26.0, 30.0], np.float32)
"""The signer's right shoulder; the left is its mirror image."""

HOME = np.array([-172.0, 14.0, -70.0], np.float32)
"""Where the palm of the right hand spells."""

PALM = 66.0
"""Length of a palm in figure pixels: the hand is a little nearer to the camera than the body."""

FOREARM = 2.5
"""Palms from the wrist to the elbow."""


@dataclass(frozen=True)
class Stage:
    """How figure coordinates become pixels of a picture."""

    width: int
    height: int

    @property
    def unit(self) -> float:
        """Pixels of this picture per figure pixel."""
        return min(self.height / 480, self.width / 640)

    @property
    def palm(self) -> float:
        return PALM * self.unit

    def place(self, point: Floats) -> Floats:
        """Figure coordinates (..., 3) in pixels."""
        middle = np.array([self.width / 2, self.height / 2, 0], np.float32)
        placed: Floats = point * np.float32(self.unit) + middle
        return placed


def elbow_of(wrist: Floats, towards: Floats, palm: float) -> Floats:
    """Where the right elbow is: below the wrist, further out the more the hand (pointing `towards`) hangs down."""
    hanging, forward = float(np.clip(towards[1], 0, 1)), float(np.clip(-towards[2], 0, 1))
    level = max(0.75 * hanging, 0.6 * forward)
    way = (0.1 + 0.8 * hanging + 0.5 * forward, level - 1, -0.1 - 0.2 * hanging - 0.8 * forward)
    forearm = towards * 0.5 + np.array(way)
    elbow: Floats = wrist - forearm / np.linalg.norm(forearm) * FOREARM * palm
    return elbow.astype(np.float32)


def upper_arm(shoulder: Floats, elbow: Floats, unit: float) -> Parts:
    """The sleeve from shoulder to elbow, in pixels."""
    return Parts([Part(shoulder, elbow, (32 * unit, 26 * unit), SLEEVE)])


def backdrop(stage: Stage, look: Look, *, left_handed: bool) -> Image:
    """The wall and the person, without the spelling arm. Drawn once."""
    fine = Stage(stage.width * 3 // 2, stage.height * 3 // 2)  # even finer costs memory: twice is 62 MB at the peak
    image = _wall(fine, look)
    draw(image, _body(fine, left_handed=left_handed), look.materials, look.light)
    _face(image, fine, look)
    return cv2.resize(image, (stage.width, stage.height), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def _wall(stage: Stage, look: Look) -> Image:
    top, bottom = (np.array(colour, np.float32) * look.light.tint for colour in look.wall)
    share = np.linspace(0, 1, stage.height, dtype=np.float32)[:, None, None]
    across = np.linspace(1.04, 0.94, stage.width, dtype=np.float32)[None, :, None]
    wall = (top + (bottom - top) * share) * across
    if look.background == "blinds":
        stripes = 1 - 0.22 * (np.arange(stage.height) // (9 * stage.unit) % 2)
        wall *= stripes[:, None, None].astype(np.float32)
    image: Image = np.clip(wall, 0, 255).astype(np.uint8)
    return image


def _body(stage: Stage, *, left_handed: bool) -> Parts:
    parts = Parts()

    def add(start: tuple[float, ...], end: tuple[float, ...], radii: tuple[float, float], material: int) -> None:
        ends = stage.place(np.array([start, end], np.float32))
        radius, end_radius = radii[0] * stage.unit, radii[1] * stage.unit
        parts.add(Part(ends[0], ends[1], (radius, end_radius), material, melted=material != HAIR))

    add((0, -140, 0), (0, -97, -6), (53, 43), SKIN)  # head
    add((0, -84, 8), (0, -22, 22), (29, 31), SKIN)  # neck
    add((0, -118, -50), (0, -104, -56), (4, 7), SKIN)  # nose
    add((0, -160, 16), (0, -150, 22), (59, 58), HAIR)
    for side in (-1, 1):
        add((side * 53, -128, 8), (side * 51, -113, 8), (9, 6), SKIN)  # ears
        add((side * 44, -150, 22), (side * 45, -130, 24), (20, 12), HAIR)
        add((0, -4, 34), (side * 84, 22, 34), (36, 36), SLEEVE)
        add((side * 84, 26, 34), (side * 96, 32, 34), (37, 36), SLEEVE)
        for x in range(0, 72, 10):
            add((side * x, 60 - x / 8, 26), (side * x * 0.88, 420, 26), (62, 64), SLEEVE)
    resting = -1 if left_handed else 1
    add((resting * 104, 34, 38), (resting * 122, 190, 38), (33, 30), SLEEVE)
    add((resting * 122, 190, 38), (resting * 106, 340, 10), (30, 26), SLEEVE)
    return parts


def _face(image: Image, stage: Stage, look: Look) -> None:
    """Eyes, brows and mouth: flat shapes on the head."""
    skin = np.array(look.materials[SKIN].back) * look.light.tint
    tint = np.array(look.light.tint)

    def at(x: float, y: float) -> tuple[int, int]:
        point = stage.place(np.array([x, y, 0], np.float32))
        return round(float(point[0])), round(float(point[1]))

    def oval(x: float, y: float, axes: tuple[float, float], colour: Colour, arc: tuple[int, int] = (0, 360)) -> None:
        size = (max(1, round(axes[0] * stage.unit)), max(1, round(axes[1] * stage.unit)))
        cv2.ellipse(image, at(x, y), size, 0, *arc, colour, -1, cv2.LINE_AA)

    def stroke(points: list[tuple[float, float]], thick: float, colour: Colour) -> None:
        line = np.array([at(*point) for point in points], np.int32)
        cv2.polylines(image, [line], False, colour, max(1, round(thick * stage.unit)), cv2.LINE_AA)

    white = tuple((tint * (232, 236, 236)).tolist())
    dark = tuple((tint * (30, 34, 44)).tolist())
    shade = tuple((skin * 0.55).tolist())
    lips = tuple((skin * (0.72, 0.66, 0.86)).tolist())
    for side in (-1, 1):
        oval(side * 21, -127, (10.5, 5.6), white)
        oval(side * 20.5, -127, (4.8, 5.0), dark)
        oval(side * 20.5 - 1.6, -128.8, (1.3, 1.3), white)
        stroke(
            [(side * 31, -127), (side * 26, -131.5), (side * 21, -132.8), (side * 14, -131), (side * 10.5, -127)],
            1.8,
            dark,
        )
        stroke([(side * 33, -142), (side * 22, -146), (side * 10, -143)], 3.2, look_dark(look))
        oval(side * 4.2, -97.5, (2.2, 1.3), shade)
        stroke([(side * 8.5, -104), (side * 9.5, -100), (side * 7, -97.5)], 1.2, tuple((skin * 0.74).tolist()))
    oval(0, -80, (15, 4.2), lips, (180, 360))
    oval(0, -80, (13, 5.4), lips, (0, 180))
    stroke([(-16, -82.5), (-8, -79.6), (0, -79), (8, -79.6), (16, -82.5)], 1.4, shade)


def look_dark(look: Look) -> Colour:
    blue, green, red = look.materials[HAIR].back
    return blue * 0.8, green * 0.8, red * 0.8


def pose_points(stage: Stage, hand: Floats, elbow: Floats, *, left_handed: bool) -> Floats:
    """(33, 4): the body in MediaPipe's order, pixels and visibility; legs are below every picture.

    `hand` (21, 3) and `elbow` (3,) are pixels of the spelling arm.
    """
    pose = np.full((33, 4), np.nan, np.float32)
    right = {2: (-21, -127, -50), 1: (-13, -127, -50), 3: (-30, -127, -46), 7: (-53, -120, 8), 9: (-15, -80, -44)}
    pose[NOSE, :3] = stage.place(np.array([0, -103, -60], np.float32))
    for left, (x, y, z) in right.items():
        after = left + 3 if left < 7 else left + 1
        pose[after, :3] = stage.place(np.array([x, y, z], np.float32))
        pose[left, :3] = stage.place(np.array([-x, y, z], np.float32))
    pose[RIGHT_SHOULDER, :3] = stage.place(SHOULDER)
    pose[LEFT_SHOULDER, :3] = stage.place(SHOULDER * (-1, 1, 1))
    resting, spelling = (1, 0) if left_handed else (0, 1)
    aside = -1 if left_handed else 1
    for joint, point in (
        (LEFT_ELBOW, (122, 190, 36)),
        (LEFT_WRIST, (106, 340, 10)),
        (17, (106, 380, 10)),
        (19, (98, 384, 6)),
        (21, (92, 366, 2)),
    ):
        pose[joint + resting, :3] = stage.place(np.array(point, np.float32) * (aside, 1, 1))
    pose[LEFT_ELBOW + spelling, :3] = elbow
    for joint, landmark in ((LEFT_WRIST, 0), (17, 17), (19, 5), (21, 2)):
        pose[joint + spelling, :3] = hand[landmark]
    for left, point in (
        (23, (62, 330, 30)),
        (25, (60, 640, 20)),
        (27, (58, 940, 30)),
        (29, (58, 970, 40)),
        (31, (64, 990, 0)),
    ):
        pose[left, :3] = stage.place(np.array(point, np.float32))
        pose[left + 1, :3] = stage.place(np.array(point, np.float32) * (-1, 1, 1))
    inside = (pose[:, 0] >= 0) & (pose[:, 0] < stage.width) & (pose[:, 1] >= 0) & (pose[:, 1] < stage.height)
    pose[:, 3] = np.where(inside, 0.99, 0.01)
    return pose
