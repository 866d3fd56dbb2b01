"""How often control signs are seen: recall on their own clips, false ones on letters and on people who spell nothing.

Every gesture is switched on. Stills are held for a second, sequences run as they are, through the daemon's own letter
reader and controls. Give a bundle that never saw the sources.
"""

import argparse
import dataclasses
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from edge.argument_parser import ArgumentParser
from edge.bundle import load_bundle
from edge.config import ControlsConfig
from edge.config.schema import GESTURES
from edge.controls import Controls
from edge.errors import InputError
from edge.features import FEATURES_TAG
from edge.letter_reader import LetterReader
from edge.paths import shipped
from edge.types import Landmarks
from training.command import Listed, run_parsed
from training.store import UNKNOWN_FPS, Clip, read_store

_HELD_SECONDS, _FPS = 1.0, 30
_CONTROLS = ("space", "delete", "clear")
_EVERY = [
    ControlsConfig(**dict(zip(_CONTROLS, GESTURES[first:], strict=False)))
    for first in range(0, len(GESTURES), len(_CONTROLS))
]
"""Together they name every gesture once."""


def gestures_in(clip: Clip, reader: LetterReader) -> list[str]:
    """The gestures that the daemon would act on, in their order."""
    every = [(config, Controls(config)) for config in _EVERY]
    reader.reset()
    given: list[str] = []
    for landmarks in _played(clip):
        reader.step(landmarks)
        for config, controls in every:
            control = controls.step(landmarks, reader.scores)
            given += [getattr(config, control)] if control is not None else []
    return given


def _played(clip: Clip) -> Iterator[Landmarks]:
    if not clip.still:
        yield from clip.landmarks()
        return
    (still,) = clip.landmarks()
    for number in range(round(_HELD_SECONDS * _FPS)):
        yield dataclasses.replace(still, ts=number / _FPS)


def run(args: argparse.Namespace) -> int:
    bundle = load_bundle(args.bundle or shipped("models") / "letters", task="letters", features=FEATURES_TAG)
    reader = LetterReader(bundle)
    clips: Counter[str] = Counter()
    minutes: dict[str, float] = defaultdict(float)
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for store in args.store:
        for clip in read_store(store):
            if args.source and clip.source not in args.source:
                continue
            group = clip.label if clip.kind == "letter" and len(clip.label) > 1 else clip.kind
            clips[group] += 1
            minutes[group] += 0 if clip.still else len(clip.hands) / (clip.fps or UNKNOWN_FPS) / 60
            seen[group].update(gestures_in(clip, reader))
    if not clips:
        raise InputError(f"no clip of {', '.join(args.source or ['anybody'])} in the stores; name others")
    for group, count in sorted(clips.items()):
        figures = {"clips": count, "minutes": round(minutes[group], 1), "gestures": dict(seen[group])}
        print(json.dumps({"label": group, **figures}), flush=True)
    return 0


def main(argv: list[str]) -> int:
    """Run the command; its exit code."""
    parser = ArgumentParser(prog="python -m training.controls", description=__doc__)
    parser.add_argument("--store", type=Path, action=Listed, nargs="+", required=True, help="landmark stores")
    parser.add_argument("--bundle", type=Path, help="letter bundle; the shipped one without it")
    parser.add_argument("--source", action=Listed, nargs="*", help="only these sources")
    return run_parsed(parser, argv, run)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
