"""The cross-validation's report: figures, operating point and int8 parity, all on people the models never saw."""

import dataclasses
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from edge.letters import NOTHING
from edge.word_reader import WordReader
from training.figures import Judgement, figures, forced_choice, is_emitted, restricted
from training.letters.operating import tempered
from training.sources import NEVER_TRAIN, evaluation_only, lookalike, word_trainable
from training.store import Clip
from training.words.config import WordConfig
from training.words.crossval import Judged, leave_people_out
from training.words.data import CORE, WLASL50_SOURCE
from training.words.judge import judgeable, table_of
from training.words.operating import fit_operating_point
from training.words.rounds import Rounds
from training.words.streams import Tally, streams

REPORT = "crossval.json"
Pair = tuple[Clip, Judgement]


def cross_validate(rounds: Rounds, config: WordConfig, out: Path) -> dict[str, Any]:
    """Train and judge every fold; write the report to `out` and return it."""
    folds = leave_people_out(rounds, config, out)
    report = report_of(folds, rounds.labels)
    (out / REPORT).write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return report


def report_of(folds: list[Judged], labels: tuple[str, ...]) -> dict[str, Any]:
    """All figures; the operating point is fitted on what may be trained on, the rest is a test of it."""
    pairs = [pair for fold in folds for pair in zip(fold.clips, fold.int8_verdicts, strict=True)]
    point = _operating_point([pair for pair in pairs if fits(pair[0])], labels)
    pairs = [(clip, _calibrated(verdict, point["temperature"])) for clip, verdict in pairs]
    known = [pair for pair in pairs if judgeable(pair[0], labels)]
    shown = [pair for pair in known if fits(pair[0])]
    report = figures([verdict for _, verdict in shown], labels, point)
    report |= {
        "operating_point": point,
        "folds": len(folds),
        "reliability": _reliability([verdict for _, verdict in shown], labels),
        "parity": _parity(folds, labels),
        "groups": {
            "core words, mean over recorders": _mean_over(known, labels, point, _core_of_recorder),
            "core words as shown, mean over recorders": _mean_over(shown, labels, point, _core_of_recorder),
            "core words as shown, core words alone active": _mean_over(
                _only_core(shown, labels), labels, point, _core_of_recorder
            ),
            "core words, mean over GISLR participants": _mean_over(known, labels, point, _participant),
            "50 WLASL glosses": _mean_over(known, labels, point, _wlasl50),
            "dictionary videos of known glosses": _mean_over(known, labels, point, _dictionary),
        },
        "others": {
            "signs outside the vocabulary, webcams": _said(pairs, labels, point, _is_unknown),
            "signs outside the vocabulary, dictionaries": _said(pairs, labels, point, _is_unknown_dictionary),
            "people at rest": _said(pairs, labels, point, _is_idle),
            "signs outside the vocabulary, webcams, core words alone active": _said(
                _only_core(pairs, labels), labels, point, _is_unknown
            ),
        },
    }
    report["streams"] = _streams(folds, labels, point)
    return report


