"""`python -m training.evaluate words`: a bundle on landmark stores, or leave-people-out."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

from edge.argument_parser import ArgumentParser
from edge.bundle import Bundle
from edge.glosses import active_words
from training.figures import Judgement, emitted_by, figures_at, restricted, summary, why_no_figures
from training.store import KINDS, Clip, read_as
from training.words.bundle import open_bundle
from training.words.judge import judge, judgeable, why_skipped
from training.words.options import OPTIONS


def main(argv: list[str]) -> int:
    parser = ArgumentParser(prog="python -m training.evaluate words", description=__doc__)
    OPTIONS.add_arguments(parser)
    OPTIONS.add_bundle(parser, "bundle to judge")
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
        report = evaluate(args.store, bundle, active_words("--active", args.active, bundle))
        if not report["n"]:
            print(f"training.evaluate: {why_no_figures(report, args.store, 'word')}", file=sys.stderr)
    print(json.dumps(report, indent=None if args.json else 1) if args.json or args.teach else summary(report))
    return 0


def evaluate(stores: list[Path], bundle: Bundle, active: Collection[str] | None = None) -> dict[str, Any]:
    """The figures for all clips of the bundle's words in the stores; people who sign none are under `others`.

    `active`: the words that may be said, as the daemon's `words.active`; all others count as outside the vocabulary.
    """
    labels = bundle.labels if active is None else tuple(label for label in bundle.labels if label in active)
    # As in the daemon, naming a word that is shipped disabled enables it.
    point = bundle.operating_point | ({} if active is None else {"disabled": []})
    known: list[Clip] = []
    others: dict[str, list[Clip]] = {"word": [], "idle": []}
    skipped: Counter[str] = Counter()
    for clip in (clip for store in stores for clip in read_as(store, bundle.labels) if clip.kind != "letter"):
        if clip.kind not in KINDS:
            skipped[f"unknown kind '{clip.kind}'"] += 1
        elif not len(clip.hands):
            skipped["no frames"] += 1
        elif judgeable(clip, labels):
            known.append(clip)
        else:
            if clip.kind == "word":
                skipped[str(why_skipped(clip, labels))] += 1
            if clip.label not in labels:
                others[clip.kind].append(clip)
    report = figures_at(point, _judged(known, bundle, active), bundle.labels)
    report |= {"skipped": skipped.total(), "skipped_because": dict(skipped), "others": {}}
    for kind, clips in others.items():
        if clips:
            said = emitted_by(point, _judged(clips, bundle, active), bundle.labels)
            report["others"][kind] = {"clips": len(clips), "with_a_word": round(float(said.mean()), 4)}
    return report


def _judged(clips: list[Clip], bundle: Bundle, active: Collection[str] | None) -> list[Judgement]:
    verdicts = judge(clips, bundle)
    return verdicts if active is None else [restricted(verdict, bundle.labels, active) for verdict in verdicts]


def _cross_validated(args: argparse.Namespace) -> dict[str, Any]:
    from training.words.report import cross_validate  # noqa: PLC0415 - loads TensorFlow, which judging does not need
    from training.words.teach import teach  # noqa: PLC0415

    if args.teach:
        return teach(OPTIONS.open_rounds(args), OPTIONS.settings(args), args.out)
    return cross_validate(OPTIONS.open_rounds(args), OPTIONS.settings(args), args.out)
