"""A hand posed from joint angles: 28 numbers in degrees become the 21 landmarks.

The hand's own frame is a right hand's: X towards the thumb, Y towards the fingers, Z out of the palm. Lengths are in
palms: from the wrist to the middle knuckle is 1. In a picture x grows to the right, y downwards and z away from the
camera, as in the landmark store.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from edge.types import Floats

POSE_SIZE = 28
"""Columns of a pose, degrees.

0:3    the whole hand: yaw (about the picture's vertical), pitch, roll
3:8    thumb: out to the side, out of the palm, twist, middle joint, end joint
8:28   index, middle, ring, little, each: flexion, spread to the thumb's side, middle joint, end joint, twist
"""

TO_PICTURE = np.array([1.0, -1.0, -1.0], np.float32)


@dataclass(frozen=True)
class HandShape:
    """Proportions of one person's hand, in palms."""

    knuckles: Floats
    """(4, 3): where index, middle, ring and little finger begin."""
    phalanges: Floats
    """(4, 3): bone lengths from the knuckle outwards."""
    thumb_base: Floats
    """(3,)"""
    thumb: Floats
    """(3,): bone lengths."""
    girth: float = 1.0
    """How thick fingers and palm are drawn, relative to the usual."""


def usual_shape() -> HandShape:
    """Bone lengths fitted together with the poses of edge.demo.alphabet; the same for every letter and signer."""
    return HandShape(
        knuckles=np.array(
            [[0.356, 0.977, 0.012], [0.108, 0.996, -0.024], [-0.122, 0.936, -0.016], [-0.330, 0.829, 0.023]], np.float32
        ),
        phalanges=np.array(
            [[0.478, 0.296, 0.238], [0.522, 0.331, 0.246], [0.481, 0.315, 0.237], [0.396, 0.234, 0.198]], np.float32
        ),
        thumb_base=np.array([0.266, 0.196, 0.163], np.float32),
        thumb=np.array([0.458, 0.362, 0.289], np.float32),
    )


@dataclass(frozen=True, slots=True)
class PosedHand:
    """A hand in picture orientation, in palms, with the wrist at the origin."""

    points: Floats
    """(21, 3): landmarks in MediaPipe's order."""
    backs: Floats
    """(5, 3): direction that each finger's nail faces, thumb first."""
    palmar: Floats
    """(3,): direction that the palm faces."""

    def mirrored(self) -> "PosedHand":
        """The other hand in the mirrored pose."""
        flip = np.array([-1.0, 1.0, 1.0], np.float32)
        return PosedHand(self.points * flip, self.backs * flip, self.palmar * flip)


def rotation(yaw: float, pitch: float, roll: float) -> Floats:
    """3 x 3: first yaw about Y, then pitch about X, then roll about Z, in degrees."""
    (cy, cp, cr), (sy, sp, sr) = np.cos(np.radians([yaw, pitch, roll])), np.sin(np.radians([yaw, pitch, roll]))
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    turn: Floats = (about_z @ about_x @ about_y).astype(np.float32)
    return turn


def pose_hand(angles: ArrayLike, shape: HandShape, turn: Floats | None = None) -> PosedHand:
    """Forward kinematics of a right hand. `turn` (3 x 3) replaces the pose's own yaw, pitch and roll."""
    pose = np.asarray(angles, np.float32)
    radians = np.radians(pose)
    points = np.zeros((21, 3), np.float32)
    backs = np.zeros((5, 3), np.float32)
    points[1:5], backs[0] = _thumb(radians[3:8], shape)
    for finger in range(4):
        first = 5 + 4 * finger
        points[first : first + 4], backs[finger + 1] = _finger(radians[8 + 5 * finger : 13 + 5 * finger], shape, finger)
    turn = rotation(*pose[:3].tolist()) if turn is None else turn
    to_picture = turn.T * TO_PICTURE
    return PosedHand(points @ to_picture, backs @ to_picture, to_picture[2])


def _finger(angles: Floats, shape: HandShape, finger: int) -> tuple[Floats, Floats]:
    flexion, spread, middle, end, twist = angles
    along = np.array([np.sin(spread), np.cos(spread), 0.0])
    sideways = np.array([np.cos(spread), -np.sin(spread), 0.0])
    inward = np.array([0.0, 0.0, np.cos(twist)]) + sideways * np.sin(twist)
    return _chain(shape.knuckles[finger], along, inward, np.cumsum([flexion, middle, end]), shape.phalanges[finger])


def _thumb(angles: Floats, shape: HandShape) -> tuple[Floats, Floats]:
    side, out, twist, middle, end = angles
    along = np.array([np.sin(side) * np.cos(out), np.cos(side) * np.cos(out), np.sin(out)])
    across = np.array([-np.cos(side), np.sin(side), 0.0])
    inward = across * np.cos(twist) + np.cross(along, across) * np.sin(twist)
    return _chain(shape.thumb_base, along, inward, np.cumsum([0.0, middle, end]), shape.thumb)


def _chain(
    start: Floats, along: ArrayLike, inward: ArrayLike, bends: ArrayLike, lengths: Floats
) -> tuple[Floats, Floats]:
    """Four joints of a finger that bends from `along` towards `inward`, and the direction that its nail faces."""
    bend = np.asarray(bends)[:, None]
    along, inward = np.asarray(along), np.asarray(inward)
    steps = (along * np.cos(bend) + inward * np.sin(bend)) * lengths[:, None]
    joints = np.vstack([start, start + np.cumsum(steps, axis=0)])
    back = along * np.sin(bend[-1]) - inward * np.cos(bend[-1])
    return joints.astype(np.float32), back.astype(np.float32)
