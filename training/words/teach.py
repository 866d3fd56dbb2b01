"""Signs that no training saw, taught by one, three and five recordings: how well and how surely they are read.

`python -m training.evaluate words --teach` trains a network per fold that saw neither the fold's signers, nor the
glosses outside the vocabulary that these sign, nor a quarter of the vocabulary beyond the core, and teaches it ten of
these glosses, again and again. Figures come from its int8 file.
"""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge.labels import NOTHING
from edge.prototypes import Prototypes, SimilarityCalibration
from edge.word_reader import WordReader
from training.figures import UNCALIBRATED
from training.options import REPORT, read_report
from training.store import Clip
from training.words.bundle import write_bundle
from training.words.config import WordConfig
from training.words.crossval import calibration_windows, held_out, network_without
from training.words.data import CORE
from training.words.few_shot import EXAMPLES, TAUGHT, Lesson, Pupil
from training.words.folds import FOLDS, Fold, folds
from training.words.network import to_faithful_int8
from training.words.report import fits
from training.words.rounds import Rounds
from training.words.streams import streams
from training.words.taught_threshold import fit_calibration

TEACH_REPORT = "teach.json"
_DRAWS = 25
"""Per fold and number of examples."""
_READ_DRAWS = 2
"""Number of those that the daemon's reader reads too."""


def teach(rounds: Rounds, config: WordConfig, out: Path) -> dict[str, Any]:
    """Train and judge every fold; write the report to `out` and return it.

    Raises:
        InputError: the cross-validation, which sets the words' floors, was not run.
    """
    judged = read_report(out / REPORT[rounds.licences], "training.evaluate words --leave-people-out")
    pupils = [_pupil(fold, rounds, config, out) for fold in folds(rounds.clips)]
    report = report_of(pupils, judged["points_of_folds"])
    (out / TEACH_REPORT).write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return report


