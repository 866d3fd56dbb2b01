"""Options that training, cross-validation and quantisation of words share."""

import argparse
from pathlib import Path

from edge.errors import InputError
from training.settings import read_settings
from training.words.config import WordConfig
from training.words.rounds import Rounds

BUILD = Path("build/words")
SHIPPED = Path(__file__).resolve().parents[2] / "models" / "words"
DEFAULT_STORES = [Path("../shared/data/words.parquet"), Path("../shared/data/letters.parquet")]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", type=Path, nargs="+", default=DEFAULT_STORES, help="landmark stores (contract 3)")
    parser.add_argument("--config", type=Path, help="YAML file over the defaults of training/words/config.py")
    parser.add_argument(
        "--licences",
        choices=("all", "clear"),
        default="all",
        help="`clear`: sources under MIT, CC or public domain only",
    )
    parser.add_argument("--out", type=Path, default=BUILD, help="folder for samples, folds and the float model")


def settings(args: argparse.Namespace) -> WordConfig:
    return read_settings(args.config, WordConfig(), "training/words/config.py")


def open_rounds(args: argparse.Namespace) -> Rounds:
    """The rounds that the command line names.

    Raises:
        InputError: a store does not exist.
    """
    for store in args.store:
        if not store.is_file():
            raise InputError(f"{store}: no such landmark store; name yours with --store")
    return Rounds(args.store, args.licences, settings(args), args.out)
