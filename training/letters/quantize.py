"""`python -m training.quantize letters`: the float model to an int8 bundle, if int8 decides as float does."""

import json
import logging
from pathlib import Path
from typing import Any

import keras
import numpy as np

from edge.argument_parser import ArgumentParser
from edge.errors import AslEdgeError, InputError
from edge.letters import NOTHING
from training.convert import agreement_of, calibration_rows, to_int8
from training.letters.bundle import write_bundle
from training.letters.card import write_card
from training.letters.config import load_config
from training.letters.data import LABELS
from training.letters.options import SHIPPED, add_arguments, open_rounds
from training.options import REPORT, check_judged, check_training
from training.sources import licence_of

log = logging.getLogger(__name__)
MOST_ACCURACY_LOST = 0.003
LEAST_AGREEMENT = 0.99
"""Bounds of issue 4 on held-out signers."""
_COMPARED_ROWS = 4000


def main(argv: list[str]) -> int:
    parser = ArgumentParser(prog="python -m training.quantize letters", description=__doc__)
    add_arguments(parser)
    parser.add_argument("--bundle", type=Path, default=SHIPPED, help="folder to write")
    parser.add_argument("--version", default="1.0.0")
    parser.add_argument("--without-crossval", action="store_true", help="skip the gate on held-out signers; for trials")
    args = parser.parse_args(argv)
    model = _float_model(args.out / "float.keras")
    training = json.loads((args.out / "training.json").read_text("utf-8"))
    check_training(training, args.licences, load_config(args.config))
    report = None if args.without_crossval else _report(args.out / REPORT[args.licences])
    features = open_rounds(args)(0).features
    content = to_int8(model, calibration_rows(features))
    facts: dict[str, Any] = {
        "quantization": "static int8, weights per channel",
        "sources": sources_of(training["sources"]),
    }
    point: dict[str, Any] = {}  # of a trial: the daemon's defaults
    if report is not None:
        check_judged(training, report)
        check_parity(report["parity"])
        point = report["operating_point"]
        facts |= {"parity": report["parity"], "metrics": _metrics(report)}
    agreement = agreement_of(model, content, features[:: max(1, len(features) // _COMPARED_ROWS)].astype(np.float32))
    log.info("int8 decides as float on %.2f %% of training windows; %d bytes", 100 * agreement, len(content))
    if agreement < LEAST_AGREEMENT:
        raise AslEdgeError(
            f"int8 agrees with float on {agreement:.2%} of training windows, wanted {LEAST_AGREEMENT:.0%}"
        )
    clear = args.out / REPORT["clear"]
    beside = _report(clear) if clear.is_file() and args.licences == "all" else None
    write_card(write_bundle(args.bundle, content, LABELS, point, facts, args.version), report, beside)
    return 0


def check_parity(parity: dict[str, float]) -> None:
    """Refuse an int8 model that is not its float twin on people neither has seen.

    Raises:
        AslEdgeError: by how much it failed.
    """
    lost = parity["float_accuracy"] - parity["int8_accuracy"]
    if abs(lost) > MOST_ACCURACY_LOST or parity["agreement"] < LEAST_AGREEMENT:
        raise AslEdgeError(
            f"int8 is not faithful on held-out signers: accuracy {parity['float_accuracy']:.4f} -> "
            f"{parity['int8_accuracy']:.4f} (at most {MOST_ACCURACY_LOST} apart), agreement {parity['agreement']:.4f} "
            f"(at least {LEAST_AGREEMENT}); calibrate on more varied windows or train longer"
        )


def _float_model(path: Path) -> Any:
    if not path.is_file():
        raise InputError(f"{path}: no float model; run python -m training.train letters first")
    return keras.models.load_model(path, compile=False)


def _report(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(
            f"{path}: no cross-validation; run python -m training.evaluate letters --leave-one-source-out first"
        )
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return report


def sources_of(counts: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """The manifest's list: people who spell first, then who is taught as `nothing`."""
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
