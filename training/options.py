"""Options that training, cross-validation and quantisation share, whatever is trained."""

import argparse
import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edge.errors import InputError
from training.command import Listed

REPORT = {"all": "crossval.json", "clear": "crossval-clear.json"}
"""Cross-validation's report under --out, by the licences trained on."""


def add_training_arguments(parser: argparse.ArgumentParser, task: str, stores: Sequence[Path], build: Path) -> None:
    """`task` is `letters` or `words`; `stores` and `build` are used where the command line names none."""
    parser.add_argument(
        "--store", type=Path, action=Listed, nargs="+", default=list(stores), help="landmark stores (contract 3)"
    )
    parser.add_argument("--config", type=Path, help=f"YAML file over the defaults of training/{task}/config.py")
    parser.add_argument(
        "--licences",
        choices=("all", "clear"),
        default="all",
        help="`clear`: sources under MIT, CC (not NC or ND) or public domain, and consented recordings, only",
    )
    parser.add_argument("--out", type=Path, default=build, help="folder for samples, checkpoints and the float model")


def check_length(config: Any) -> None:
    """Refuse settings by which nothing would be trained.

    Raises:
        InputError: which.
    """
    if min(config.rounds, config.passes, config.batch) < 1 or config.round_samples < config.batch:
        raise InputError("a training takes rounds, passes and batch of 1 or more, and round_samples of batch or more")


def check_training(facts: Mapping[str, Any], licences: str, config: Any) -> None:
    """Refuse a float model that other options made than the command line names.

    Raises:
        InputError: which.
    """
    wanted = json.loads(json.dumps({"licences": licences, "config": dataclasses.asdict(config)}))
    for name, value in wanted.items():
        if facts[name] != value:
            raise InputError(f"the float model under --out was trained with other {name}; train again, or name those")


def check_judged(facts: Mapping[str, Any], report: Mapping[str, Any]) -> None:
    """Refuse a cross-validation of other networks than the float model's kin.

    Raises:
        InputError: it was made from other samples or settings.
    """
    if report.get("samples") != facts.get("samples"):
        raise InputError(
            "the cross-validation under --out is of other samples or settings than the float model; run both"
        )


def made(path: Path, command: str) -> Path:
    """A file that an earlier command made.

    Raises:
        InputError: it did not.
    """
    if not path.is_file():
        raise InputError(f"{path}: missing; run python -m {command} first")
    return path


def read_report(path: Path, command: str) -> dict[str, Any]:
    """What a cross-validation wrote; InputError as by `made`."""
    report: dict[str, Any] = json.loads(made(path, command).read_text("utf-8"))
    return report


def existing_stores(args: argparse.Namespace) -> list[Path]:
    """The landmark stores that the command line names.

    Raises:
        InputError: one does not exist.
    """
    for store in args.store:
        if not store.is_file():
            raise InputError(f"{store}: no such landmark store; name yours with --store")
    return list(args.store)
