"""`python -m training.evaluate words`: a bundle on landmark stores, or leave-people-out."""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from edge.bundle import Bundle
from training.figures import figures, is_emitted
from training.words.bundle import open_bundle
from training.words.data import read_words
from training.words.judge import judge, judgeable, table_of, why_skipped
from training.words.options import SHIPPED, add_arguments, open_rounds, settings


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.evaluate words", description=__doc__)
    add_arguments(parser)
    parser.add_argument("--bundle", type=Path, default=SHIPPED, help="bundle to judge")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--leave-people-out", action="store_true", help="train a model per fold of recorders that never saw them"
    )
    args = parser.parse_args(argv)
    report = _cross_validated(args) if args.leave_people_out else evaluate(args.store, open_bundle(args.bundle))
    print(json.dumps(report) if args.json else _summary(report))
    return 0


def evaluate(stores: list[Path], bundle: Bundle) -> dict[str, Any]:
    """The figures of contract 1 for all word clips of the stores; people who sign no word of it under `others`."""
    clips = read_words(stores)
    known = [clip for clip in clips if judgeable(clip, bundle.labels)]
    reasons = [why_skipped(clip, bundle.labels) for clip in clips if clip.kind == "word"]
    skipped = Counter(reason for reason in reasons if reason is not None)
    report = figures(judge(known, bundle), bundle.labels, bundle.operating_point)
    report |= {"skipped": skipped.total(), "skipped_because": dict(skipped), "others": {}}
    for kind in ("word", "idle"):
        others = [clip for clip in clips if clip.kind == kind and clip.label not in bundle.labels]
        if others:
            said = is_emitted(table_of(judge(others, bundle)), bundle.labels, bundle.operating_point)
            report["others"][kind] = {"clips": len(others), "with_a_word": round(float(said.mean()), 4)}
    return report


def _cross_validated(args: argparse.Namespace) -> dict[str, Any]:
    from training.words.report import cross_validate  # noqa: PLC0415 - loads TensorFlow, which judging does not need

    return cross_validate(open_rounds(args), settings(args), args.out)


def _summary(report: dict[str, Any]) -> str:
    """A short table for people."""
    keys = (
        *("n", "accuracy", "mean_source_accuracy", "worst_source_accuracy", "macro_accuracy", "top5"),
        *("accuracy_with_nothing", "nothing_first", "coverage", "accuracy_covered", "wrong_confident", "ece"),
        *("skipped_because", "others"),
    )
    lines = [f"{key:22} {report[key]}" for key in keys if key in report]
    lines += [f"{name}: {row}" for name, row in report.get("groups", {}).items()]
    for title in ("per_source", "per_label"):
        cells = [f"{name} {share:.3f}" for name, share in report.get(title, {}).items()]
        lines += [title, *("  " + "  ".join(cells[i : i + 6]) for i in range(0, len(cells), 6))]
    return "\n".join(lines)
