"""`python -m training.quantize letters`: the float model to an int8 bundle, if int8 decides as float does."""

import json
import logging
from typing import Any

import keras
import numpy as np

from edge.argument_parser import ArgumentParser
from edge.labels import NOTHING
from training.convert import agreement_of, calibration_rows, to_int8
from training.letters.bundle import LETTERS, write_bundle
from training.letters.card import write_card
from training.letters.data import LABELS
from training.letters.options import OPTIONS
from training.options import REPORT, check_judged, check_training, made, read_report
from training.parity import check_agreement, check_parity
from training.sources import licence_of

log = logging.getLogger(__name__)
_COMPARED_ROWS = 4000
_JUDGES = "training.evaluate letters --leave-one-source-out"


def main(argv: list[str]) -> int:
    parser = ArgumentParser(prog="python -m training.quantize letters", description=__doc__)
    OPTIONS.add_arguments(parser)
    OPTIONS.add_bundle(parser, "folder to write")
    parser.add_argument("--version", help="of the bundle; without it the one after that of the bundle it replaces")
    parser.add_argument("--without-crossval", action="store_true", help="skip the gate on held-out signers; for trials")
    args = parser.parse_args(argv)
    model = keras.models.load_model(made(args.out / "float.keras", "training.train letters"), compile=False)
    training = json.loads((args.out / "training.json").read_text("utf-8"))
    check_training(training, args.licences, OPTIONS.settings(args))
    report = None if args.without_crossval else read_report(args.out / REPORT[args.licences], _JUDGES)
    features = OPTIONS.open_rounds(args)(0).features
    content = to_int8(model, calibration_rows(features))
    facts: dict[str, Any] = {
        "quantization": "static int8, weights per channel",
        "sources": sources_of(training["sources"]),
    }
    point: dict[str, Any] = {}  # for a trial: the daemon's defaults
    if report is not None:
        check_judged(training, report)
        check_parity(report["parity"])
        point = report["operating_point"]
        facts |= {"parity": report["parity"], "metrics": _metrics(report)}
    agreement = agreement_of(model, content, features[:: max(1, len(features) // _COMPARED_ROWS)].astype(np.float32))
    log.info("int8 decides as float on %.2f %% of training windows; %d bytes", 100 * agreement, len(content))
    check_agreement(agreement)
    clear = args.out / REPORT["clear"]
    beside = read_report(clear, _JUDGES) if clear.is_file() and args.licences == "all" else None
    version = args.version or LETTERS.next_version(args.bundle)
    write_card(write_bundle(args.bundle, content, LABELS, point, facts, version), report, beside)
    return 0


def sources_of(counts: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """The manifest's list: sources of letters first, then those taught as `nothing`."""
    return [
        {"name": name, "licence": licence_of(name), "clips": clips}
        | ({} if taught == "letters" else {"taught_as": NOTHING})
        for taught, sources in counts.items()
        for name, clips in sources.items()
    ]


def _metrics(report: dict[str, Any]) -> dict[str, Any]:
    kept = (
        "n accuracy mean_source_accuracy worst_source_accuracy macro_accuracy coverage accuracy_covered wrong_confident"
    )
    return {"protocol": "leave one source out", **{key: report[key] for key in [*kept.split(), "ece"]}}
