"""`python -m training.quantize landmarks`: MediaPipe's wheel and calibration pictures in, two bundles out."""

import argparse
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.argument_parser import ArgumentParser
from edge.bundle import load_bundle
from edge.errors import InputError
from edge.landmarks.hands import HANDS_TAG
from edge.landmarks.pose import POSE_TAG
from edge.types import Image
from training.landmarks import wheel
from training.landmarks.agreement import compare
from training.landmarks.bundles import write_bundle, write_card
from training.landmarks.crops import INPUT_SIDE_PX, Crops, collect
from training.landmarks.graph import prepare, resized, with_pad_before_prelu
from training.landmarks.int8 import Recipe, quantize
from training.landmarks.pictures import check_data
from training.landmarks.shrink import shrink

VERSION = "5"
_EVERY = 10
"""One in this many frames of a clip is used."""


@dataclass(frozen=True, slots=True)
class Part:
    """One network of a bundle."""

    role: str
    source: str
    """Its path in the wheel."""
    outputs: list[int]
    """Which of MediaPipe's outputs are kept; metres, heat maps and silhouettes are not used here."""
    how: Recipe | None
    """None leaves it in float."""
    side: int | None = None
    """Side of its input where that is not the original's; the weights are the same."""

    def prepared(self, archive: Path) -> bytes:
        """The float network, to be quantized or shipped as it is."""
        content = with_pad_before_prelu(shrink(prepare(wheel.read_network(archive, self.source), self.outputs)))
        return resized(content, self.side) if self.side else content


PARTS = {
    # Palms are searched for in every seventh frame, in float: of 587 on calibration pictures int8 loses 15 with the
    # best recipe, 40 with the plainest. The near palm network is the same over 128 pixels.
    "hands": (
        Part("palm", "palm_detection/palm_detection_full.tflite", [0, 1], None),
        Part("near", "palm_detection/palm_detection_full.tflite", [0, 1], None, INPUT_SIDE_PX["near"]),
        # Error over hand size, median and 95th percentile of 458 varied held-out crops: all int8 0.018 and 0.065,
        # 3.6 ms; without the first five operators 0.014 and 0.045, 3.8 ms, as in float. MediaPipe's own over 224 x 224
        # in int8, the first five in float: 0.004 and 0.011, 5.1 ms.
        Part(
            "hand",
            "hand_landmark/hand_landmark_full.tflite",
            [0, 1, 2],
            Recipe(float_heads=False, float_first=5),
        ),
    ),
    "pose": (
        # Of 629 people int8 loses 34 and finds 27 others; float takes 28 MB more, for 3 of 983 stills.
        Part("detector", "pose_detection/pose_detection.tflite", [0, 1], Recipe(float_heads=True, pixel_range=(-1, 1))),
        # Error in shoulder widths (median) and time: all int8 but the heads 0.12, 4.4 ms; without the last 38
        # operators, which sum up the points, 0.044, 4.8 ms; without the first three too 0.023, 4.9 ms, without the
        # first eight 0.022, 5.0 ms (straciulita 0.041 and 0.026, t32rahman 0.60 and 0.21); float 8.4 ms.
        Part(
            "landmark",
            "pose_landmark/pose_landmark_full.tflite",
            [0, 1],
            Recipe(float_heads=True, float_first=8, float_from=61),
        ),
    ),
}
_TAGS = {"hands": HANDS_TAG, "pose": POSE_TAG}
_INT8 = "static int8, per channel weights, heads and first operators in float"
_QUANTIZATION = {"hands": f"{_INT8}; palms all in float", "pose": _INT8}


def main(argv: list[str]) -> int:
    args = _arguments(argv)
    check_data(args.data)
    if args.keep is None and not args.hand.is_file():
        raise InputError(f"{args.hand}: no such network; make it with `python -m training.train landmarks`")
    with tempfile.TemporaryDirectory() as scratch:
        archive = args.wheel or wheel.download(Path(scratch))
        float_folder = Path(scratch) / "float"
        write_floats(archive, float_folder)
        originals = [load_bundle(float_folder / task, task=task, features=_TAGS[task]) for task in PARTS]
        crops = collect(args.data, *originals, held_out=False, per_label=2, every=_EVERY)
        unseen = collect(args.data, *originals, held_out=True, per_label=2, every=_EVERY)
        for original in originals:
            _make(original.task, {role: original.file(role) for role in original.sha256}, crops, unseen, args)
    return 0


def balanced(crops: Crops, role: str, per_source: int) -> list[tuple[str, Image]]:
    """Up to `per_source` crops of each source, with a fixed seed: no source with many clips sets the ranges alone."""
    rng = np.random.default_rng(0)
    by_source: dict[str, list[tuple[str, Image]]] = {}
    for crop in crops[role]:
        by_source.setdefault(crop[0], []).append(crop)
    return [group[index] for group in by_source.values() for index in rng.permutation(len(group))[:per_source]]


def write_floats(archive: Path, folder: Path) -> None:
    """The prepared networks before quantizing, as bundles: they cut the crops and are what int8 is compared with."""
    for task, parts in PARTS.items():
        files = {part.role: part.prepared(archive) for part in parts}
        write_bundle(folder / task, task=task, tag=_TAGS[task], version=f"{VERSION}-float", files=files)


def _make(task: str, floats: dict[str, Path], crops: Crops, unseen: Crops, args: argparse.Namespace) -> None:
    kept = load_bundle(args.keep / task, task=task, features=_TAGS[task]) if args.keep else None
    files: dict[str, bytes] = {}
    used: Counter[str] = Counter()
    for part in PARTS[task]:
        if part.how is None:
            files[part.role] = floats[part.role].read_bytes()
        elif kept is not None:
            files[part.role], used = kept.file(part.role).read_bytes(), Counter(kept.manifest["calibration"])
        else:
            chosen = balanced(crops, part.role, args.per_source)
            used.update(source for source, _ in chosen)
            trained = args.hand if part.role == "hand" else floats[part.role]
            files[part.role] = quantize(trained.read_bytes(), [crop for _, crop in chosen], part.how)
    folder = args.out / task
    write_bundle(folder, task=task, tag=_TAGS[task], version=VERSION, files=files)
    quantized = {part.role: folder / f"{part.role}.tflite" for part in PARTS[task] if part.how is not None}
    table = compare(unseen, floats, quantized)
    details = {
        "quantization": _QUANTIZATION[task],
        "calibration": dict(sorted(used.items())),
        "parity": {role: sources["all"].summary() for role, sources in table.items()},
    }
    write_bundle(folder, task=task, tag=_TAGS[task], version=VERSION, files=files, details=details)
    write_card(folder, task=task, calibration=used, table=table)
    print(task, details["parity"], flush=True)


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = ArgumentParser(prog="python -m training.quantize landmarks", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with images/ and clips/")
    parser.add_argument("--out", type=Path, default=Path("models"), help="folder of the bundles (default: models)")
    parser.add_argument("--wheel", type=Path, help=f"mediapipe {wheel.VERSION} wheel; fetched with pip when left out")
    networks = parser.add_mutually_exclusive_group()
    networks.add_argument(
        "--hand",
        type=Path,
        default=Path("build/landmarks/hand.tflite"),
        help="hand network of `python -m training.train landmarks` (default: %(default)s)",
    )
    networks.add_argument(
        "--keep", type=Path, metavar="MODELS", help="quantize nothing: take these bundles' int8 networks"
    )
    parser.add_argument("--per-source", type=int, default=25, help="calibration crops of each source and network")
    return parser.parse_args(argv)
