"""`python -m training.extract IN... --out STORE`: recordings into a landmark store.

Exit code 0 if anything was read, even where bad recordings were left out (each is named in one line at the end);
1 if there was nothing but bad ones, or the run was interrupted; 2 for bad usage.
"""

import argparse
import dataclasses
import logging
import math
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from edge.argument_parser import ArgumentParser
from edge.errors import AslEdgeError, InputError
from edge.folder_lock import locked
from training.caching import code_hash
from training.command import count, plain_number, run_module, run_parsed
from training.consent import book_of
from training.extraction import landmark_files
from training.extraction.item import Item
from training.extraction.layouts import Rules, find
from training.extraction.pictures import reader_mark
from training.extraction.shards import Shards, parts_of
from training.extraction.work import read_all

log = logging.getLogger(__name__)


def main(argv: list[str]) -> int:
    """Run the command; its exit code."""
    return run_parsed(
        _parser(),
        argv,
        lambda args: extract(args.inputs, args.out, rules_of(args), args.workers),
        interrupted="interrupted; the same command goes on where this one stopped",
    )


def extract(inputs: Sequence[Path], store: Path, rules: Rules, workers: int) -> int:
    """Read what was not read before, write the store, say what is in it; returns the exit code.

    Raises:
        InputError: an input holds no recordings, or the store cannot be written.
    """
    items, unusable = _all_items(inputs, rules)
    _check_out(store)
    with locked(parts_of(store), seconds=0):
        return _extract(items, unusable, store, workers)


def _extract(items: Sequence[Item], unusable: Sequence[str], store: Path, workers: int) -> int:
    """`unusable`: recordings already left out."""
    reader = reader_mark()
    shards = Shards(store, reader)
    work, missing = _with_keys(items, reader)
    todo = [(item, key) for item, key in work if not shards.has(key)]
    if len(todo) < len(work):
        log.info("%d of %d recordings were read before", len(work) - len(todo), len(work))
    if todo and shards.outdated:
        outdated = "%s: %d recordings were read by other landmark networks or code; pictures and videos are read anew"
        log.info(outdated, shards.folder, shards.outdated)
    try:
        for _, key, clip in tqdm(read_all(todo, workers), total=len(todo), unit="clip", disable=None, file=sys.stderr):
            shards.add(key, clip)
    finally:
        shards.flush()
    with locked(store.parent):
        _check_out(store)  # somebody may have been recorded meanwhile
        written = shards.merge(work)
    bad = [*unusable, *missing, *(shards.bad[key] for _, key in work if key in shards.bad)]
    _report(store, [item for item, key in work if key not in shards.bad], bad)
    return 0 if written else AslEdgeError.exit_code


def _all_items(inputs: Sequence[Path], rules: Rules) -> tuple[list[Item], list[str]]:
    """Recordings, and a line for each that the layout says too little about."""
    found = [one for path in inputs for one in find(path, rules)]
    items = [one for one in found if isinstance(one, Item)]
    nameless = [f"{item.path}: its label is empty; rename it" for item in items if not item.label]
    twice = [name for name, count in Counter(item.clip for item in items).items() if count > 1]
    if twice:
        raise InputError(
            f"{twice[0]}: the name of two recordings; give inputs of one name with --source, in runs of their own"
        )
    return [item for item in items if item.label], [*nameless, *(one for one in found if isinstance(one, str))]


def _check_out(store: Path) -> None:
    """Refuse a store that cannot be written, or whose recordings extraction would wipe out."""
    if store.is_dir():
        raise InputError(f"{store}: a folder; name a .parquet file with --out")
    if book_of(store).exists():
        raise InputError(f"{store}: holds recordings of training.record, which would be lost; name another --out")


def _with_keys(items: Sequence[Item], reader: str) -> tuple[list[tuple[Item, str]], list[str]]:
    """Recordings with their keys, and a line for each that the layout names but is missing."""
    work, missing = [], []
    code = code_hash(Path(landmark_files.__file__))
    for item in items:
        try:
            work.append((item, item.key(reader if item.format in {"video", "picture"} else code)))
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "its name is not UTF-8 text, or has a NUL in it"
            name = str(item.path).encode(errors="backslashreplace").decode()
            missing.append(f"{name}: cannot be read ({why}); copy it again")
    return work, missing


def _report(store: Path, read: Sequence[Item], bad: Sequence[str]) -> None:
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(item.kind for item in read).items()))
    if read:
        labels, signers = {item.label for item in read}, {item.signer for item in read}
        print(f"{store}: {len(read)} clips ({kinds}) of {len(labels)} labels by {len(signers)} signers")
    if bad:
        print(f"training.extract: {len(bad)} recordings left out:", *bad, sep="\n  ", file=sys.stderr)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"'{text}' is no size; write for example 640x480")
    return int(width), int(height)


def _rate(text: str) -> float:
    rate = plain_number(text)
    if not 0 < rate < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is no frame rate; write for example 30")
    return rate


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Options that say something about the recordings."""
    parser.add_argument("--label-from", choices=("folder", "name"), default="folder", help="what says the label")
    parser.add_argument(
        "--kind", choices=("auto", "letter", "word", "idle"), default="auto", help="auto: one letter is a letter"
    )
    parser.add_argument("--signer", help="who signs in all of it; else by folder or name, else one signer an input")
    parser.add_argument("--source", help="name of the source; else of the input folder, `gislr` or `wlasl`")
    parser.add_argument("--licence", help="what the recordings may be used for")
    parser.add_argument("--mirrored", action="store_true", help="recordings show signers as in a mirror")
    parser.add_argument("--fps", type=_rate, default=0.0, help="true frame rate, where files say none or a wrong one")
    parser.add_argument(
        "--size", type=_size, default=(640, 480), help="of the pictures that numpy frames were made from (640x480)"
    )
    parser.add_argument("--videos", type=Path, help="folder of WLASL's videos, if not beside its split")
    parser.add_argument(
        "--workers", type=count, default=len(os.sched_getaffinity(0)), help="processes; default: one a CPU"
    )


def rules_of(args: argparse.Namespace) -> Rules:
    return Rules(**{field.name: getattr(args, field.name) for field in dataclasses.fields(Rules)})


def _parser() -> argparse.ArgumentParser:
    parser = ArgumentParser(prog="python -m training.extract", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "inputs",
        nargs="+",
        type=Path,
        metavar="IN",
        help="folder of videos, pictures or numpy frames, a single file, GISLR's or WLASL's folder, a WLASL split",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="STORE", help="the .parquet file to write")
    add_rules(parser)
    return parser


if __name__ == "__main__":
    run_module(main)
