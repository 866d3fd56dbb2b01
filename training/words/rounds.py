"""Rounds of samples on disk: drawn once, used by every fold and by the final model, kept for the next start."""

import logging
from functools import cached_property
from pathlib import Path

import numpy as np

from training.store import Clip
from training.words.config import WordConfig
from training.words.data import read_words, spelling_tracks, vocabulary, word_tracks
from training.words.sampling import Sampler, Samples

log = logging.getLogger(__name__)


class Rounds:
    """Samples by round number."""

    def __init__(self, stores: list[Path], licences: str, config: WordConfig, folder: Path) -> None:
        self._stores, self._licences, self._config = stores, licences, config
        self._folder = folder / f"rounds-{licences}-{config.samples_digest()}"
        self._folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, number: int) -> Samples:
        path = self._folder / f"{number}.npz"
        if not path.exists():
            samples = self._sampler(number).samples(self._config.round_samples)
            partial = path.with_suffix(".partial.npz")
            np.savez(partial, **{name: getattr(samples, name) for name in Samples.__slots__})
            partial.replace(path)
        with np.load(path) as saved:
            return Samples(**saved)

    @cached_property
    def clips(self) -> list[Clip]:
        """All clips of words and of people at rest, also those that are not trained on."""
        log.info("reading %s", ", ".join(str(store) for store in self._stores))
        return read_words(self._stores)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        return vocabulary(self.clips)

    def _sampler(self, number: int) -> Sampler:
        tracks = word_tracks(self.clips, self.labels, self._licences)
        return Sampler(tracks, spelling_tracks(self._stores), self.labels, self._config, number)
