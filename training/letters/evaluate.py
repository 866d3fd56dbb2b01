"""`python -m training.evaluate letters`: a bundle on landmark stores, or leave-one-source-out."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from edge.argument_parser import ArgumentParser
from edge.bundle import Bundle
from training.figures import figures_at, summary, why_no_figures
from training.letters.bundle import open_bundle
from training.letters.idle import idle_figures
from training.letters.judge import judge, judgeable, why_skipped
from training.letters.options import OPTIONS
from training.store import KINDS, Clip, read_as


def main(argv: list[str]) -> int:
    parser = ArgumentParser(prog="python -m training.evaluate letters", description=__doc__)
    OPTIONS.add_arguments(parser)
    OPTIONS.add_bundle(parser, "bundle to judge")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--leave-one-source-out", action="store_true", help="train a model per source that never saw it"
    )
    args = parser.parse_args(argv)
    if args.leave_one_source_out:
        report = _cross_validated(args)
    else:
        report = evaluate(args.store, open_bundle(args.bundle))
        if not report["n"]:
            print(f"training.evaluate: {why_no_figures(report, args.store, 'letter')}", file=sys.stderr)
    print(json.dumps(report) if args.json else summary(report))
    return 0


def evaluate(stores: list[Path], bundle: Bundle) -> dict[str, Any]:
    """The figures for all letter clips of the stores; people who do not spell are under `others`."""
    skipped: Counter[str] = Counter()
    clips: list[Clip] = []
    others: list[Clip] = []
    for store in stores:
        for clip in read_as(store, bundle.labels):
            if clip.kind not in KINDS:
                skipped[f"unknown kind '{clip.kind}'"] += 1
            elif judgeable(clip, bundle.labels):
                clips.append(clip)
            elif clip.kind == "letter":
                skipped[str(why_skipped(clip, bundle.labels))] += 1
            else:
                others.append(clip)
    report = figures_at(bundle.operating_point, judge(clips, bundle), bundle.labels)
    report |= {"skipped": skipped.total(), "skipped_because": dict(skipped)}
    if others:
        report["others"] = idle_figures(others, bundle)
    return report


def _cross_validated(args: argparse.Namespace) -> dict[str, Any]:
    from training.letters.report import cross_validate  # noqa: PLC0415 - loads TensorFlow, which judging does not need

    return cross_validate(OPTIONS.open_rounds(args), args.store, OPTIONS.settings(args), args.out)
