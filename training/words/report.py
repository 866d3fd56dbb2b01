"""The cross-validation's report: figures, operating point and int8 parity, all on people the models never saw."""

import dataclasses
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from edge.labels import NOTHING
from edge.word_reader import WordReader
from training.figures import Judgement, calibrated, emitted_by, figures, reliability, restricted
from training.options import REPORT
from training.parity import parity_of
from training.sources import evaluation_only, lookalike, may_train, trainable
from training.store import Clip
from training.words.config import WordConfig
from training.words.crossval import Judged, leave_people_out
from training.words.data import CORE, WLASL50_SOURCE
from training.words.judge import judgeable, table_of
from training.words.operating import check_fittable, fit_operating_point
from training.words.resting import RESTS
from training.words.rounds import Rounds
from training.words.streams import Tally, streams

Point = dict[str, Any]
"""An operating point, as the manifest has it."""
Pair = tuple[Clip, Judgement]


@dataclass(frozen=True, slots=True)
class Unseen:
    """A recording, and what a model that never saw its signer makes of it."""

    clip: Clip
    verdict: Judgement
    said: bool
    """With floors fitted on other people."""


def cross_validate(rounds: Rounds, config: WordConfig, out: Path) -> dict[str, Any]:
    """Train and judge every fold; write the report to `out` and return it."""
    check_fittable(np.array([clip.label in rounds.labels for clip in rounds.clips if fits(clip)], bool))
    folds = leave_people_out(rounds, config, out)
    report = {"samples": rounds.settings_digest} | report_of(folds, rounds.labels)
    (out / REPORT[rounds.licences]).write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return report


def report_of(folds: list[Judged], labels: tuple[str, ...]) -> dict[str, Any]:
    """All figures, and the operating point, fitted on all that may be trained on.

    What is said of a fold is decided by a point fitted on the other folds' people.
    """
    points = [_operating_point(_fitting(folds[:number] + folds[number + 1 :]), labels) for number in range(len(folds))]
    point = _operating_point(_fitting(folds), labels)
    rows, core = (
        [row for fold, own in zip(folds, points, strict=True) for row in _of_fold(fold, own, labels, active)]
        for active in (labels, CORE)
    )
    known = [row for row in rows if judgeable(row.clip, labels)]
    shown = [row for row in known if fits(row.clip)]
    core_shown = [row for row in core if judgeable(row.clip, labels) and fits(row.clip)]
    report = _figures(shown, labels)
    report |= {
        "operating_point": point,
        "points_of_folds": points,
        "folds": len(folds),
        "reliability": _reliability([row.verdict for row in shown], labels),
        "parity": _parity(folds, labels),
        "groups": {
            "core words, mean over recorders": _mean_over(known, labels, _core_of_recorder),
            "core words as shown, mean over recorders": _mean_over(shown, labels, _core_of_recorder),
            "core words as shown, core words alone active": _mean_over(core_shown, labels, _core_of_recorder),
            "core words, mean over GISLR participants": _mean_over(known, labels, _participant),
            "50 WLASL glosses": _mean_over(known, labels, _wlasl50),
            "dictionary videos of known glosses": _mean_over(known, labels, _dictionary),
        },
        "others": {
            "signs outside the vocabulary, webcams": _said(rows, labels, _is_unknown),
            "signs outside the vocabulary, dictionaries": _said(rows, labels, _is_unknown_dictionary),
            "words shipped disabled": _said(
                rows, labels, lambda clip, _: clip.label in point["disabled"] and fits(clip)
            ),
            "people at rest": _said(rows, labels, _is_idle),
            "signs outside the vocabulary, webcams, core words alone active": _said(core, labels, _is_unknown),
        },
    }
    report["streams"] = _streams(folds, labels, points, set(labels) - {NOTHING, *point["disabled"]})
    return report


def _streams(
    folds: list[Judged], labels: tuple[str, ...], points: list[Point], words: set[str]
) -> dict[str, dict[str, Any]]:
    """What the daemon's reader says of unseen people's recordings, spliced with rests between.

    `words` are those to be said.
    """
    tallies: dict[str, Tally] = defaultdict(Tally)
    for fold, point in zip(folds, points, strict=True):
        bundle = dataclasses.replace(fold.bundle, manifest=fold.bundle.manifest | {"operating_point": point})
        fitting = [clip for clip in fold.clips if fits(clip)]
        kinds = {
            "words of the vocabulary": [clip for clip in fitting if clip.label in words],
            "words shipped disabled": [clip for clip in fitting if clip.label in labels and clip.label not in words],
            "other signs": [clip for clip in fitting if clip.kind == "word" and clip.label not in labels],
            "people at rest": [clip for clip in fitting if clip.kind == "idle"],
        }
        for (name, clips), rest in product(kinds.items(), RESTS):
            for stream in streams(clips, rest):
                tallies[f"{name}, hands {rest}"].read(stream, WordReader(bundle), words)
    return {name: tally.figures() for name, tally in tallies.items()}


