"""The cross-validation's report: figures, operating point and int8 parity, all on sources the models never saw."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.labels import MOTION_LETTERS
from training.figures import Judgement, calibrated, emitted_by, figures
from training.letters.config import LetterConfig
from training.letters.crossval import Fold, leave_one_source_out, noise_of_folds, other_people, set_operating_point
from training.letters.data import LABELS
from training.letters.operating import fit_operating_point
from training.letters.rounds import Rounds
from training.options import REPORT
from training.parity import parity_of
from training.sources import LETTER_SOURCES, same_people, source_of


def cross_validate(rounds: Rounds, stores: list[Path], config: LetterConfig, out: Path) -> dict[str, Any]:
    """Train and judge every fold; write the report to `out` and return it.

    What is emitted of a source is decided by an operating point fitted on other people's.
    """
    folds = leave_one_source_out(rounds, stores, config, out)
    points = {
        fold.source: _operating_point([other for other in folds if other.source not in same_people(fold.source)])
        for fold in folds
    }
    own_verdicts = [[calibrated(verdict, points[fold.source]) for verdict in fold.int8_verdicts] for fold in folds]
    verdicts = [verdict for own in own_verdicts for verdict in own]
    emitted = np.concatenate(
        [emitted_by(points[fold.source], own, LABELS) for fold, own in zip(folds, own_verdicts, strict=True)]
    )
    report = figures(verdicts, LABELS, emitted)
    point = _operating_point(folds)
    report |= {
        "samples": rounds.settings_digest,
        "operating_point": point,
        "points_of_folds": points,
        "parity": parity_of((pair for fold in folds for pair in fold.pairs), LABELS),
        "folds": len(folds),
    }
    shown = np.array([_shows_its_label(verdict) for verdict in verdicts])
    kept = [verdict for verdict, shows in zip(verdicts, shown, strict=True) if shows]
    report["mean_source_accuracy_shown"] = figures(kept, LABELS, emitted[shown])["mean_source_accuracy"]
    report["motions"] = _motions(verdicts, emitted)
    for source, own in points.items():
        if (folder := out / "folds" / source / "int8").is_dir():  # `training.spelling --bundle` takes it as it is
            set_operating_point(folder, own)
    report["noise"] = noise_of_folds(rounds, stores, out)
    report["others"] = other_people(rounds, stores, config, point, out)
    (out / REPORT[rounds.licences]).write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return report


def _operating_point(folds: list[Fold]) -> dict[str, Any]:
    """Fitted on what may be trained on."""
    pairs = (pair for fold in folds for pair in zip(fold.int8_verdicts, fold.fits, strict=True))
    verdicts = [verdict for verdict, fits in pairs if fits]
    return fit_operating_point(
        np.stack([verdict.probabilities for verdict in verdicts]),
        np.array([LABELS.index(verdict.label) for verdict in verdicts]),
        np.array([verdict.source for verdict in verdicts]),
        LABELS,
    )


def _shows_its_label(verdict: Judgement) -> bool:
    """Whether `training.sources` says that the clip shows what its name says: not another sign or a still J or Z."""
    source = source_of(verdict.source)
    if verdict.label in MOTION_LETTERS and source in LETTER_SOURCES:
        return verdict.label in source.real_motion
    return verdict.label not in source.exclude


def _motions(verdicts: list[Judgement], emitted: NDArray[np.bool_]) -> dict[str, Any]:
    """How J and Z are read, by source, and how many static letters are read or emitted as one of them."""
    table = np.stack([verdict.probabilities for verdict in verdicts])
    read = np.array([LABELS[best] for best in table.argmax(axis=1)])
    truth = np.array([verdict.label for verdict in verdicts])
    sources = np.array([verdict.source for verdict in verdicts])
    drawn, static = np.isin(read, MOTION_LETTERS), ~np.isin(truth, MOTION_LETTERS)
    by_source = {
        f"{source} {letter}": [int((here & (read == letter)).sum()), int(here.sum())]
        for source in np.unique(sources)
        for letter in MOTION_LETTERS
        if (here := (sources == source) & (truth == letter)).any()
    }
    return {
        "right_of": by_source,
        "static_read": round(float(drawn[static].mean()), 5),
        "static_emitted": round(float((drawn & emitted)[static].mean()), 5),
    }