def report_of(pupils: Sequence[Pupil], points: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Accuracy by number of examples; what is said with floors fitted on other glosses and other signers.

    `points`: for each pupil, the floors of its own words, fitted on other signers.
    """
    return {
        "taught_at_once": TAUGHT,
        "glosses": sorted({clip.label for pupil in pupils for clip in pupil.clips if clip.label in pupil.unseen}),
        "accuracy": {str(examples): _accuracy(pupils, examples) for examples in EXAMPLES},
        "said": _said(pupils, points),
        "taught": _calibration(pupils),
    }


def _pupil(fold: Fold, rounds: Rounds, config: WordConfig, out: Path) -> Pupil:
    """The fold's network, from `out` if it was trained before."""
    signers, foreign = held_out(fold, rounds)
    beyond_core = [label for label in rounds.labels if label not in CORE and label != NOTHING]
    unseen = foreign | set(beyond_core[fold.number :: FOLDS])
    folder = out / "teach" / fold.folder(rounds.digest)
    folder.mkdir(parents=True, exist_ok=True)
    model = network_without(signers, unseen, rounds, config, folder / "float.keras")
    content = to_faithful_int8(model, calibration_windows(rounds(0).without(signers, unseen)))
    bundle = write_bundle(folder / "int8", content, rounds.labels, UNCALIBRATED)
    return Pupil(bundle, [clip for clip in rounds.clips if fits(clip)], signers, unseen)


def _accuracy(pupils: Sequence[Pupil], examples: int) -> dict[str, Any]:
    """How often the nearest example is of the right sign, all taught signs counting alike."""
    draws, others, same = [], [], []
    for number, pupil in enumerate(pupils):
        for lessons in _draws(pupil, number, examples):
            shares = [_right(pupil, lessons, k) for k in range(TAUGHT)]
            draws.append(float(np.mean(shares)))
            others += [share for share, lesson in zip(shares, lessons, strict=True) if lesson.by_others]
            same += [share for share, lesson in zip(shares, lessons, strict=True) if not lesson.by_others]
    return {
        "draws": len(draws),
        "mean": _mean(draws),
        "sd": round(float(np.std(draws)), 4),
        "taught_by_others": _mean(others),
        "taught_by_same_person": _mean(same),
    }


def _draws(pupil: Pupil, seed: int, examples: int) -> Iterable[list[Lesson]]:
    rng = np.random.default_rng((seed, examples))
    return (lessons for _ in range(_DRAWS) if (lessons := pupil.lessons(rng, examples)))


def _right(pupil: Pupil, lessons: Sequence[Lesson], k: int) -> float:
    return float((pupil.cosines(lessons, lessons[k].tests).argmax(axis=1) == k).mean())


def _calibration(pupils: Sequence[Pupil], avoid: Pupil | None = None) -> dict[str, float]:
    """The operating point of taught signs, fitted without the glosses and signers of `avoid`."""
    taught, right, unknown = [], [], []
    for number, pupil in enumerate(pupils):
        if pupil is avoid:
            continue
        rng = np.random.default_rng(number)
        not_these = avoid.unseen if avoid else set()
        for _ in range(_DRAWS):
            lessons = pupil.lessons(rng, max(EXAMPLES), not_these)
            for k, lesson in enumerate(lessons):
                table = pupil.cosines(lessons, lesson.tests)
                taught.append(table.max(axis=1))
                right.append(table.argmax(axis=1) == k)
            if lessons:
                strangers, _ = pupil.strangers(lessons, rng, not_these)
                unknown.append(pupil.cosines(lessons, strangers).max(axis=1))
    if not unknown:
        return {}
    return fit_calibration(np.concatenate(taught), np.concatenate(right), np.concatenate(unknown))


def _said(pupils: Sequence[Pupil], points: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the daemon's reader says of isolated clips with ten signs taught, by kind of clip."""
    kinds = ("taught by other people", "taught by the same person", "of no sign it knows", "of its own words")
    rows: dict[str, list[tuple[bool, bool, bool]]] = {kind: [] for kind in kinds}
    for number, (pupil, point) in enumerate(zip(pupils, points, strict=True)):
        calibration = _calibration(pupils, avoid=pupil)
        rng = np.random.default_rng((number, len(pupils)))
        for _ in range(_READ_DRAWS if calibration else 0):
            lessons = pupil.lessons(rng, max(EXAMPLES))
            if not lessons:
                continue
            unknown, words = pupil.strangers(lessons, rng)
            tests = {by: [k for each in lessons if each.by_others is by for k in each.tests] for by in (True, False)}
            reader = _Reader(pupil, lessons, point | {"taught": calibration})
            for kind, places in zip(kinds, (tests[True], tests[False], unknown, words), strict=True):
                rows[kind] += [reader.verdict(pupil.clips[place]) for place in places]
    return {
        kind: {
            "clips": len(found),
            "right": _mean([right for right, _, _ in found]),
            "wrong": _mean([wrong for _, wrong, _ in found]),
            "said_untaught": _mean([before for _, _, before in found]),
        }
        for kind, found in rows.items()
    }


class _Reader:
    """The daemon's word reader before and after the lessons."""

    def __init__(self, pupil: Pupil, lessons: Sequence[Lesson], point: dict[str, Any]) -> None:
        self._bundle = dataclasses.replace(pupil.bundle, manifest=pupil.bundle.manifest | {"operating_point": point})
        self._words = pupil.words - set(point["disabled"])
        signs = {lesson.gloss: pupil.embeddings[lesson.examples] for lesson in lessons}
        self._taught = Prototypes(signs, SimilarityCalibration.of(point))

    def verdict(self, clip: Clip) -> tuple[bool, bool, bool]:
        """Whether the right sign was said, whether a wrong one was, and whether any was before teaching."""
        before = _heard(clip, WordReader(self._bundle, self._words))
        after = _heard(clip, WordReader(self._bundle, {*self._words, *self._taught.glosses}, self._taught))
        return clip.label in after, bool(after - {clip.label}), bool(before)


def _heard(clip: Clip, reader: WordReader) -> set[str]:
    """What is said of a clip with a rest after it."""
    frames = [frame for stream in streams([clip]) for frame in stream.frames]
    return {emission.label for frame in frames for emission in reader.step(frame)}


def _mean(values: Sequence[float | bool]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None
