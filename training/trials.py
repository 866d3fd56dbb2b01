"""One trial of the search over settings: a model that sees none of the development people, and its figures."""

import argparse
import dataclasses
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.bundle import Bundle
from edge.config import load_settings
from edge.errors import InputError
from training.convert import to_float
from training.figures import UNCALIBRATED, Judgement, figures_at
from training.sources import SignerSourceCheck, may_train, same_people
from training.store import Clip, read_named

_CLIPS = 20
"""Clips judged of each label and signer: more say little that is new, and take time."""
_LEAST_GROUPS = 3


@dataclass(frozen=True, slots=True)
class Split:
    """People by their part in a search; nobody is in two of them."""

    search: list[str]
    """Settings are chosen by how these are read."""
    confirm: list[str]
    """These show what the choice is worth. Neither group is trained on."""
    held_out: list[str]
    """Not used here at all."""

    @property
    def untrained(self) -> list[str]:
        return [*self.search, *self.confirm, *self.held_out]


@dataclass(frozen=True, slots=True)
class Task:
    """What the search needs to know about letters or words."""

    base: Any
    """The settings the search starts from, with a trial's number of rounds."""
    rounds: int
    """Rounds of the training that the settings are for."""
    ranges: dict[str, tuple[float, float] | tuple[str, ...]]
    """By setting, the bounds of a number or the texts to choose from."""
    split: Split
    fit: Callable[[Any], Any]
    """From settings to a model that saw none of these people."""
    write: Callable[[Path, Any], Bundle]
    judge: Callable[[Sequence[Clip], Bundle], list[Judgement]]
    clips: dict[str, list[Clip]]
    """By part of the split, the recordings to judge by."""

    def scores(self, config: Any) -> dict[str, float]:
        """Mean accuracy over the sources of each part, with the daemon's own interpreter."""
        model = self.fit(config)
        with tempfile.TemporaryDirectory() as folder:
            bundle = self.write(Path(folder, "bundle"), model)
            found = {}
            for part, clips in self.clips.items():
                report = figures_at(UNCALIBRATED, self.judge(clips, bundle), bundle.labels)
                found[part] = float(report["mean_source_accuracy"])
        return found


def letters(args: argparse.Namespace) -> Task:
    """Sources are kept whole; only those that may be trained on take part."""
    from training.letters.bundle import write_bundle  # noqa: PLC0415 - these load TensorFlow
    from training.letters.config import LetterConfig  # noqa: PLC0415
    from training.letters.data import LABELS  # noqa: PLC0415
    from training.letters.fit import fit  # noqa: PLC0415
    from training.letters.judge import judge, judgeable  # noqa: PLC0415
    from training.letters.rounds import Rounds  # noqa: PLC0415

    full = load_settings(args.config, LetterConfig)
    base = shortened(full, args.rounds)
    rounds = Rounds(args.store, args.licences, base, args.out / "letters")
    check, clips = SignerSourceCheck(), []
    for clip in (clip for store in args.store for clip in read_named(store)):
        check.add(clip)
        if judgeable(clip, LABELS) and may_train(clip, args.licences):
            clips.append(clip)
    split = split_of(sorted({clip.source for clip in clips}), args.hold_out)
    return Task(
        base=base,
        rounds=full.rounds,
        ranges={
            "learning_rate": (5e-4, 6e-3),
            "weight_decay": (1e-5, 1e-2),
            "label_smoothing": (0.0, 0.3),
            "shape_dropout": (0.0, 0.5),
            "motion_dropout": (0.0, 0.5),
            "shape_units": ("192-96", "272-152", "384-192"),
        },
        split=split,
        fit=lambda config: fit(lambda number: rounds(number).without(split.untrained), config),
        write=lambda folder, model: write_bundle(folder, to_float(model), LABELS, UNCALIBRATED),
        judge=judge,
        clips=_parts(split, clips, lambda clip: clip.source),
    )


def words(args: argparse.Namespace) -> Task:
    """Recorders, participants and framing clusters are kept whole; only those that may be trained on take part."""
    from training.words.bundle import write_bundle  # noqa: PLC0415 - these load TensorFlow
    from training.words.config import WordConfig  # noqa: PLC0415
    from training.words.crossval import held_out  # noqa: PLC0415
    from training.words.fit import fit  # noqa: PLC0415
    from training.words.folds import Fold  # noqa: PLC0415
    from training.words.judge import judge, judgeable  # noqa: PLC0415
    from training.words.rounds import Rounds  # noqa: PLC0415

    full = load_settings(args.config, WordConfig)
    base = shortened(full, args.rounds)
    rounds = Rounds(args.store, args.licences, base, args.out / "words")
    clips = [clip for clip in rounds.clips if judgeable(clip, rounds.labels) and may_train(clip, args.licences)]
    split = split_of(sorted({clip.signer for clip in clips}), args.hold_out)
    signers, glosses = held_out(Fold(0, frozenset(split.untrained)), rounds)
    return Task(
        base=base,
        rounds=full.rounds,
        ranges={
            "learning_rate": (5e-4, 6e-3),
            "weight_decay": (1e-5, 1e-2),
            "label_smoothing": (0.0, 0.15),
            "dropout": (0.0, 0.5),
            "mixup": (0.0, 0.4),
            "network": ("separable", "strided"),
        },
        split=split,
        fit=lambda config: fit(lambda number: rounds(number).without(signers, glosses), config, len(rounds.labels)),
        write=lambda folder, model: write_bundle(folder, to_float(model), rounds.labels, UNCALIBRATED),
        judge=judge,
        clips=_parts(split, clips, lambda clip: clip.signer),
    )


TASKS: dict[str, Callable[[argparse.Namespace], Task]] = {"letters": letters, "words": words}


def shortened(config: Any, rounds: int | None) -> Any:
    """Settings of a trial: the same but with fewer rounds."""
    return config if rounds is None else dataclasses.replace(config, rounds=rounds)


def split_of(groups: Sequence[str], held_out: Sequence[str]) -> Split:
    """A quarter to search by, a quarter to confirm with, the rest to train on; always the same, with nobody in two.

    Raises:
        InputError: a held-out group does not exist, or there are too few groups.
    """
    if unknown := sorted(set(held_out) - set(groups)):
        raise InputError(f"--hold-out {unknown[0]}: not in the stores; there are {', '.join(groups)}")
    held = [group for group in groups if same_people(group) & set(held_out)]
    free = [group for group in groups if group not in held]
    people = list(dict.fromkeys(same_people(group) for group in free))
    if len(people) < _LEAST_GROUPS:
        raise InputError(
            f"{len(people)} sources or signers are left for training, search and confirmation; at least {_LEAST_GROUPS}"
        )
    search, confirm = ([group for group in free if same_people(group) in people[k::4]] for k in (1, 2))
    return Split(search, confirm, held)


def _parts(split: Split, clips: Sequence[Clip], group_of: Callable[[Clip], str]) -> dict[str, list[Clip]]:
    """The first clips of each label and signer, by part; `held_out` has none."""
    parts: dict[str, list[Clip]] = {"search": [], "confirm": []}
    part_of = dict.fromkeys(split.search, "search") | dict.fromkeys(split.confirm, "confirm")
    taken: Counter[tuple[str, str]] = Counter()
    for clip in clips:
        part = part_of.get(group_of(clip))
        taken[clip.signer, clip.label] += 1
        if part is not None and taken[clip.signer, clip.label] <= _CLIPS:
            parts[part].append(clip)
    return parts
