"""`python -m training.train landmarks`: the hand network of a smaller crop, taught by MediaPipe's own."""

import argparse
import json
import logging
import os
import tempfile
from pathlib import Path

from edge.argument_parser import ArgumentParser
from edge.bundle import load_bundle
from edge.landmarks.hands import HANDS_TAG, HandNetworks
from training.command import count
from training.landmarks import distillation, wheel
from training.landmarks.crops import INPUT_SIDE_PX
from training.landmarks.fit import fit, judge
from training.landmarks.graph import resized, scaled
from training.landmarks.pictures import check_data
from training.landmarks.quantize import write_floats
from training.landmarks.trainable import trainable, with_output, written

log = logging.getLogger(__name__)

_BATCH = 96
"""Crops in each batch."""
_UNSEEN = 3000
"""Crops of held-out sources, by which the network is judged."""


def main(argv: list[str]) -> int:
    args = _arguments(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    original, seen, unseen = (args.out / name for name in ("original.tflite", "hands.npz", "hands-unseen.npz"))
    if not (original.exists() and seen.exists() and unseen.exists()):
        check_data(args.data)
        _prepare(args, original, seen, unseen)
    content = with_output(original.read_bytes(), "MEAN")
    # Points are in pixels of the crop.
    side, original_side = INPUT_SIDE_PX["hand"], INPUT_SIDE_PX["original hand"]
    start = scaled(resized(content, side), output=0, factor=side / original_side)
    teacher, network = trainable(content), trainable(start)
    crops = distillation.room(_UNSEEN)
    distillation.drawn(distillation.load(unseen), 0, crops)
    log.info("before: %s", judge(network, teacher, crops))
    fit(network, teacher, distillation.batches(seen, _BATCH, args.processes), args.steps, crops)
    result = judge(network, teacher, crops)
    log.info("after: %s", result)
    (args.out / "hand.tflite").write_bytes(written(start, network))
    (args.out / "training.json").write_text(
        json.dumps({"steps": args.steps, "batch": _BATCH, "held_out": result}, indent=2) + "\n", "utf-8"
    )
    log.info("saved %s; next: python -m training.quantize landmarks", args.out / "hand.tflite")
    return 0


def _prepare(args: argparse.Namespace, original: Path, seen: Path, unseen: Path) -> None:
    """Make the teaching network, and the hands that it sees, once."""
    with tempfile.TemporaryDirectory() as scratch:
        write_floats(args.wheel or wheel.download(Path(scratch)), Path(scratch) / "float")
        bundle = load_bundle(Path(scratch) / "float" / "hands", task="hands", features=HANDS_TAG)
        networks = HandNetworks(bundle)
        for file, held_out in ((seen, False), (unseen, True)):
            images = distillation.pictures(args.data, held_out=held_out, every=3)
            distillation.save(distillation.find(images, networks), file)
        original.write_bytes(bundle.file("hand").read_bytes())


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = ArgumentParser(prog="python -m training.train landmarks", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with images/ and clips/")
    parser.add_argument("--out", type=Path, default=Path("build/landmarks"), help="folder of the float network")
    parser.add_argument("--wheel", type=Path, help=f"mediapipe {wheel.VERSION} wheel; fetched with pip when left out")
    parser.add_argument("--steps", type=count, default=5500, help="batches to learn from (default: %(default)s)")
    parser.add_argument("--processes", type=count, default=os.cpu_count(), help="processes that draw crops")
    return parser.parse_args(argv)
