"""A posed hand as round cones: finger bones, the flesh of the palm, the wrist, the sleeve."""

from itertools import pairwise

import numpy as np

from edge.demo.hand import PosedHand
from edge.demo.look import SKIN, SLEEVE, TIP
from edge.demo.paint import Part, Parts
from edge.types import Floats

# Radii at the four joints of each finger, palms.
GIRTH = (
    (0.175, 0.145, 0.128, 0.100),
    (0.145, 0.122, 0.110, 0.088),
    (0.145, 0.124, 0.112, 0.090),
    (0.138, 0.116, 0.105, 0.085),
    (0.122, 0.100, 0.092, 0.076),
)

CUFF = 1.45
"""Palms from the wrist to the sleeve."""


def hand_parts(hand: PosedHand, wrist: Floats, palm: float, girth: float, elbow: Floats) -> Parts:
    """Parts in pixels: one palm is `palm` pixels, the forearm leads from `wrist` (3,) towards `elbow` (3,)."""
    parts = Parts()
    points = hand.points * palm + wrist
    size = palm * girth
    for finger, radii in enumerate(GIRTH):
        joints = points[1 + 4 * finger : 5 + 4 * finger]
        for bone in range(3):
            root, tip = bone == 0 and finger == 0, bone == 2
            parts.add(
                Part(
                    joints[bone],
                    joints[bone + 1],
                    (radii[bone] * size, radii[bone + 1] * size),
                    TIP if tip else SKIN,
                    _bone_back(joints, bone, hand.backs[finger]),
                    melted=root,
                    joints=(not root, not tip),
                    nail=tip,
                )
            )
    _add_palm(parts, points, hand.palmar, size)
    _add_wrist(parts, points, hand.palmar, size, elbow)
    return parts


def _bone_back(joints: Floats, bone: int, nail: Floats) -> Floats:
    """The nail's direction, turned perpendicular to this bone within the plane in which the finger bends."""
    along = joints[bone + 1] - joints[bone]
    last = joints[3] - joints[2]
    along, last = along / np.linalg.norm(along), last / np.linalg.norm(last)
    back: Floats = nail * float(along @ last) - last * float(along @ nail)
    return back / max(float(np.linalg.norm(back)), 1e-6)


def _add_palm(parts: Parts, points: Floats, palmar: Floats, size: float) -> None:
    wrist, back = points[0], -palmar
    out = palmar * size

    def flesh(start: Floats, end: Floats, radius: float, end_radius: float) -> None:
        parts.add(Part(start, end, (radius * size, end_radius * size), SKIN, back, melted=True))

    knuckles = points[[5, 9, 13, 17]]
    across = knuckles[0] - knuckles[3]
    heel = (wrist + across * 0.16, wrist + across * 0.04, wrist - across * 0.08, wrist - across * 0.2)
    for knuckle, base, radius in zip(knuckles, heel, (0.150, 0.150, 0.145, 0.130), strict=True):
        flesh(base, knuckle + (base - knuckle) * 0.04, 0.17, radius)
    for (first, first_base), (second, second_base) in pairwise(zip(knuckles, heel, strict=True)):
        between, base = (first + second) / 2, (first_base + second_base) / 2
        flesh(base, between + (base - between) * 0.06, 0.165, 0.138)
    base, middle = points[1], points[2]
    flesh(wrist + across * 0.1 + out * 0.03, base + out * 0.02, 0.17, 0.19)  # ball of the thumb
    flesh(base + out * 0.02, base + (middle - base) * 0.75, 0.20, 0.15)
    flesh(base + (knuckles[0] - base) * 0.25, middle + (knuckles[0] - middle) * 0.3, 0.14, 0.09)  # web
    flesh(base + (knuckles[0] - base) * 0.25, knuckles[0] + (base - knuckles[0]) * 0.3, 0.15, 0.12)
    little = wrist - across * 0.18 + out * 0.05
    flesh(little, little + (knuckles[3] - little) * 0.6, 0.16, 0.14)  # ball of the little finger


def _add_wrist(parts: Parts, points: Floats, palmar: Floats, size: float, elbow: Floats) -> None:
    wrist = points[0]
    across = points[5] - points[17]
    along = (elbow - wrist) / max(float(np.linalg.norm(elbow - wrist)), 1e-6)
    aside = across - along * float(across @ along)
    aside = aside / max(float(np.linalg.norm(aside)), 1e-6) * size
    end = wrist + along * size * CUFF
    for side in (0.085, 0.0, -0.085):
        radii = (0.175 * size, 0.205 * size)
        parts.add(Part(wrist + aside * side, end + aside * side * 1.3, radii, SKIN, -palmar, melted=True))
    parts.add(Part(elbow, end - along * size * 0.1, (0.40 * size, 0.345 * size), SLEEVE, cut=True))
