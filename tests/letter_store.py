"""A small landmark store of made-up hands: every letter has its own shape, every signer a hand of their own."""

import string
from pathlib import Path

import numpy as np

from edge.types import Floats
from training.store import Clip, write_store

FRAMES = 24


def pose(letter: str, signer: int) -> Floats:
    """(21, 3) in palm lengths, y down: five fingers, each bent and spread as in the letter."""
    shape, own = np.random.default_rng(ord(letter)), np.random.default_rng((signer, ord(letter)))
    points = np.zeros((21, 3), np.float32)
    for finger, x in enumerate((-0.55, -0.3, -0.05, 0.2, 0.45)):
        knuckle = np.array([x, -0.5 if finger == 0 else -1.0, 0.1 * shape.normal()])
        heading = shape.uniform(-0.5, 0.5) + (0.4 if finger == 0 else 0)
        bend = shape.uniform(0, 1.4) + own.normal(0, 0.04)
        place = knuckle
        for joint in range(4):
            points[1 + 4 * finger + joint] = place
            angle = bend * joint
            place = place + 0.35 * np.array([np.sin(heading), -np.cos(angle), -np.sin(angle)])
    return points + own.normal(0, 0.01, points.shape).astype(np.float32)


def clip(letter: str, signer: int, number: int, motion: Floats | None = None, kind: str = "letter") -> Clip:
    """One still, or a sequence if `motion` (T, 2) in palm lengths carries the hand."""
    rng = np.random.default_rng((signer, number, ord(letter[0])))
    way = np.zeros((1, 2), np.float32) if motion is None else motion
    points = np.repeat(pose(letter[0], signer)[None], len(way), axis=0) + rng.normal(0, 0.01, (len(way), 21, 3))
    points[..., :2] += way[:, None]
    hands = np.full((len(way), 2, 21, 3), np.nan, np.float32)
    hands[:, 1] = (points * 80 + [300, 300, 0]) / [640, 480, 640]
    return Clip(
        clip=f"made{signer}/{letter}/{number}",
        label=letter,
        kind=kind,
        signer=f"made{signer}:s1",
        source=f"made{signer}",
        licence="CC0",
        fps=0.0 if motion is None else 30.0,
        width=640,
        height=480,
        hands=hands,
        pose=np.zeros((0, 33, 4), np.float32),
    )


def zigzag() -> Floats:
    """(FRAMES, 2): the path of a Z."""
    corners = np.array([[0, 0], [-2, 0], [0, 1.5], [-2, 1.5]])
    at = np.linspace(0, 3, FRAMES)
    return np.stack([np.interp(at, range(4), corners[:, axis]) for axis in (0, 1)], axis=1).astype(np.float32)


def hook() -> Floats:
    """(FRAMES, 2): the path of a J."""
    down = np.stack([np.zeros(FRAMES // 2), np.linspace(0, 1.5, FRAMES // 2)], axis=1)
    angle = np.linspace(0, np.pi, FRAMES // 2)
    return np.concatenate([down, np.stack([1 - np.cos(angle), 1.5 + np.sin(angle)], axis=1)]).astype(np.float32)


def write_small_store(path: Path, signers: int = 3, stills: int = 4) -> Path:
    """Stills of every letter but J and Z, drawn J and Z, and idle hands by each signer."""
    clips = []
    for signer in range(signers):
        for letter in string.ascii_uppercase:
            if letter in "JZ":
                hand, way = ("I", hook()) if letter == "J" else ("D", zigzag())
                for number in range(3):
                    drawn = clip(hand, signer, number, way)
                    clips.append(Clip(**{name: getattr(drawn, name) for name in Clip.__slots__} | {"label": letter}))
            else:
                clips += [clip(letter, signer, number) for number in range(stills)]
        slow = np.cumsum(np.full((40, 2), 0.02, np.float32), axis=0)
        clips.append(clip("idle", signer, 0, slow, kind="idle"))
    write_store(path, clips)
    return path
