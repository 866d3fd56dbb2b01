"""`python -m training.quantize words`: the float model to an int8 bundle, if int8 decides as float does."""

import json
import logging
from pathlib import Path
from typing import Any

import keras

from edge.argument_parser import ArgumentParser
from training.convert import agreement_of
from training.options import REPORT, check_judged, check_training, made, read_report
from training.parity import check_agreement, check_parity
from training.sources import licence_of
from training.words.bundle import WORDS, write_bundle
from training.words.card import write_card
from training.words.crossval import calibration_windows
from training.words.network import to_faithful_int8
from training.words.options import OPTIONS
from training.words.teach import TEACH_REPORT

log = logging.getLogger(__name__)
_TEXTS = {"thankyou": "thank you", "iloveyou": "I love you"}
"""How a label is written where it is not the word itself."""
_COMPARED = 3000
_JUDGES = "training.evaluate words --leave-people-out"


def main(argv: list[str]) -> int:
    parser = ArgumentParser(prog="python -m training.quantize words", description=__doc__)
    OPTIONS.add_arguments(parser)
    OPTIONS.add_bundle(parser, "folder to write")
    parser.add_argument("--version", help="of the bundle; without it the one after that of the bundle it replaces")
    parser.add_argument("--without-crossval", action="store_true", help="skip the gate on held-out signers; for trials")
    args = parser.parse_args(argv)
    model = keras.models.load_model(made(args.out / "float.keras", "training.train words"), compile=False)
    training = json.loads((args.out / "training.json").read_text("utf-8"))
    check_training(training, args.licences, OPTIONS.settings(args))
    report = None if args.without_crossval else read_report(args.out / REPORT[args.licences], _JUDGES)
    lessons = _lessons(args.out / TEACH_REPORT)
    samples = OPTIONS.open_rounds(args)(0)
    content = to_faithful_int8(model, calibration_windows(samples))
    facts: dict[str, Any] = {
        "quantization": "static int8, weights per channel",
        "sources": [
            {"name": name, "licence": licence_of(name), "clips": count}
            for name, count in sorted(training["sources"].items())
        ],
        "texts": _TEXTS,
    }
    point: dict[str, Any] = {}  # for a trial: the daemon's defaults
    if report is not None:
        check_judged(training, report)
        check_parity(report["parity"])
        point = report["operating_point"] | ({"taught": lessons["taught"]} if lessons else {})
        facts |= {"parity": report["parity"], "metrics": _metrics(report)}
    agreement = agreement_of(model, content, samples.inputs(slice(_COMPARED)))
    log.info("int8 decides as float on %.2f %% of training windows; %d bytes", 100 * agreement, len(content))
    check_agreement(agreement)
    version = args.version or WORDS.next_version(args.bundle)
    bundle = write_bundle(args.bundle, content, tuple(training["labels"]), point, facts, version)
    write_card(bundle, report, lessons)
    return 0


def _lessons(path: Path) -> dict[str, Any] | None:
    """How signs may be taught to the bundle; without it taught signs are never said."""
    if not path.is_file():
        log.info("%s: missing; python -m training.evaluate words --teach lets signs be taught to the bundle", path)
        return None
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return report


def _metrics(report: dict[str, Any]) -> dict[str, Any]:
    groups = {name: {k: v for k, v in row.items() if k != "each"} for name, row in report["groups"].items()}
    labels = {label: round(share, 3) for label, share in report["per_label"].items()}
    return {"protocol": "leave people out", "groups": groups, "others": report["others"], "per_label": labels}
