"""`python -m training.train letters`: the float model on everything that may be trained on."""

import dataclasses
import json
import logging
from collections import Counter

from edge.argument_parser import ArgumentParser
from training.letters.fit import fit
from training.letters.options import OPTIONS
from training.letters.rounds import Rounds

log = logging.getLogger(__name__)


def main(argv: list[str]) -> int:
    parser = ArgumentParser(prog="python -m training.train letters", description=__doc__)
    OPTIONS.add_arguments(parser)
    args = parser.parse_args(argv)
    config = OPTIONS.settings(args)
    rounds = OPTIONS.open_rounds(args)
    folder = args.out / f"final-{rounds.digest}"  # checkpoints of other samples or settings do not count
    folder.mkdir(parents=True, exist_ok=True)
    model = fit(rounds, config, folder)
    model.save(args.out / "float.keras")
    facts = {
        "config": dataclasses.asdict(config),
        "licences": args.licences,
        "samples": rounds.settings_digest,
        "sources": _sources(rounds),
    }
    (args.out / "training.json").write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    log.info("saved %s; next: python -m training.quantize letters", args.out / "float.keras")
    return 0


def _sources(rounds: Rounds) -> dict[str, dict[str, int]]:
    """Number of stills and sequences by what they are taught as, `letters` or `nothing`, and source."""
    data = rounds.data
    letters = Counter([*data.sources.tolist(), *(track.source for track in data.tracks)])
    nothing = Counter([*data.control_sources.tolist(), *(track.source for track in data.others)])
    return {"letters": dict(sorted(letters.items())), "nothing": dict(sorted(nothing.items()))}
