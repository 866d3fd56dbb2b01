"""Options that training, cross-validation and quantization share, whatever is trained."""

import argparse
import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from edge.config import load_settings
from edge.errors import InputError
from edge.paths import shipped
from training.command import Listed

REPORT = {"all": "crossval.json", "clear": "crossval-clear.json"}
"""Name of the cross-validation's report in --out, by the licences trained on."""
LETTER_STORE, WORD_STORE = Path("../shared/data/letters.parquet"), Path("../shared/data/words.parquet")
"""Read if the command line names no store."""


Settings = TypeVar("Settings")
Rounds = TypeVar("Rounds")


@dataclass(frozen=True)
class TrainingOptions(Generic[Settings, Rounds]):
    """Options of the commands that train, judge or quantize letters or words."""

    task: str
    default_stores: tuple[Path, ...]
    settings_class: type[Settings]
    make_rounds: Callable[[list[Path], str, Settings, Path], Rounds]
    """From stores, licences, settings and folder to the rounds of samples."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add_stores(parser, self.default_stores)
        config = f"YAML file over the defaults of training/{self.task}/config.py"
        parser.add_argument("--config", type=Path, help=config)
        add_licences(parser)
        out, made = Path("build") / self.task, "folder for samples, checkpoints and the float model"
        parser.add_argument("--out", type=Path, default=out, help=made)

    def add_bundle(self, parser: argparse.ArgumentParser, purpose: str) -> None:
        """`--bundle`; the shipped one by default."""
        parser.add_argument("--bundle", type=Path, default=shipped("models") / self.task, help=purpose)

    def settings(self, args: argparse.Namespace) -> Settings:
        """The defaults with what `--config` sets; InputError where the file cannot be used."""
        return load_settings(args.config, self.settings_class)

    def open_rounds(self, args: argparse.Namespace) -> Rounds:
        """The rounds that the command line names.

        Raises:
            InputError: a store does not exist, or settings train nothing.
        """
        config = self.settings(args)
        check_length(config)
        return self.make_rounds(existing_stores(args), args.licences, config, args.out)


def add_stores(parser: argparse.ArgumentParser, default: Sequence[Path]) -> None:
    parser.add_argument("--store", type=Path, action=Listed, nargs="+", default=list(default), help="landmark stores")


def add_licences(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--licences",
        choices=("all", "clear"),
        default="all",
        help="`clear`: sources under MIT, CC (not NC or ND) or public domain, and consented recordings, only",
    )


def check_length(config: Any) -> None:
    """Refuse settings that train nothing.

    Raises:
        InputError: which.
    """
    if min(config.rounds, config.passes, config.batch) < 1 or config.round_samples < config.batch:
        raise InputError("a training takes rounds, passes and batch of 1 or more, and round_samples of batch or more")


def check_training(facts: Mapping[str, Any], licences: str, config: Any) -> None:
    """Refuse a float model made with other options than the command line names.

    Raises:
        InputError: which.
    """
    wanted = json.loads(json.dumps({"licences": licences, "config": dataclasses.asdict(config)}))
    for name, value in wanted.items():
        if facts[name] != value:
            raise InputError(f"the float model under --out was trained with other {name}; train again, or name those")


def check_judged(facts: Mapping[str, Any], report: Mapping[str, Any]) -> None:
    """Refuse a cross-validation of networks made otherwise than the float model.

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
    """What a cross-validation wrote; InputError as `made`."""
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
