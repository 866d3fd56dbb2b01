"""`python -m training.landmarks.conditions --data DATA`: what dim light, size, speed, faces and neighbours cost.

Real clips are read as they are and again under a condition; the first reading is the measure of the second. Where that
does not serve the pose is the judge: is there a hand at a wrist before the face, and on whose wrist hangs each of two.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from edge.argument_parser import ArgumentParser
from edge.config import Config, SignerConfig
from edge.errors import InputError
from edge.landmarks import Landmarker
from edge.paths import models_dir
from edge.pose_points import NOSE, SHOULDERS, WRISTS
from edge.types import SIDES, Floats, Frame, Image, Landmarks
from training.command import run_parsed
from training.landmarks.counts import FPS, Figures, crossed, most_near
from training.landmarks.pictures import check_data, frames

SPELLED = ("spell_mariia_HELLO", "spell_mariia_ZEBRA", "spell_t32rahman_WATER")
"""Of signers not used for calibration."""
FACES = ("apple", "cry", "dad", "drink", "food", "grandma", "home", "mom")
"""Signs made at the face."""
TWO_HANDS = ("book", "many", "open", "shirt", "table", "before", "sick", "happy")
"""Signs of two hands that meet, cross or pass each other."""
CROSSED = frozenset({"table"})
"""Of these, the signs whose forearms are crossed from beginning to end: the signer's left hand is on the right of
their body (seen by eye). There the pose names wrists by where they are, and cannot judge."""
NEIGHBOURS = (("book", "bird"), ("drink", "many"), ("happy", "home"), ("table", "apple"))
"""Two signers side by side."""
_BEFORE_FACE = 0.6
"""A wrist nearer the nose than this, in shoulder widths, has its hand before or at the face."""
_VISIBLE = 0.5


class Bench:
    """Clips of a data folder, read once as they are and once under each condition."""

    def __init__(self, data: Path, every: int = 1) -> None:
        """`every`: use only every n-th clip of each list."""
        self._clips = data / "clips"
        self._every = every
        self._models = models_dir(Config())
        self._landmarker = Landmarker(Config().landmarks, self._models)

    def run(self) -> dict[str, Figures]:
        return {name: condition(self) for name, condition in CONDITIONS.items()}

    def spelled(self, change: Callable[[Image, np.random.Generator], Image], step: int = 1) -> Figures:
        """Spelled words with each picture changed and only every `step`-th shown, at the usual rate."""
        figures, rng = Figures(), np.random.default_rng(0)
        for name in SPELLED[:: self._every]:
            images = list(frames(self._clips / f"{name}.mp4"))
            plain = self._read(images)
            changed = self._read([change(image, rng) for image in images[::step]])
            figures.note_swaps([figures.add(wanted, got) for wanted, got in zip(plain[::step], changed, strict=True)])
        return figures

    def before_faces(self) -> Figures:
        """Frames with a wrist at the face: is there a hand on it?"""
        figures = Figures()
        for name in FACES[:: self._every]:
            for seen in self._read(self._sign(name)):
                hands, wrists, nose, width = _in_pixels(seen)
                for wrist, visible in wrists:
                    if visible and np.linalg.norm(wrist - nose) < _BEFORE_FACE * width:
                        figures.wanted += 1
                        figures.found += any(np.linalg.norm(hand[0] - wrist) < width / 2 for hand in hands.values())
        return figures

    def two_hands(self) -> Figures:
        """Signs in which both hands meet: has each visible wrist a hand, and how long has it the other side's?

        The pose says which wrist is whose, except where the arms are known to be crossed.
        """
        figures = Figures()
        for name in TWO_HANDS[:: self._every]:
            swaps = []
            for seen in self._read(self._sign(name)):
                hands, wrists, _, width = _in_pixels(seen)
                in_sight = [wrist for wrist, visible in wrists if visible]
                figures.wanted += len(in_sight)
                figures.found += most_near([hand[0] for hand in hands.values()], in_sight, width / 2)
                if name in CROSSED:
                    in_sight.sort(key=lambda wrist: float(wrist[0]))  # picture's left first: the left hand is there
                swaps.append(len(in_sight) == len(SIDES) and crossed(hands, in_sight))
            figures.swapped += sum(swaps)
            figures.note_swaps(swaps)
        return figures

    def neighbours(self) -> Figures:
        """Two people side by side; the left one is read, then the right."""
        figures = Figures()
        for left, right in NEIGHBOURS[:: self._every]:
            one, other = _same_height(self._sign(left), self._sign(right))
            both = [np.hstack([a, b]) for a, b in zip(one, other, strict=False)]
            for mine, zone, shift in ((one, 0.25, 0), (other, 0.75, one[0].shape[1])):
                reader = Landmarker(Config().landmarks, self._models, SignerConfig(zone_x=zone, zone_width=0.2))
                plain = self._read(mine[: len(both)])
                beside = zip(plain, _follow(reader, both), strict=True)
                figures.note_swaps([figures.add(wanted, got, shift) for wanted, got in beside])
        return figures

    def _read(self, images: Sequence[Image]) -> list[Landmarks]:
        self._landmarker.reset()
        return list(_follow(self._landmarker, images))

    def _sign(self, name: str) -> list[Image]:
        file = next(self._clips.glob(f"words/signingsavvy__{name}__*.mp4"), None)
        if file is None:
            raise InputError(f"{self._clips}/words: no clip of signingsavvy's {name}; give --data the whole folder")
        return list(frames(file))


def _follow(reader: Landmarker, images: Sequence[Image]) -> Iterator[Landmarks]:
    for index, image in enumerate(images):
        yield reader.step(Frame(image, index / FPS, index))


def _in_pixels(seen: Landmarks) -> tuple[dict[int, Floats], list[tuple[Floats, bool]], Floats, float]:
    """Hands seen by side; both wrists of the pose and whether they are in sight; nose; shoulder width.

    A wrist nearer the picture's edge than most of a hand's length may have its hand outside.
    """
    size = np.array([seen.width, seen.height], np.float32)
    pose = seen.pose[:, :2] * size
    hands = {side: seen.hands[side, :, :2] * size for side in range(len(SIDES)) if seen.presence[side]}
    left, right = pose[list(SHOULDERS)]
    width = float(np.linalg.norm(left - right))
    wrists = [
        (pose[wrist], bool(seen.pose[wrist, 3] > _VISIBLE and _edge_way(pose[wrist], size) > width / 3))
        for wrist in WRISTS
    ]
    return hands, wrists, pose[NOSE], width


def _edge_way(point: Floats, size: Floats) -> float:
    """Distance to the nearest edge of the picture; negative outside."""
    return float(np.minimum(point, size - point).min())


def _same_height(one: list[Image], other: list[Image]) -> tuple[list[Image], list[Image]]:
    height = min(one[0].shape[0], other[0].shape[0])
    return [_to_height(image, height) for image in one], [_to_height(image, height) for image in other]


def _to_height(image: Image, height: int) -> Image:
    return np.asarray(cv2.resize(image, (round(image.shape[1] * height / image.shape[0]), height)), np.uint8)


def _dim(light: float) -> Callable[[Image, np.random.Generator], Image]:
    """Less light, with a small sensor's noise of 2.5 grey levels."""

    def change(image: Image, rng: np.random.Generator) -> Image:
        noisy = image * np.float32(light) + rng.normal(0, 2.5, image.shape).astype(np.float32)
        return np.clip(noisy, 0, 255).astype(np.uint8)

    return change


