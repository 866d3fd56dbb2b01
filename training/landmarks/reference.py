"""`python -m training.landmarks.reference CLIP...`: our landmarks beside MediaPipe's own, frame by frame.

MediaPipe (complexity 1, float) runs in another interpreter, named with --python: `pip install .[reference]` there.
"""

import argparse
import dataclasses
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edge.argument_parser import ArgumentParser
from edge.config import Config
from edge.errors import InputError
from edge.landmarks import Landmarker
from edge.paths import models_dir
from edge.pose_points import LEFT_SHOULDER, RIGHT_SHOULDER
from edge.types import SIDES, Floats, Frame, Image, Landmarks
from training.command import run_parsed
from training.landmarks import mediapipe_child
from training.landmarks.agreement import UPPER_BODY
from training.landmarks.pictures import frames, read_still

_SAME_HAND = 0.5
"""Hands further apart than this many hand sizes are not the same hand."""


class MediaPipe:
    """One solution in a child process."""

    def __init__(self, solution: str, python: str) -> None:
        try:
            self._child = subprocess.Popen(
                [python, "-P", mediapipe_child.__file__, solution],  # -P: no file here may hide a library
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise InputError(f"--python {python}: cannot be started ({error.strerror}); name an interpreter") from error
        self._python = python

    def reset(self) -> None:
        self._write(mediapipe_child.HEADER.pack(0, 0))

    def step(self, image: Image) -> dict[str, Any]:
        """`hands`: [side, 21 points] each, `pose`: 33 points or None; x/width, y/height, z in x units."""
        assert self._child.stdout is not None  # noqa: S101 - a pipe was asked for above
        self._write(mediapipe_child.HEADER.pack(*image.shape[:2]) + image.tobytes())
        line = self._child.stdout.readline()
        if not line:
            raise InputError(
                f"{self._python}: mediapipe does not run there; name an interpreter that has it with --python"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        self._child.kill()
        self._child.wait(timeout=10)

    def _write(self, content: bytes) -> None:
        assert self._child.stdin is not None  # noqa: S101
        try:
            self._child.stdin.write(content)
            self._child.stdin.flush()
        except BrokenPipeError:
            return  # the next read reports that it is gone


@dataclass(slots=True)
class Tally:
    """Counts and errors over frames."""

    frames: int = 0
    hands: int = 0
    frames_with_hand: int = 0
    reference_hands: int = 0
    reference_frames_with_hand: int = 0
    holistic_frames_with_hand: int = 0
    matched: int = 0
    side_agrees: int = 0
    hand_errors: list[float] = field(default_factory=list)
    """Mean landmark distance in hand sizes, for hands that both saw."""
    apart: list[float] = field(default_factory=list)
    """The same for pairs too far apart to be one hand."""
    depth_errors: list[float] = field(default_factory=list)
    pose_errors: list[float] = field(default_factory=list)
    """Mean upper body landmark distance in shoulder widths."""

    def add(self, ours: Landmarks, hands: dict[str, Any], holistic: dict[str, Any] | None) -> None:
        scale = np.array([ours.width, ours.height, ours.width], np.float32)
        found = [(side, ours.hands[index] * scale) for index, side in enumerate(SIDES) if ours.presence[index]]
        wanted = [(side, np.array(points, np.float32) * scale) for side, points in hands["hands"]]
        self.frames += 1
        self.hands += len(found)
        self.reference_hands += len(wanted)
        self.frames_with_hand += bool(found)
        self.reference_frames_with_hand += bool(wanted)
        for (side, points), (wanted_side, wanted_points) in _pairs(found, wanted):
            size = float(np.ptp(wanted_points[:, :2], axis=0).max())
            error = float(np.linalg.norm((points - wanted_points)[:, :2], axis=1).mean()) / size
            if error < _SAME_HAND:
                self.matched += 1
                self.side_agrees += side == wanted_side
                self.hand_errors.append(error)
                self.depth_errors.append(float(np.abs(points - wanted_points)[:, 2].mean()) / size)
            else:
                self.apart.append(error)
        if holistic is not None:
            self.holistic_frames_with_hand += bool(holistic["hands"])
            if holistic["pose"] and np.isfinite(ours.pose[0, 0]):
                self.pose_errors.append(_pose_error(ours.pose[:, :3] * scale, np.array(holistic["pose"]) * scale))

    def merge(self, other: "Tally") -> None:
        for entry in dataclasses.fields(self):
            setattr(self, entry.name, getattr(self, entry.name) + getattr(other, entry.name))

    def summary(self) -> dict[str, float | int]:
        values: dict[str, float | int] = {
            entry.name: getattr(self, entry.name) for entry in dataclasses.fields(self) if entry.type == "int"
        }
        for name, errors in (("hand", self.hand_errors), ("depth", self.depth_errors), ("pose", self.pose_errors)):
            if errors:
                values[f"{name}_median"] = round(float(np.median(errors)), 4)
                values[f"{name}_p95"] = round(float(np.percentile(errors, 95)), 4)
        values["pairs_apart"] = len(self.apart)
        if pairs := self.hand_errors + self.apart:
            values["hand_p95_with_pairs_apart"] = round(float(np.percentile(pairs, 95)), 4)
        return values


def _pairs(found: list[Any], wanted: list[Any]) -> list[tuple[Any, Any]]:
    """The pairing with the least total distance; at most two of each."""
    short = min(len(found), len(wanted))
    choices = [
        list(zip(ours, theirs, strict=True))
        for ours in itertools.permutations(found, short)
        for theirs in itertools.combinations(wanted, short)
    ]
    return min(choices, key=lambda pairs: sum(float(np.linalg.norm((a[1] - b[1])[:, :2])) for a, b in pairs))


def _pose_error(ours: Floats, theirs: Floats) -> float:
    width = float(np.linalg.norm(theirs[LEFT_SHOULDER, :2] - theirs[RIGHT_SHOULDER, :2]))
    return float(np.linalg.norm((ours - theirs)[UPPER_BODY, :2], axis=1).mean()) / max(width, 1.0)


def compare_clip(file: Path, landmarker: Landmarker, hands: MediaPipe, holistic: MediaPipe | None) -> Tally:
    """A clip as a stream; a picture (any suffix but a video's) as a stream of one."""
    tally = Tally()
    landmarker.reset()
    hands.reset()
    if holistic:
        holistic.reset()
    for index, image in enumerate(_images(file)):
        ours = landmarker.step(Frame(image, index / 30, index))
        tally.add(ours, hands.step(image), holistic.step(image) if holistic else None)
    return tally


def _images(file: Path) -> Iterator[Image]:
    if file.suffix.lower() in (".jpg", ".jpeg", ".png"):
        yield read_still(file)
    else:
        yield from frames(file)


def main(argv: list[str]) -> int:
    """Run the command; its exit code."""
    return run_parsed(_parser(), argv, _run)


def _run(args: argparse.Namespace) -> int:
    config = dataclasses.replace(Config().landmarks, pose_interval_seconds=args.pose_interval)
    landmarker = Landmarker(config, models_dir(Config()))
    hands = MediaPipe("stills" if args.stills else "hands", args.python)
    holistic = None if args.stills else MediaPipe("holistic", args.python)
    total = Tally()
    rows = {}
    try:
        for file in args.clips:
            tally = compare_clip(file, landmarker, hands, holistic)
            total.merge(tally)
            rows[str(file)] = tally.summary()
            if not args.json and not args.stills:
                print(file.name, json.dumps(rows[str(file)]), flush=True)
    finally:
        hands.close()
        if holistic:
            holistic.close()
    print(json.dumps({"files": rows, "all": total.summary()}) if args.json else f"all {json.dumps(total.summary())}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(prog="python -m training.landmarks.reference", description=__doc__)
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP", help="video files, or pictures with --stills")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has mediapipe 0.10.18")
    parser.add_argument("--stills", action="store_true", help="each file alone, MediaPipe in static mode")
    parser.add_argument("--pose-interval", type=float, default=Config().landmarks.pose_interval_seconds, help="seconds")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
