"""`python -m training.evaluate words`: a bundle on landmark stores, or leave-people-out."""

import argparse
import json
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

from edge.argument_parser import ArgumentParser
from edge.bundle import Bundle
from edge.errors import InputError
from edge.letters import NOTHING
from training.figures import Judgement, emitted_by, figures_at, restricted, summary
from training.store import Clip
from training.words.bundle import open_bundle
from training.words.data import read_words
from training.words.judge import judge, judgeable, why_skipped
from training.words.options import SHIPPED, add_arguments, open_rounds, settings


def main(argv: list[str]) -> int:
    parser = ArgumentParser(prog="python -m training.evaluate words", description=__doc__)
    add_arguments(parser)
    parser.add_argument("--bundle", type=Path, default=SHIPPED, help="bundle to judge")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--leave-people-out", action="store_true", help="train a model per fold of recorders that never saw them"
    )
    parser.add_argument(
        "--teach", action="store_true", help="train a model per fold that never saw the glosses it is then taught"
    )
    parser.add_argument("--active", metavar="WORDS", help="judge as with these as words.active, commas between")
    args = parser.parse_args(argv)
    if args.leave_people_out or args.teach:
        report = _cross_validated(args)
    else:
        bundle = open_bundle(args.bundle)
        report = evaluate(args.store, bundle, _active(args.active, bundle))
    print(json.dumps(report, indent=None if args.json else 1) if args.json or args.teach else summary(report))
    return 0


def evaluate(stores: list[Path], bundle: Bundle, active: Collection[str] | None = None) -> dict[str, Any]:
    """The figures of contract 1 for all word clips of the stores; people who sign no word of it under `others`.

    `active`: the words that may be said, as the daemon's `words.active`; all others are signs outside the vocabulary.
    """
    clips = read_words(stores)
    labels = bundle.labels if active is None else tuple(label for label in bundle.labels if label in active)
    known = [clip for clip in clips if judgeable(clip, labels)]
    reasons = [why_skipped(clip, labels) for clip in clips if clip.kind == "word"]
    skipped = Counter(reason for reason in reasons if reason is not None)
    report = figures_at(bundle.operating_point, _judged(known, bundle, active), bundle.labels)
    report |= {"skipped": skipped.total(), "skipped_because": dict(skipped), "others": {}}
    for kind in ("word", "idle"):
        others = [clip for clip in clips if clip.kind == kind and clip.label not in labels]
        if others:
            said = emitted_by(bundle.operating_point, _judged(others, bundle, active), bundle.labels)
            report["others"][kind] = {"clips": len(others), "with_a_word": round(float(said.mean()), 4)}
    return report


def _judged(clips: list[Clip], bundle: Bundle, active: Collection[str] | None) -> list[Judgement]:
    verdicts = judge(clips, bundle)
    return verdicts if active is None else [restricted(verdict, bundle.labels, active) for verdict in verdicts]


def _active(text: str | None, bundle: Bundle) -> set[str] | None:
    """The words of `--active`."""
    if text is None:
        return None
    active = {word.strip() for word in text.split(",")}
    unknown = sorted(active - set(bundle.labels) | active & {NOTHING})
    if unknown:
        raise InputError(f"--active: '{unknown[0]}' is no word of {bundle.path}; its labels.txt lists them")
    return active


def _cross_validated(args: argparse.Namespace) -> dict[str, Any]:
    from training.words.report import cross_validate  # noqa: PLC0415 - loads TensorFlow, which judging does not need
    from training.words.teach import teach  # noqa: PLC0415

    if args.teach:
        return teach(open_rounds(args), settings(args), args.out)
    return cross_validate(open_rounds(args), settings(args), args.out)
