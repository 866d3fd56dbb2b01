"""Options that training, cross-validation and quantisation share, whatever is trained."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from edge.errors import InputError


def add_training_arguments(parser: argparse.ArgumentParser, task: str, stores: Sequence[Path], build: Path) -> None:
    """`task` is `letters` or `words`; `stores` and `build` are used where the command line names none."""
    parser.add_argument("--store", type=Path, nargs="+", default=list(stores), help="landmark stores (contract 3)")
    parser.add_argument("--config", type=Path, help=f"YAML file over the defaults of training/{task}/config.py")
    parser.add_argument(
        "--licences",
        choices=("all", "clear"),
        default="all",
        help="`clear`: sources under MIT, CC or public domain, and consented recordings, only",
    )
    parser.add_argument("--out", type=Path, default=build, help="folder for samples, checkpoints and the float model")


def existing_stores(args: argparse.Namespace) -> list[Path]:
    """The landmark stores that the command line names.

    Raises:
        InputError: one does not exist.
    """
    for store in args.store:
        if not store.is_file():
            raise InputError(f"{store}: no such landmark store; name yours with --store")
    return list(args.store)
