"""Leave one source out: a model per source that never saw it, made int8, judged through the edge's interpreter."""

import json
import logging
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edge.bundle import MANIFEST
from edge.types import Floats
from training.convert import calibration_rows, to_float, to_int8
from training.figures import Judgement
from training.letters.bundle import open_bundle, write_bundle
from training.letters.config import LetterConfig
from training.letters.data import LABELS
from training.letters.fit import fit
from training.letters.idle import idle_figures
from training.letters.judge import judge, judgeable
from training.letters.rounds import Rounds
from training.store import Clip, read_store

log = logging.getLogger(__name__)
UNCALIBRATED: dict[str, Any] = {"temperature": 1.0, "floor": 0.0, "floors": {}}


@dataclass(frozen=True, slots=True)
class Fold:
    """What the models of one fold said about the source they never saw."""

    source: str
    float_verdicts: list[Judgement]
    int8_verdicts: list[Judgement]

    @property
    def agreement(self) -> float:
        """Share of clips on which float and int8 decide alike."""
        pairs = zip(self.float_verdicts, self.int8_verdicts, strict=True)
        return float(np.mean([a.probabilities.argmax() == b.probabilities.argmax() for a, b in pairs]))


def leave_one_source_out(rounds: Rounds, stores: list[Path], config: LetterConfig, out: Path) -> list[Fold]:
    """Train, quantise and judge a fold for every source; folds that are done already are read back."""
    clips = _clips_by_source(stores)
    calibration = calibration_rows(rounds(0).features)
    return [
        _fold(source, clips[source], rounds, calibration, config, out / "folds" / source) for source in sorted(clips)
    ]


def other_people(
    rounds: Rounds, stores: list[Path], config: LetterConfig, point: dict[str, Any], out: Path
) -> dict[str, Any]:
    """What a model says about people who spell nothing: every second source of them, none of which it saw."""
    clips = [clip for store in stores for clip in read_store(store) if clip.kind != "letter"]
    held = sorted({clip.source for clip in clips})[::2]
    folder = out / "folds" / f"others-{config.digest()}"
    if not (folder / MANIFEST).exists():
        log.info("fold of other people: %s held out", ", ".join(held))
        model = fit(lambda number: rounds(number).without(held), config)
        write_bundle(folder, to_int8(model, calibration_rows(rounds(0).features)), LABELS, point)
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    (folder / MANIFEST).write_text(json.dumps(manifest | {"operating_point": point}), "utf-8")
    return idle_figures([clip for clip in clips if clip.source in held], open_bundle(folder))


def _fold(
    source: str, clips: list[Clip], rounds: Rounds, calibration: Floats, config: LetterConfig, folder: Path
) -> Fold:
    done = folder / f"verdicts-{config.digest()}.npz"
    if not done.exists():
        log.info("fold %s: %d clips held out", source, len(clips))
        folder.mkdir(parents=True, exist_ok=True)
        model = fit(lambda number: rounds(number).without([source]), config)
        verdicts: dict[str, Any] = {}
        for kind, content in (("float", to_float(model)), ("int8", to_int8(model, calibration))):
            bundle = write_bundle(folder / kind, content, LABELS, UNCALIBRATED)
            verdicts[kind] = np.stack([judgement.probabilities for judgement in judge(clips, bundle)])
        np.savez(done, float=verdicts["float"], int8=verdicts["int8"])
        keras.backend.clear_session()
    with np.load(done) as saved:
        return Fold(source, _judgements(clips, saved["float"]), _judgements(clips, saved["int8"]))


def _judgements(clips: list[Clip], table: NDArray[np.float32]) -> list[Judgement]:
    return [Judgement(clip.label, clip.source, clip.signer, row) for clip, row in zip(clips, table, strict=True)]


def _clips_by_source(stores: list[Path]) -> dict[str, list[Clip]]:
    groups: dict[str, list[Clip]] = defaultdict(list)
    for store in stores:
        for clip in read_store(store):
            if judgeable(clip, LABELS):
                groups[clip.source].append(clip)
    return dict(groups)