def fits(clip: Clip) -> bool:
    """Whether a clip may set thresholds: those that may be trained on may."""
    return may_train(clip, "all") and trainable(clip.source, clip.label) and not lookalike(clip.label)


def _fitting(folds: Iterable[Judged]) -> list[Pair]:
    """The recordings that may set thresholds, with the int8 networks' verdicts."""
    return [pair for fold in folds for pair in zip(fold.clips, fold.int8_verdicts, strict=True) if fits(pair[0])]


def _operating_point(pairs: list[Pair], labels: tuple[str, ...]) -> Point:
    truth = [labels.index(clip.label) if clip.label in labels else labels.index(NOTHING) for clip, _ in pairs]
    sources = np.array([f"{clip.source}/{clip.label}" for clip, _ in pairs])
    return fit_operating_point(table_of([verdict for _, verdict in pairs]), np.array(truth), sources, labels)


def _of_fold(fold: Judged, point: Point, labels: tuple[str, ...], active: Collection[str]) -> Iterator[Unseen]:
    """A fold's, with `active` as the daemon's `words.active`."""
    verdicts = [calibrated(verdict, point) for verdict in fold.int8_verdicts]
    if active != labels:
        verdicts = [restricted(verdict, labels, active) for verdict in verdicts]
    for clip, verdict, said in zip(fold.clips, verdicts, emitted_by(point, verdicts, labels), strict=True):
        yield Unseen(clip, verdict, bool(said))


def _figures(rows: Sequence[Unseen], labels: tuple[str, ...]) -> dict[str, Any]:
    return figures([row.verdict for row in rows], labels, np.array([row.said for row in rows], np.bool_))


def _core_of_recorder(clip: Clip) -> str | None:
    return clip.source if clip.source.startswith("webcam_") and clip.label in CORE else None


def _participant(clip: Clip) -> str | None:
    return clip.signer if clip.source == "gislr" else None


def _wlasl50(clip: Clip) -> str | None:
    """All in one group: some clusters have one clip."""
    return "all" if clip.source == WLASL50_SOURCE else None


def _dictionary(clip: Clip) -> str | None:
    return "all" if evaluation_only(clip.licence) else None


def _is_unknown(clip: Clip, labels: tuple[str, ...]) -> bool:
    return clip.kind == "word" and clip.label not in labels and fits(clip)


def _is_unknown_dictionary(clip: Clip, labels: tuple[str, ...]) -> bool:
    return clip.kind == "word" and clip.label not in labels and evaluation_only(clip.licence)


def _is_idle(clip: Clip, labels: tuple[str, ...]) -> bool:
    return clip.kind == "idle" and clip.label not in labels


def _mean_over(rows: Iterable[Unseen], labels: tuple[str, ...], group: Callable[[Clip], str | None]) -> dict[str, Any]:
    """Figures of the clips that are in a group, all groups counting alike."""
    groups: dict[str, list[Unseen]] = {}
    for row in rows:
        name = group(row.clip)
        if name is not None:
            groups.setdefault(name, []).append(row)
    tables = {name: _figures(own, labels) for name, own in sorted(groups.items())}
    kept = ("accuracy", "top5", "coverage", "wrong_confident")
    mean = {key: round(float(np.mean([row[key] for row in tables.values()])), 4) for key in kept} if tables else {}
    each = {name: row["accuracy"] for name, row in tables.items()}
    return {"clips": sum(len(own) for own in groups.values()), **mean, "each": each}


def _said(
    rows: list[Unseen], labels: tuple[str, ...], chosen: Callable[[Clip, tuple[str, ...]], bool]
) -> dict[str, float]:
    """How many of the chosen clips, which show no word of the vocabulary, had one said."""
    said = [row.said for row in rows if chosen(row.clip, labels)]
    return {"clips": len(said), "with_a_word": round(float(np.mean(said)), 4) if said else 0.0}


def _reliability(verdicts: list[Judgement], labels: tuple[str, ...]) -> list[dict[str, float]]:
    """Ten bins of the best label's probability: number of clips, how sure, how often right."""
    truth = np.array([labels.index(verdict.label) for verdict in verdicts])
    sure, right = reliability(table_of(verdicts), truth, labels)
    bins = np.minimum((sure * 10).astype(int), 9)
    return [
        {
            "from": k / 10,
            "to": (k + 1) / 10,
            "clips": int((bins == k).sum()),
            "confidence": round(float(sure[bins == k].mean()), 4),
            "accuracy": round(float(right[bins == k].mean()), 4),
        }
        for k in np.unique(bins).tolist()
    ]


def _parity(folds: list[Judged], labels: tuple[str, ...]) -> dict[str, float]:
    """Float against int8, over all held-out clips of the vocabulary."""
    pairs = (
        (exact, quantized)
        for fold in folds
        for clip, exact, quantized in zip(fold.clips, fold.float_verdicts, fold.int8_verdicts, strict=True)
        if judgeable(clip, labels)
    )
    return parity_of(pairs, labels)
