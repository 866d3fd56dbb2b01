"""Rounds of samples on disk: drawn once, used by all folds and the final model, and kept for the next start."""

import logging
from functools import cached_property
from pathlib import Path

import numpy as np

from edge.errors import InputError
from edge.labels import NOTHING
from training.caching import code_fingerprints, digest
from training.store import Clip, store_hashes
from training.whole_file import whole
from training.words.config import WordConfig
from training.words.data import CORE, WLASL50_SOURCE, Track, read_words, spelling_tracks, vocabulary, word_tracks
from training.words.samples import Samples
from training.words.sampling import Sampler

log = logging.getLogger(__name__)


class Rounds:
    """Samples by round number."""

    def __init__(self, stores: list[Path], licences: str, config: WordConfig, folder: Path) -> None:
        self._stores, self._config = stores, config
        self.licences = licences
        recordings = [*store_hashes(stores), licences]
        drawn_from = [*recordings, code_fingerprints("training.words.sampling")]
        self.digest = digest([*drawn_from, config.digest()])
        """Identifies all that is made from these samples."""
        self.settings_digest = digest([*recordings, config.digest()])
        """Identifies the recordings and settings, whatever the code."""
        self._folder = folder / f"rounds-{digest([*drawn_from, config.samples_digest()])}"
        self._folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, number: int) -> Samples:
        path = self._folder / f"{number}.npz"
        if not path.exists():
            samples = self._sampler(number).samples(self._config.round_samples)
            with whole(path) as partial, partial.open("wb") as file:
                np.savez(file, **{name: getattr(samples, name) for name in Samples.__slots__})
        with np.load(path) as saved:
            return Samples(**saved)

    @cached_property
    def clips(self) -> list[Clip]:
        """All clips of words and of people at rest, including those not trained on."""
        log.info("reading %s", ", ".join(str(store) for store in self._stores))
        return read_words(self._stores)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        return vocabulary(self.clips)

    @cached_property
    def spelling(self) -> list[Track]:
        """People who spell, taught as `nothing`."""
        return spelling_tracks(self._stores, self.licences)

    def _sampler(self, number: int) -> Sampler:
        tracks = word_tracks(self.clips, self.labels, self.licences)
        if not {track.label for track in tracks} - {NOTHING}:
            names = ", ".join(str(store) for store in self._stores)
            raise InputError(
                f"{names}: no word of the vocabulary ({', '.join(CORE)}, the glosses of {WLASL50_SOURCE}) that may be "
                f"trained on (licences: {self.licences}); teach signs of your own with asl-edge models teach"
            )
        return Sampler(tracks, self.spelling, self.labels, self._config, number)
