"""Made-up signers before the word reader, and a network that reads a word into whatever it is shown."""

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from word_store import body
from word_store import clip as made_clip

from edge.bundle import MANIFEST, Bundle, sha256
from edge.labels import NOTHING
from edge.types import Emission, Floats, Landmarks
from edge.word_features import frame_points
from edge.word_reader import WordReader
from edge.words import WordModel, active_span
from training.words.bundle import open_bundle

SHIPPED = Path(__file__).resolve().parent.parent / "models" / "words"
FPS = 15.0
WAVING = "waving"
"""What `talkative`'s bundle says of made-up signs."""
NO_HAND = np.full((21, 3), np.nan, np.float32)


def without_floors(folder: Path, names: Mapping[str, str] | None = None, **point: object) -> Bundle:
    """The shipped network with other `names` for labels; `point` replaces parts of its operating point."""
    bundle = folder / "words"
    shutil.copytree(SHIPPED, bundle)
    labels = (bundle / "labels.txt").read_text("utf-8").split("\n")
    (bundle / "labels.txt").write_text("\n".join((names or {}).get(label, label) for label in labels), "utf-8")
    manifest = json.loads((bundle / MANIFEST).read_text("utf-8"))
    manifest["files"]["labels"]["sha256"] = sha256(bundle / "labels.txt")
    manifest["operating_point"] = {"temperature": 1.0, "floor": 0.0, "floors": {}, "disabled": []} | point
    (bundle / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    return open_bundle(bundle)


def talkative(folder: Path, **point: object) -> Bundle:
    """The shipped network, but made-up signs, surely `nothing` to it, are a word: all that is read is said."""
    return without_floors(folder, {NOTHING: WAVING, "hello": NOTHING}, **point)


def hands_of(word: str, number: int = 0) -> Floats:
    """(20, 21, 3): the right hand of a made-up sign, always in motion."""
    return made_clip(word, 0, number, "made").hands[:, 1]


def frames(hands: Iterable[Floats], start: float = 0.0, fps: float = FPS, *, shoulders: bool = True) -> list[Landmarks]:
    """One frame per hand (21, 3), in the landmark store's units; `NO_HAND` is none."""
    pose = body(0) if shoulders else np.full((33, 4), np.nan, np.float32)
    return [
        Landmarks(start + k / fps, 640, 480, np.stack([NO_HAND, hand]), np.array([0, 1], np.float32), pose, 128.0)
        for k, hand in enumerate(np.asarray(hand, np.float32) for hand in hands)
    ]


def lasting(hand: Floats, seconds: float, fps: float = FPS) -> list[Floats]:
    """The same hand, or none, for a while; real landmarks of a still hand tremble a little."""
    rng = np.random.default_rng(0)
    return [hand + rng.normal(0, 0.0005, (21, 3)).astype(np.float32) for _ in range(round(seconds * fps))]


def embedded(hands: Floats, model: WordModel) -> Floats:
    """The embedding of a sign, from the first hand to the last."""
    seen = frames(hands)
    times, points = np.array([each.ts for each in seen]), np.stack([frame_points(each) for each in seen])
    span = active_span(times, points)
    assert span is not None
    return model.read(times, points, *span)[1]


def read(reader: WordReader, seen: Iterable[Landmarks]) -> list[Emission]:
    return [emission for landmarks in seen for emission in reader.step(landmarks)]
