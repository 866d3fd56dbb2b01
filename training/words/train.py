"""`python -m training.train words`: the float model on everything that may be trained on."""

import dataclasses
import json
import logging
from collections import Counter

from edge.argument_parser import ArgumentParser
from training.sources import may_train
from training.words.fit import fit
from training.words.options import OPTIONS

log = logging.getLogger(__name__)


def main(argv: list[str]) -> int:
    parser = ArgumentParser(prog="python -m training.train words", description=__doc__)
    OPTIONS.add_arguments(parser)
    args = parser.parse_args(argv)
    config = OPTIONS.settings(args)
    rounds = OPTIONS.open_rounds(args)
    longer = dataclasses.replace(config, passes=config.final_passes)
    fit(rounds, longer, len(rounds.labels)).save(args.out / "float.keras")
    sources = Counter(clip.source for clip in rounds.clips if may_train(clip, args.licences))
    sources += Counter(track.source for track in rounds.spelling)
    facts = {
        "config": dataclasses.asdict(config),
        "licences": args.licences,
        "samples": rounds.settings_digest,
        "labels": rounds.labels,
        "sources": sources,
    }
    (args.out / "training.json").write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    log.info("saved %s; next: python -m training.quantize words", args.out / "float.keras")
    return 0
