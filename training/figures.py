"""From judgements to the figures of an evaluation.

Accuracy is of the forced choice: the best label other than `nothing`. Where the model prefers `nothing`, that is a
rejection, and counts where rejections do: in the coverage, and as `nothing_first`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.labels import NOTHING
from edge.types import Floats
from training.calibration import calibration_error, tempered
from training.store import Clip

UNCALIBRATED: dict[str, Any] = {"temperature": 1.0, "floor": 0.0, "floors": {}}
"""Operating point of a network not yet judged: everything passes, as it is."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One clip's verdict."""

    label: str
    source: str
    signer: str
    probabilities: Floats
    """(labels,): all on `nothing` where no hand was seen."""


def judgements(clips: Iterable[Clip], table: NDArray[np.float32]) -> list[Judgement]:
    """What (N, labels) probabilities say of N clips."""
    return [Judgement(clip.label, clip.source, clip.signer, row) for clip, row in zip(clips, table, strict=True)]


def figures(verdicts: Sequence[Judgement], labels: tuple[str, ...], emitted: NDArray[np.bool_]) -> dict[str, Any]:
    """Accuracy overall, by label, signer and source; how many were `emitted` (N,), and how often wrongly.

    `accuracy_with_nothing` is what remains where `nothing` competes, `nothing_first` how often it won. A share of
    no clips is None.
    """
    table = np.array([verdict.probabilities for verdict in verdicts], np.float32).reshape(-1, len(labels))
    truth = np.array([labels.index(verdict.label) for verdict in verdicts], np.int64)
    choice = forced_choice(table, labels)
    guess = choice.argmax(axis=1)
    right = guess == truth
    with_nothing = table.argmax(axis=1)
    per_label = _shares(right, [verdict.label for verdict in verdicts])
    per_source = _shares(right, [verdict.source for verdict in verdicts])
    return {
        "n": len(verdicts),
        "accuracy": _mean(right),
        "mean_source_accuracy": _mean(list(per_source.values())),
        "worst_source_accuracy": min(per_source.values(), default=None),
        "macro_accuracy": _mean(list(per_label.values())),
        "accuracy_with_nothing": _mean(with_nothing == truth),
        "nothing_first": _mean(with_nothing == labels.index(NOTHING)),
        "top5": _mean(_among_first(choice, truth, 5)),
        "coverage": _mean(emitted),
        "accuracy_covered": _mean(right[emitted]),
        "wrong_confident": _mean(emitted & ~right),
        "ece": round(calibration_error(*reliability(table, truth, labels)), 5) if verdicts else None,
        "per_label": per_label,
        "per_source": per_source,
        "per_signer": _shares(right, [verdict.signer for verdict in verdicts]),
        "confusion": _confusion(truth, guess, labels),
    }


def figures_at(
    operating_point: dict[str, Any], verdicts: Sequence[Judgement], labels: tuple[str, ...]
) -> dict[str, Any]:
    """`figures` of what an operating point lets be emitted."""
    return figures(verdicts, labels, emitted_by(operating_point, verdicts, labels))


def why_no_figures(report: Mapping[str, Any], stores: Iterable[Path], kind: str) -> str:
    """One line, for a report without clips of a kind."""
    reasons = ", ".join(f"{why}: {count}" for why, count in report["skipped_because"].items())
    names = ", ".join(map(str, stores))
    return f"{names}: no {kind} to judge ({reasons or f'no clip of a {kind} in it'}); name other stores with --store"


def summary(report: Mapping[str, Any]) -> str:
    """A report as a short table for people."""
    keys = (
        *("n", "accuracy", "mean_source_accuracy", "worst_source_accuracy", "macro_accuracy", "top5"),
        *("accuracy_with_nothing", "nothing_first", "coverage", "accuracy_covered", "wrong_confident", "ece"),
        *("skipped_because", "others"),
    )
    lines = [f"{key:22} {report[key]}" for key in keys if key in report]
    lines += [f"{name}: {row}" for name, row in report.get("groups", {}).items()]
    for title in ("per_source", "per_label"):
        cells = [f"{name} {share:.3f}" for name, share in report.get(title, {}).items()]
        lines += [title, *("  " + "  ".join(cells[i : i + 6]) for i in range(0, len(cells), 6))]
    return "\n".join(lines)