def _streams(folds: list[Judged], labels: tuple[str, ...], point: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What the daemon's reader says of unseen people's recordings, spliced with rests between."""
    words = set(labels) - {NOTHING, *point["disabled"]}
    tallies = {"words of the vocabulary": Tally(), "other signs": Tally(), "people at rest": Tally()}
    for fold in folds:
        bundle = dataclasses.replace(fold.bundle, manifest=fold.bundle.manifest | {"operating_point": point})
        fitting = [clip for clip in fold.clips if fits(clip)]
        kinds = (
            [clip for clip in fitting if clip.label in words],
            [clip for clip in fitting if clip.kind == "word" and clip.label not in labels],
            [clip for clip in fitting if clip.kind == "idle"],
        )
        for tally, clips in zip(tallies.values(), kinds, strict=True):
            for stream in streams(clips):
                tally.read(stream, WordReader(bundle), words)
    return {name: tally.figures() for name, tally in tallies.items()}


def fits(clip: Clip) -> bool:
    """Whether a clip may set thresholds: what may be trained on may."""
    return (
        clip.source not in NEVER_TRAIN
        and not evaluation_only(clip.licence)
        and word_trainable(clip.source, clip.label)
        and not lookalike(clip.label)
    )


def _operating_point(pairs: list[Pair], labels: tuple[str, ...]) -> dict[str, Any]:
    truth = [labels.index(clip.label) if clip.label in labels else labels.index(NOTHING) for clip, _ in pairs]
    sources = np.array([f"{clip.source}/{clip.label}" for clip, _ in pairs])
    return fit_operating_point(table_of([verdict for _, verdict in pairs]), np.array(truth), sources, labels)


def _calibrated(verdict: Judgement, temperature: float) -> Judgement:
    row = tempered(verdict.probabilities[None], temperature)[0]
    return Judgement(verdict.label, verdict.source, verdict.signer, row)


def _only_core(pairs: Iterable[Pair], labels: tuple[str, ...]) -> list[Pair]:
    """As with the core words alone as the daemon's `words.active`."""
    return [(clip, restricted(verdict, labels, CORE)) for clip, verdict in pairs]


def _core_of_recorder(clip: Clip) -> str | None:
    return clip.source if clip.source.startswith("webcam_") and clip.label in CORE else None


def _participant(clip: Clip) -> str | None:
    return clip.signer if clip.source == "gislr" else None


def _wlasl50(clip: Clip) -> str | None:
    """All clips together: some clusters have one clip."""
    return "all" if clip.source == WLASL50_SOURCE else None


def _dictionary(clip: Clip) -> str | None:
    return "all" if evaluation_only(clip.licence) else None


def _is_unknown(clip: Clip, labels: tuple[str, ...]) -> bool:
    return clip.kind == "word" and clip.label not in labels and fits(clip)


def _is_unknown_dictionary(clip: Clip, labels: tuple[str, ...]) -> bool:
    return clip.kind == "word" and clip.label not in labels and evaluation_only(clip.licence)


def _is_idle(clip: Clip, labels: tuple[str, ...]) -> bool:
    return clip.kind == "idle" and clip.label not in labels


def _mean_over(
    pairs: Iterable[Pair], labels: tuple[str, ...], point: dict[str, Any], group: Callable[[Clip], str | None]
) -> dict[str, Any]:
    """Figures of the clips that belong to a group, each group counting alike."""
    groups: dict[str, list[Judgement]] = {}
    for clip, verdict in pairs:
        name = group(clip)
        if name is not None:
            groups.setdefault(name, []).append(verdict)
    rows = {name: figures(verdicts, labels, point) for name, verdicts in sorted(groups.items())}
    kept = ("accuracy", "top5", "coverage", "wrong_confident")
    mean = {key: round(float(np.mean([row[key] for row in rows.values()])), 4) for key in kept} if rows else {}
    each = {name: row["accuracy"] for name, row in rows.items()}
    return {"clips": sum(len(verdicts) for verdicts in groups.values()), **mean, "each": each}


def _said(
    pairs: list[Pair], labels: tuple[str, ...], point: dict[str, Any], chosen: Callable[[Clip, tuple[str, ...]], bool]
) -> dict[str, float]:
    """How many clips of those who sign no word of the vocabulary had one said."""
    verdicts = [verdict for clip, verdict in pairs if chosen(clip, labels)]
    said = is_emitted(table_of(verdicts), labels, point) if verdicts else np.zeros(0, np.bool_)
    return {"clips": len(verdicts), "with_a_word": round(float(said.mean()), 4) if len(said) else 0.0}


def _reliability(verdicts: list[Judgement], labels: tuple[str, ...]) -> list[dict[str, float]]:
    """Ten bins of the best label's probability: how many clips, how sure, how often right."""
    table = forced_choice(table_of(verdicts), labels)
    sure = table.max(axis=1)
    right = table.argmax(axis=1) == np.array([labels.index(verdict.label) for verdict in verdicts])
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
    """Float against int8 over all held-out clips of the vocabulary."""
    rows = [
        (labels.index(clip.label), int(a.probabilities.argmax()), int(b.probabilities.argmax()))
        for fold in folds
        for clip, a, b in zip(fold.clips, fold.float_verdicts, fold.int8_verdicts, strict=True)
        if judgeable(clip, labels)
    ]
    truth, exact, quantized = np.array(rows).T
    return {
        "clips": len(rows),
        "float_accuracy": round(float((exact == truth).mean()), 5),
        "int8_accuracy": round(float((quantized == truth).mean()), 5),
        "agreement": round(float((exact == quantized).mean()), 5),
    }
