"""`python -m training.record LABEL --signer ID --out STORE`: consented recordings of a sign, landmarks alone.

No picture is kept or shown: the preview is a drawing of the landmarks in the operator's own terminal.
"""

import argparse
import contextlib
import re
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from edge.argument_parser import ArgumentParser
from edge.camera import Camera, SourceKind, parse_source, raw_frames, read_frames
from edge.config import CameraConfig, Config
from edge.errors import AslEdgeError, InputError
from edge.landmarks import Landmarker
from edge.paths import models_dir
from edge.types import Floats, Frame, Landmarks
from training.command import count, plain_number, run_parsed
from training.consent import add, ensure, withdraw
from training.extraction.labels import named
from training.extraction.timing import even_grid, on_grid
from training.sketch import sketch
from training.store import Clip, read_store

_SILENT_SECONDS = 10.0
"""How long to wait for a camera that gives no picture."""
_TAKES = 3
"""Attempts at a recording that shows no hand."""
_SKETCH_SECONDS = 0.1
_SIGNER = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be recorded."""

    clips: int
    seconds: float
    pause_seconds: float
    """Counted down before each clip."""
    idle: bool = False
    """A clip without hands is wanted."""


class Terminal:
    """What the person before the camera sees: what to do now, and themselves as a drawing."""

    def __init__(self, *, preview: bool) -> None:
        self._preview = preview
        self._braille = (sys.stderr.encoding or "").lower().startswith("utf")
        self._drawn_at = float("-inf")
        self._said = ""

    def show(self, what: str, landmarks: Landmarks) -> None:
        """Show a line when it changes and, with a preview, the drawing ten times a second."""
        if self._preview and landmarks.ts - self._drawn_at >= _SKETCH_SECONDS:
            self._drawn_at = landmarks.ts
            lines = sketch(landmarks, braille=self._braille).replace("\n", "\x1b[K\n")
            sys.stderr.write(f"\x1b[H{what}\x1b[K\n{lines}\x1b[J")
            sys.stderr.flush()
        elif not self._preview:
            self.say(what)

    def say(self, what: str) -> None:
        if what != self._said:
            print(what, file=sys.stderr, flush=True)
        self._said = what


def record(
    frames: Iterator[Frame], landmarker: Landmarker, plan: Plan, terminal: Terminal
) -> Iterator[list[Landmarks]]:
    """The landmarks of each clip; one that shows no hand is recorded again. Time is the frames'.

    Raises:
        AslEdgeError: the source ended too soon, or no hand is seen again and again.
    """
    for number in range(1, plan.clips + 1):
        name = f"clip {number} of {plan.clips}"
        for _ in range(_TAKES):
            taken = _take(frames, landmarker, plan, name, terminal)
            seen = float(np.mean([landmarks.presence.any() for landmarks in taken]))
            if seen > 0 or plan.idle:
                terminal.say(f"{name}: {len(taken)} frames, hands in {seen:.0%} of them")
                yield taken
                break
            terminal.say(f"{name}: no hand was seen; once more, nearer or in better light")
        else:
            raise AslEdgeError(f"{name}: no hand seen {_TAKES} times; sit nearer, or in better light")


def clip_of(taken: list[Landmarks], about: Clip) -> Clip:
    """Landmarks as a row of the store; the rest comes from `about`."""
    grid = even_grid([landmarks.ts for landmarks in taken])
    pose = on_grid(_stacked([landmarks.pose for landmarks in taken]), grid)
    return replace(
        about,
        fps=grid.fps,
        width=taken[0].width,
        height=taken[0].height,
        hands=on_grid(_stacked([landmarks.hands for landmarks in taken]), grid),
        pose=pose[:0] if np.isnan(pose).all() else pose,
    )


def open_frames(source: str, config: CameraConfig) -> Generator[Frame]:
    """Frames of anything that `asl-edge run --source` takes; the drawn signer repeats for ever.

    Raises:
        InputError: no such source.
        AslEdgeError: it gives no pictures.
    """
    parsed = parse_source(source)
    if parsed.kind is SourceKind.DEMO:
        yield from raw_frames(parsed, config, endless=True)
    elif parsed.kind in {SourceKind.VIDEO, SourceKind.PICTURES}:
        yield from read_frames(source, config)
    else:
        yield from _live_frames(replace(config, source=source))


def main(argv: list[str]) -> int:
    """Run the command; its exit code."""
    return run_parsed(
        _parser(),
        argv,
        lambda args: _withdraw(args) if args.withdraw else _record(args),
        interrupted="stopped; what was recorded whole is kept",
    )


def _record(args: argparse.Namespace) -> int:
    if args.label is None:
        raise InputError("no LABEL; say which sign is recorded")
    now = datetime.now(UTC).astimezone()
    signer = _signer(args)
    label, kind = named(args.label, args.kind)
    if not label:
        raise InputError(f"LABEL '{args.label}': names no sign; write a letter, a gloss, or idle")
    plan = Plan(args.clips, args.seconds, args.pause, idle=kind == "idle")
    if not args.out.parent.is_dir():
        raise InputError(f"--out {args.out}: there is no folder {args.out.parent}; make it, or name another")
    if args.out.exists():
        next(read_store(args.out), None)  # nobody should record for a store that cannot be added to
    day = ensure(args.out, signer, args.signer, given=args.consent, today=now.date())
    landmarker = Landmarker(Config().landmarks, models_dir(Config()))
    licence = f"consented landmark recording, {day}"
    nothing = np.zeros((0, 2, 21, 3), np.float32), np.zeros((0, 33, 4), np.float32)
    clips: list[Clip] = []
    frames = open_frames(args.source, CameraConfig(mirrored=args.mirrored))
    terminal = Terminal(preview=sys.stderr.isatty() and not args.no_preview)
    try:
        with contextlib.closing(frames):
            for number, taken in enumerate(record(frames, landmarker, plan, terminal), 1):
                name = f"{args.collection}/{args.signer}/{label}/{now:%Y%m%d-%H%M%S}-{number}"
                about = Clip(name, label, kind, signer, args.collection, licence, 0.0, 0, 0, *nothing)
                clips.append(clip_of(taken, about))
    finally:
        if clips:
            in_all = add(args.out, signer, clips)
            print(f"{args.out}: {len(clips)} clips of '{label}' added, {in_all} in all")
    return 0


def _withdraw(args: argparse.Namespace) -> int:
    taken_out = withdraw(args.out, _signer(args), datetime.now(UTC).astimezone().date())
    print(f"{args.out}: {taken_out} clips of {args.signer} taken out")
    return 0


def _signer(args: argparse.Namespace) -> str:
    if not _SIGNER.fullmatch(args.signer):
        raise InputError(f"--signer {args.signer}: letters, digits, - and _ only; a made-up name, not a person's own")
    return f"{args.collection}:{args.signer}"


def _take(
    frames: Iterator[Frame], landmarker: Landmarker, plan: Plan, name: str, terminal: Terminal
) -> list[Landmarks]:
    """Count down, then record."""
    began: float | None = None
    taken: list[Landmarks] = []
    for frame in frames:
        began = frame.ts if began is None else began
        landmarks = landmarker.step(frame)
        rest = plan.pause_seconds - (frame.ts - began)
        if rest > 0:
            terminal.show(f"{name}: in {int(np.ceil(rest))}", landmarks)
            continue
        terminal.show(f"{name}: recording", landmarks)
        taken.append(landmarks)
        if -rest >= plan.seconds:
            return taken
    raise AslEdgeError(f"{name}: the source ended before it was whole; record shorter ones or another source")


def _live_frames(config: CameraConfig) -> Generator[Frame]:
    camera = Camera(config)
    camera.start(required=True)
    try:
        while not camera.ended:
            frame = camera.latest(_SILENT_SECONDS)
            if frame is None and not camera.ended:
                raise AslEdgeError(f"{camera.problem or camera.name}: no picture for {_SILENT_SECONDS:g} s")
            if frame is not None:
                yield frame
    finally:
        camera.stop()


def _stacked(arrays: list[Floats]) -> Floats:
    return np.stack(arrays)


def _above_zero(text: str) -> float:
    value = plain_number(text)
    if not 0 < value <= 60:
        raise argparse.ArgumentTypeError(f"'{text}': more than 0 and at most 60 seconds")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(prog="python -m training.record", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("label", nargs="?", metavar="LABEL", help="the sign: a letter, a gloss, or `idle`")
    parser.add_argument("--out", type=Path, required=True, metavar="STORE", help="landmark store to add to (.parquet)")
    parser.add_argument("--signer", required=True, metavar="ID", help="a made-up name, the same in every session")
    parser.add_argument("--consent", action="store_true", help="the signer has agreed already, for example on paper")
    parser.add_argument("--withdraw", action="store_true", help="take all recordings of this signer out of the store")
    parser.add_argument("--clips", type=count, default=5, help="how many (5)")
    parser.add_argument("--seconds", type=_above_zero, default=2.0, help="length of each (2)")
    parser.add_argument("--pause", type=_above_zero, default=3.0, help="countdown before each, seconds (3)")
    parser.add_argument("--kind", choices=("auto", "letter", "word", "idle"), default="auto")
    parser.add_argument(
        "--source", default="0", help="camera, file, URL, `exec:COMMAND` or `demo:TEXT`, as `asl-edge run`"
    )
    parser.add_argument("--mirrored", action="store_true", help="the camera gives mirrored pictures")
    parser.add_argument("--collection", default="recorded", metavar="NAME", help="name of the source in the store")
    parser.add_argument("--no-preview", action="store_true", help="lines only, no drawing of the landmarks")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
