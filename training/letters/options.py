"""Options that training, cross-validation and quantisation share."""

import argparse
from pathlib import Path

from edge.errors import InputError
from training.letters.config import load_config
from training.letters.rounds import Rounds

BUILD = Path("build/letters")
SHIPPED = Path(__file__).resolve().parents[2] / "models" / "letters"
DEFAULT_STORES = [Path("../shared/data/letters.parquet"), Path("../shared/data/words.parquet")]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", type=Path, nargs="+", default=DEFAULT_STORES, help="landmark stores (contract 3)")
    parser.add_argument("--config", type=Path, help="YAML file over the defaults of training/letters/config.py")
    parser.add_argument(
        "--licences",
        choices=("all", "clear"),
        default="all",
        help="`clear`: sources under MIT, CC or public domain only",
    )
    parser.add_argument("--out", type=Path, default=BUILD, help="folder for samples, checkpoints and the float model")


def open_rounds(args: argparse.Namespace) -> Rounds:
    """The rounds that the command line names.

    Raises:
        InputError: a store does not exist.
    """
    for store in args.store:
        if not store.is_file():
            raise InputError(f"{store}: no such landmark store; name yours with --store")
    return Rounds(args.store, args.licences, load_config(args.config), args.out)
