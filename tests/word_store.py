"""A small landmark store of made-up signers: each word has its hand shape and path, each signer a style."""

from pathlib import Path

import numpy as np

from edge.types import Floats
from training.store import Clip, write_store

WORDS = ("hello", "thankyou", "yes", "no", "book", "dog")
UNKNOWN = ("zebra", "quince")
FRAMES = 20


def clip(word: str, signer: int, number: int, source: str, kind: str = "word", licence: str = "CC0") -> Clip:
    """One recording, 20 frames of unknown rate: the right hand comes up, signs, and stays."""
    own = np.random.default_rng((signer, number, len(word)))
    shape, rng = np.random.default_rng([ord(c) for c in word]), own
    knots = np.array([0.0, 0.15]) + shape.uniform([-0.2, -0.3], [0.1, 0.1], (4, 2)) + own.normal(0, 0.008, (4, 2))
    at = np.linspace(0, 3, FRAMES)
    way = np.stack([np.interp(at, range(4), knots[:, axis]) for axis in (0, 1)], axis=1)
    if kind == "idle":
        way = np.repeat([[0.0, 0.25]], FRAMES, axis=0)
    hand = shape.uniform(-0.06, 0.06, (21, 3)) + rng.normal(0, 0.003, (21, 3))
    hand[0] = 0
    hands = np.full((FRAMES, 2, 21, 3), np.nan, np.float32)
    hands[:, 1] = hand + np.concatenate([way + np.array([0.42, 0.4]), np.zeros((FRAMES, 1))], axis=1)[:, None]
    return Clip(
        clip=f"{source}/{signer}/{word}/{number}",
        label=word,
        kind=kind,
        signer=f"{source}:{signer}",
        source=source,
        licence=licence,
        fps=0.0,
        width=640,
        height=480,
        hands=hands,
        pose=np.repeat(body(signer)[None], FRAMES, axis=0),
    )


def body(signer: int) -> Floats:
    """(33, 4): a frontal body, a little broader or narrower."""
    pose = np.full((33, 4), 0.5, np.float32)
    half = 0.12 + 0.005 * signer
    places = {0: (0, -0.2), 11: (half, 0), 12: (-half, 0), 13: (half, 0.2), 14: (-half, 0.2), 15: (half, 0.4)}
    for index, (x, y) in {**places, 16: (-half, 0.4)}.items():
        pose[index, :2] = 0.5 + x, 0.5 + y
    return pose


def write_small_store(path: Path) -> Path:
    """Three webcam recorders with core words and unknown signs, three WLASL clusters, idle, a dictionary."""
    clips = []
    for signer in range(3):
        source = f"webcam_made{signer}"
        clips += [clip(word, signer, n, source) for word in (*WORDS[:4], UNKNOWN[signer % 2]) for n in range(6)]
        clips += [clip("_idle", signer, n, source, kind="idle") for n in range(3)]
        clips += [clip(word, signer, n, "wlasl50") for word in WORDS[3:] for n in range(4)]
    clips += [clip(word, 9, 0, "dictionary", licence="copyrighted; evaluation only") for word in (*WORDS, UNKNOWN[0])]
    write_store(path, clips)
    return path