def _wide(width: int) -> Callable[[Image, np.random.Generator], Image]:
    def change(image: Image, _rng: np.random.Generator) -> Image:
        return _to_height(image, round(image.shape[0] * width / image.shape[1]))

    return change


def _grey(image: Image, _rng: np.random.Generator) -> Image:
    """As a night camera shows it."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)


def _same(image: Image, _rng: np.random.Generator) -> Image:
    return image


CONDITIONS: dict[str, Callable[[Bench], Figures]] = {
    "a third of the light, noise": lambda bench: bench.spelled(_dim(0.33)),
    "a fifth of the light, noise": lambda bench: bench.spelled(_dim(0.2)),
    "without colours": lambda bench: bench.spelled(_grey),
    "320 px wide": lambda bench: bench.spelled(_wide(320)),
    "1280 px wide": lambda bench: bench.spelled(_wide(1280)),
    "spelling three times as fast": lambda bench: bench.spelled(_same, step=3),
    "hand before the face": Bench.before_faces,
    "two hands that meet or cross": Bench.two_hands,
    "somebody signs beside": Bench.neighbours,
}


def card_table(table: dict[str, Figures]) -> str:
    lines = [
        "| condition | hands | found | error median | error p95 | sides swapped | another's hands |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, figures in table.items():
        row = figures.summary()
        swaps = f"{figures.swapped}, longest {row['longest_swap_seconds']} s" if figures.swapped else "0"
        cells = [row["hands"], row["found"], row.get("error_median", ""), row.get("error_p95", ""), swaps]
        lines.append(f"| {name} | " + " | ".join(str(cell) for cell in cells) + f" | {figures.strange} |")
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """Run the command; its exit code."""
    parser = ArgumentParser(prog="python -m training.landmarks.conditions", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with images/ and clips/")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return run_parsed(parser, argv, _run)


def _run(args: argparse.Namespace) -> int:
    check_data(args.data)
    table = Bench(args.data).run()
    print(json.dumps({name: row.summary() for name, row in table.items()}) if args.json else card_table(table))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
