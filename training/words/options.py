"""Options that training, cross-validation and quantisation of words share."""

import argparse
from pathlib import Path

from edge.config import load_settings
from edge.paths import shipped
from training.options import add_training_arguments, check_length, existing_stores
from training.words.config import WordConfig
from training.words.rounds import Rounds

BUILD = Path("build/words")
SHIPPED = shipped("models") / "words"
DEFAULT_STORES = [Path("../shared/data/words.parquet"), Path("../shared/data/letters.parquet")]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_training_arguments(parser, "words", DEFAULT_STORES, BUILD)


def settings(args: argparse.Namespace) -> WordConfig:
    """What `--config` sets, over the defaults; InputError where the file cannot be used."""
    return load_settings(args.config, WordConfig)


def open_rounds(args: argparse.Namespace) -> Rounds:
    """The rounds that the command line names.

    Raises:
        InputError: a store does not exist, or settings train nothing.
    """
    config = settings(args)
    check_length(config)
    return Rounds(existing_stores(args), args.licences, config, args.out)
