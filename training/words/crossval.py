"""Leave people out: a model per fold that never saw its signers, as int8, judged with the edge's interpreter."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from edge.bundle import Bundle
from edge.types import Floats
from edge.words import WordModel
from training.caching import code_fingerprints, digest
from training.convert import to_float
from training.figures import UNCALIBRATED, Judgement, judgements
from training.store import Clip
from training.words.bundle import open_bundle, write_bundle
from training.words.config import WordConfig
from training.words.fit import fit
from training.words.folds import Fold, folds
from training.words.judge import clip_windows, table_of, verdict
from training.words.network import to_faithful_int8
from training.words.rounds import Rounds
from training.words.samples import Samples
from training.words.sampling import NOISE

log = logging.getLogger(__name__)
_CALIBRATION_ROWS = 1500


@dataclass(frozen=True, slots=True)
class Judged:
    """What one fold's models said about recordings of people they never saw."""

    clips: list[Clip]
    bundle: Bundle
    """The int8 bundle, not yet calibrated."""
    float_verdicts: list[Judgement]
    int8_verdicts: list[Judgement]


def leave_people_out(rounds: Rounds, config: WordConfig, out: Path) -> list[Judged]:
    """Train, quantize and judge every fold; what is done already is read back."""
    return [_judged(fold, rounds, config, out / "folds" / fold.folder(rounds.digest)) for fold in folds(rounds.clips)]


def held_out(fold: Fold, rounds: Rounds) -> tuple[set[str], set[str]]:
    """Signers, and the glosses outside the vocabulary that they sign: the fold's training has neither."""
    signers = set(fold.signers)
    glosses = {clip.label for clip in rounds.clips if clip.signer in signers and clip.label not in rounds.labels}
    return signers, glosses - {"_idle"}


def calibration_windows(samples: Samples) -> Floats:
    """A fixed random choice of training windows, to set the int8 ranges; noise may go beyond them."""
    signs = np.flatnonzero(samples.glosses[:, 0] != NOISE)
    rows = np.random.default_rng(0).choice(signs, min(_CALIBRATION_ROWS, len(signs)), replace=False)
    return samples.inputs(rows)


def _judged(fold: Fold, rounds: Rounds, config: WordConfig, folder: Path) -> Judged:
    clips = [clip for clip in rounds.clips if clip.signer in fold.signers]
    done = folder / f"verdicts-{digest(code_fingerprints('training.words.judge'))}.npz"  # other code judges again
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        signers, glosses = held_out(fold, rounds)
        model = network_without(signers, glosses, rounds, config, folder / "float.keras")
        calibration = calibration_windows(rounds(0).without(signers, glosses))
        networks = {
            kind: WordModel(write_bundle(folder / kind, content, rounds.labels, UNCALIBRATED))
            for kind, content in (("float", to_float(model)), ("int8", to_faithful_int8(model, calibration)))
        }
        tables: dict[str, list[Judgement]] = {kind: [] for kind in networks}
        for clip in clips:
            windows = clip_windows(clip)
            for kind, network in networks.items():
                tables[kind].append(verdict(clip, windows, network))
        np.savez(done, float=table_of(tables["float"]), int8=table_of(tables["int8"]))
        keras.backend.clear_session()
    with np.load(done) as saved:
        exact, quantized = (judgements(clips, saved[kind]) for kind in ("float", "int8"))
    return Judged(clips, open_bundle(folder / "int8"), exact, quantized)


def network_without(signers: set[str], glosses: set[str], rounds: Rounds, config: WordConfig, path: Path) -> Any:
    """A network that saw none of these people and glosses; from `path` if it was trained before."""
    if not path.exists():
        log.info("%s: %d signers and %d glosses held out", path.parent.name, len(signers), len(glosses))
        fit(lambda number: rounds(number).without(signers, glosses), config, len(rounds.labels)).save(path)
    return keras.models.load_model(path, compile=False)
