"""`asl-edge models teach` and `forget`: a new sign from the landmarks of a few recordings, without training."""

import argparse
import json
from pathlib import Path

import numpy as np

from edge import taught
from edge.bundle import Bundle
from edge.errors import InputError
from edge.glosses import gloss_of
from edge.landmark_store import Clip, read_store
from edge.segmenter import is_readable
from edge.types import Floats, Times
from edge.word_features import frame_points
from edge.words import WordModel, active_span

LEAST_RECORDINGS = 3
"""Among ten unseen signs the nearest example is right in 0.68 of recordings with one example each, 0.85 with three,
0.86 with five (models/words/CARD.md)."""
UNKNOWN_SIGN_FPS = 15.0
"""Assumed for a sign of unknown frame rate: webcam scripts that run MediaPipe between frames reach 10 to 20."""


def run_teach(args: argparse.Namespace, bundle: Bundle, folder: Path) -> int:
    gloss = taught.name_of(args.gloss)
    _check_new(gloss, bundle, folder)
    examples, unusable = embeddings(args.store, gloss, WordModel(bundle))
    taught.save(folder, taught.TaughtSign(gloss, bundle.sha256["model"], examples))
    if args.json:
        print(json.dumps({"gloss": gloss, "recordings": len(examples), "unusable": unusable}))
    else:
        left_out = (
            f" ({unusable} left out: given twice, too short, still, or no hands or shoulders)" if unusable else ""
        )
        print(f"'{gloss}' is taught from {len(examples)} recordings{left_out}, kept in {folder}")
        print("a running daemon takes it with: systemctl reload asl-edge (or the MQTT command cmd/reload/set)")
    return 0


def run_forget(args: argparse.Namespace, folder: Path) -> int:
    gloss = taught.name_of(args.gloss)
    taught.remove(folder, gloss)
    print(json.dumps({"gloss": gloss, "forgotten": True}) if args.json else f"'{gloss}' is forgotten")
    return 0


def embeddings(store: Path, gloss: str, model: WordModel) -> tuple[Floats, int]:
    """(N, D) from the usable recordings of a sign in a landmark store, and how many are unusable.

    Raises:
        InputError: the store cannot be read, or has fewer than `LEAST_RECORDINGS` usable ones.
    """
    found, others, unusable = [], set(), 0
    seen: set[bytes] = set()
    for clip in read_store(store):
        if clip.kind != "word" or gloss_of(clip.label) != gloss:
            others.add(clip.label if clip.kind == "word" else f"the {clip.kind} {clip.label}")
            continue
        content = clip.hands.tobytes() + clip.pose.tobytes()
        embedding = None if content in seen else embedding_of(clip, model)
        seen.add(content)
        if embedding is None:
            unusable += 1
        else:
            found.append(embedding)
    if not found and not unusable:
        raise InputError(f"{store}: no recording of the sign '{gloss}'; it holds {', '.join(sorted(others)) or 'none'}")
    if len(found) < LEAST_RECORDINGS:
        raise InputError(
            f"{store}: {len(found)} usable recordings of '{gloss}' and {unusable} given twice, too short, still, or "
            f"without hands or shoulders, wanted {LEAST_RECORDINGS} to 5; record more with python -m training.record"
        )
    return np.stack(found), unusable


def embedding_of(clip: Clip, model: WordModel) -> Floats | None:
    """(D,) from a recording, read as the word reader reads a stream; None if that would not read it."""
    if clip.still or not len(clip.hands):
        return None
    times, points = timed_points(clip)
    span = active_span(times, points)
    return model.read(times, points, *span)[1] if span and is_readable(times, points, *span) else None


def timed_points(clip: Clip) -> tuple[Times, Floats]:
    """Seconds from the first frame, and (T, POINTS, 3) isotropic pixels, NaN where not seen."""
    points = np.stack([frame_points(landmarks) for landmarks in clip.landmarks()])
    return np.arange(len(points)) / (clip.fps if clip.fps > 0 else UNKNOWN_SIGN_FPS), points


def _check_new(gloss: str, bundle: Bundle, folder: Path) -> None:
    """Refuse a sign that the bundle knows, or that is taught already: none is overwritten unasked."""
    if gloss in bundle.labels and gloss not in bundle.operating_point.get("disabled", ()):
        raise InputError(f"'{gloss}' is a word of bundle '{bundle.name}' already; teach the sign under another gloss")
    if gloss in taught.taught_glosses(folder):
        try:
            taught.read(folder, gloss, bundle)
        except InputError:
            return  # unusable: its error asked for just this, to teach it again
        raise InputError(f"'{gloss}' is taught already; run asl-edge models forget '{gloss}' first")
