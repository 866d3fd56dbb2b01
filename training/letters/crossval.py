"""Leave one source out: a model per source that never saw it, as int8, judged with the edge's interpreter."""

import json
import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from edge.bundle import MANIFEST
from edge.errors import InputError
from training.caching import code_fingerprints, digest
from training.convert import calibration_rows, to_float, to_int8
from training.figures import UNCALIBRATED, Judgement, judgements
from training.letters.bundle import open_bundle, write_bundle
from training.letters.config import LetterConfig
from training.letters.data import LABELS
from training.letters.drawings import Drawings
from training.letters.fit import fit
from training.letters.idle import idle_figures
from training.letters.judge import judge, judgeable
from training.letters.noise import noise_accepted
from training.letters.rounds import Rounds
from training.sources import SignerSourceCheck, may_train, same_people
from training.store import Clip, read_named

log = logging.getLogger(__name__)
_LEAST_SOURCES = 2
_NOISE_WINDOWS = 200
"""Per fold, kind and strength."""


@dataclass(frozen=True, slots=True)
class Fold:
    """What the models of one fold said about the source they never saw."""

    source: str
    float_verdicts: list[Judgement]
    int8_verdicts: list[Judgement]
    fits: list[bool]
    """Whether each clip may set thresholds: those that may be trained on may."""

    @property
    def pairs(self) -> Iterator[tuple[Judgement, Judgement]]:
        """Float and int8, for every clip."""
        return zip(self.float_verdicts, self.int8_verdicts, strict=True)


def leave_one_source_out(rounds: Rounds, stores: list[Path], config: LetterConfig, out: Path) -> list[Fold]:
    """Train, quantize and judge a fold for every source; finished folds are read back.

    Sources that training must not read (`--licences clear`) share one model.
    """
    clips = _clips_by_source(stores)
    fits = {source: [may_train(clip, "all") for clip in own] for source, own in clips.items()}
    if sum(map(any, fits.values())) < _LEAST_SOURCES:
        names = ", ".join(clips) or "nobody"
        raise InputError(f"{names}: leaving one source out takes two sources or more that may be trained on; add some")
    unread = {source for source, own in clips.items() if not rounds.reads(own)}
    reader = digest(code_fingerprints("edge.letter_reader"))  # verdicts depend on it: another one judges again
    folds = []
    for source in sorted(clips, key=lambda name: (name not in unread, name)):
        done = out / "folds" / source / f"read-{rounds.digest}-{reader}.npz"
        if not done.exists():
            models = out / "folds" / ("unread" if source in unread else source)
            if not (models / rounds.digest).exists():
                log.info("fold %s: %d clips held out", models.name, len(clips[source]))
                _train_fold(source, rounds, config, models)
            _judge_fold(clips[source], models, done)
        with np.load(done) as saved:
            verdicts = {kind: judgements(clips[source], saved[kind]) for kind in ("float", "int8")}
            folds.append(Fold(source, verdicts["float"], verdicts["int8"], fits[source]))
    return folds


def other_people(
    rounds: Rounds, stores: list[Path], config: LetterConfig, point: dict[str, Any], out: Path
) -> dict[str, Any]:
    """What a model says about people who do not spell: every second such source, none of which it saw."""
    clips = [clip for store in stores for clip in read_named(store) if clip.kind != "letter"]
    sources = sorted({clip.source for clip in clips})
    beside = {name.split(":")[0] for source in sources[::2] for name in same_people(source)}
    held = [source for source in sources if source in beside]
    folder = out / "folds" / f"others-{digest([rounds.digest, held])}"
    if not (folder / MANIFEST).exists():
        log.info("fold of other people: %s held out", ", ".join(held))
        model = fit(lambda number: rounds(number).without(held), config)
        write_bundle(folder, to_int8(model, calibration_rows(rounds(0).without(held).features)), LABELS, point)
    set_operating_point(folder, point)
    return idle_figures([clip for clip in clips if clip.source in held], open_bundle(folder))


def set_operating_point(folder: Path, point: dict[str, Any]) -> None:
    """Give a bundle this operating point; its network stays."""
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    (folder / MANIFEST).write_text(json.dumps(manifest | {"operating_point": point}), "utf-8")


def noise_of_folds(rounds: Rounds, stores: list[Path], out: Path) -> dict[str, list[float]]:
    """Share of noise, with unseen people's hands in it, in which the folds' models would have said a letter."""
    by_fold = [
        noise_accepted(clips, open_bundle(out / "folds" / source / "int8"), _NOISE_WINDOWS)
        for source, clips in sorted(_clips_by_source(stores).items())
        if rounds.reads(clips)
    ]
    return {kind: np.mean([fold[kind] for fold in by_fold], axis=0).round(5).tolist() for kind in by_fold[0]}


def _train_fold(source: str, rounds: Rounds, config: LetterConfig, folder: Path) -> None:
    """A float and an int8 bundle that saw neither the source nor another of the same people."""
    held = sorted(same_people(source))
    calibration = calibration_rows(rounds(0).without(held).features)
    model = fit(lambda number: rounds(number).without(held), config)
    folder.mkdir(parents=True, exist_ok=True)
    for kind, content in (("float", to_float(model)), ("int8", to_int8(model, calibration))):
        write_bundle(folder / kind, content, LABELS, UNCALIBRATED)
    keras.backend.clear_session()
    (folder / rounds.digest).touch()


def _judge_fold(clips: list[Clip], models: Path, done: Path) -> None:
    for kind in ("float", "int8"):
        set_operating_point(models / kind, UNCALIBRATED)  # an earlier report may have left its own
    done.parent.mkdir(parents=True, exist_ok=True)
    tables = {
        kind: np.stack([judgement.probabilities for judgement in judge(clips, open_bundle(models / kind))])
        for kind in ("float", "int8")
    }
    np.savez(done, float=tables["float"], int8=tables["int8"])


def _clips_by_source(stores: list[Path]) -> dict[str, list[Clip]]:
    """All clips that can be judged; drawings put together from stills count as clips of J and Z.

    Raises:
        InputError: as `SignerSourceCheck.add`.
    """
    groups: dict[str, list[Clip]] = defaultdict(list)
    drawings, check = Drawings(), SignerSourceCheck()
    for store in stores:
        for clip in read_named(store):
            check.add(clip)
            drawings.add(clip)
            if judgeable(clip, LABELS):
                groups[clip.source].append(clip)
    for clip in drawings.clips():
        groups[clip.source].append(clip)
    return dict(groups)
