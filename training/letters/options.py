"""Options that training, cross-validation and quantisation share."""

import argparse
from pathlib import Path

from edge.config import load_settings
from edge.paths import shipped
from training.letters.config import LetterConfig
from training.letters.rounds import Rounds
from training.options import add_training_arguments, check_length, existing_stores

BUILD = Path("build/letters")
SHIPPED = shipped("models") / "letters"
DEFAULT_STORES = [Path("../shared/data/letters.parquet"), Path("../shared/data/words.parquet")]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_training_arguments(parser, "letters", DEFAULT_STORES, BUILD)


def settings(args: argparse.Namespace) -> LetterConfig:
    """What `--config` sets, over the defaults; InputError where the file cannot be used."""
    return load_settings(args.config, LetterConfig)


def open_rounds(args: argparse.Namespace) -> Rounds:
    """The rounds that the command line names.

    Raises:
        InputError: a store does not exist, or settings train nothing.
    """
    config = settings(args)
    check_length(config)
    return Rounds(existing_stores(args), args.licences, config, args.out)