def forced_choice(table: NDArray[np.float32], labels: tuple[str, ...]) -> NDArray[np.float32]:
    """(N, labels) probabilities without `nothing`, unless it has them all: no hand was seen."""
    others = np.where(np.array(labels) == NOTHING, np.float32(0), table)
    return np.asarray(np.where(others.any(axis=1, keepdims=True), others, table), np.float32)


def reliability(
    table: NDArray[np.float32], truth: NDArray[np.int64], labels: tuple[str, ...]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """How sure (N,) the model is of its best label, which may be `nothing`, and whether it is right.

    Where no hand was seen it is not sure at all.
    """
    unseen = table[:, labels.index(NOTHING)] >= 1
    return np.where(unseen, np.float32(0), table.max(axis=1)), table.argmax(axis=1) == truth


def restricted(verdict: Judgement, labels: tuple[str, ...], active: Collection[str]) -> Judgement:
    """As if only these labels and `nothing` existed: their probabilities are rescaled, as the daemon does."""
    kept = np.where([label in active or label == NOTHING for label in labels], verdict.probabilities, 0)
    return replace(verdict, probabilities=np.asarray(kept / max(float(kept.sum()), 1e-9), np.float32))


def calibrated(verdict: Judgement, operating_point: Mapping[str, Any]) -> Judgement:
    """A verdict of temperature 1, at an operating point's temperature."""
    row = tempered(verdict.probabilities[None], operating_point["temperature"])[0]
    return replace(verdict, probabilities=row)


def emitted_by(
    operating_point: dict[str, Any], verdicts: Sequence[Judgement], labels: tuple[str, ...]
) -> NDArray[np.bool_]:
    """(N,): whether the best label reaches its floor at an operating point."""
    if not verdicts:
        return np.zeros(0, np.bool_)
    return is_emitted(np.stack([verdict.probabilities for verdict in verdicts]), labels, operating_point)


def is_emitted(
    table: NDArray[np.float32], labels: tuple[str, ...], operating_point: dict[str, Any]
) -> NDArray[np.bool_]:
    """Whether each row's best label reaches its floor; labels without one (`nothing`, disabled) never do."""
    floors = np.array([floor_of(label, operating_point) for label in labels])
    best = table.argmax(axis=1)
    return np.asarray(table.max(axis=1) >= floors[best])


def floor_of(label: str, operating_point: dict[str, Any]) -> float:
    """Least probability at which a label may be emitted; above 1 for labels that never are."""
    if label == NOTHING or label in operating_point.get("disabled", []):
        return 2.0
    return float(operating_point.get("floors", {}).get(label, operating_point["floor"]))


def _among_first(choice: NDArray[np.float32], truth: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """(N,): whether fewer than `count` labels are likelier than the true one, and that has some probability."""
    own = np.take_along_axis(choice, truth[:, None], axis=1)
    return np.asarray(((choice > own).sum(axis=1) < count) & (own[:, 0] > 0))


def _shares(right: NDArray[np.bool_], names: Iterable[str]) -> dict[str, float]:
    groups: dict[str, list[bool]] = defaultdict(list)
    for name, hit in zip(names, right, strict=True):
        groups[name].append(bool(hit))
    return {name: round(float(np.mean(hits)), 5) for name, hits in sorted(groups.items())}


def _confusion(
    truth: NDArray[np.int64], guess: NDArray[np.int64], labels: tuple[str, ...]
) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for true, guessed in zip(truth, guess, strict=True):
        row = table.setdefault(labels[true], {})
        row[labels[guessed]] = row.get(labels[guessed], 0) + 1
    return {label: dict(sorted(row.items(), key=lambda item: -item[1])) for label, row in sorted(table.items())}


def _mean(values: Any) -> float | None:
    return round(float(np.mean(values)), 5) if len(values) else None
