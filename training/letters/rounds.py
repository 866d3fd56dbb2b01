"""Rounds of samples on disk: drawn once, used by every fold and by the final model, kept for the next start."""

import hashlib
import logging
import shutil
from pathlib import Path

import numpy as np

from training.letters.config import LetterConfig
from training.letters.data import LetterData, load_letters
from training.letters.sampling import Sampler
from training.letters.windows import Samples
from training.sources import letter_source

log = logging.getLogger(__name__)


class Rounds:
    """Samples by round number. Reads the stores only if a round is not there yet."""

    def __init__(self, stores: list[Path], licences: str, config: LetterConfig, folder: Path) -> None:
        self._stores, self._config = stores, config
        self.licences = licences
        self.digest = _digest(stores, licences, config)
        """Names all that is made of these samples."""
        self._folder = folder / f"rounds-{self.digest}"
        self._data: LetterData | None = None
        for other in folder.glob("rounds-*"):
            if other != self._folder:
                shutil.rmtree(other)  # a round is tens of megabytes, and no run goes back to an old configuration
        self._folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, number: int) -> Samples:
        path = self._folder / f"{number}.npz"
        if not path.exists():
            samples = self._drawn(number)
            partial = path.with_suffix(".partial.npz")
            np.savez(partial, features=samples.features, labels=samples.labels, sources=samples.sources)
            partial.replace(path)
        with np.load(path) as saved:
            return Samples(saved["features"], saved["labels"], saved["sources"])

    @property
    def data(self) -> LetterData:
        """All clips that may be trained on."""
        if self._data is None:
            log.info("reading %s", ", ".join(str(store) for store in self._stores))
            self._data = load_letters(self._stores, self.licences)
        return self._data

    def reads(self, source: str) -> bool:
        """Whether letters of this source are among the samples."""
        return self.licences != "clear" or letter_source(source).clear

    def _drawn(self, number: int) -> Samples:
        seed = self._config.seed * 1000 + number
        return Sampler(self.data, self._config, seed).samples(self._config.round_samples)


def _digest(stores: list[Path], licences: str, config: LetterConfig) -> str:
    marks = [f"{store.resolve()} {store.stat().st_size} {store.stat().st_mtime_ns}" for store in stores]
    return hashlib.sha256("\n".join([*marks, licences, config.digest()]).encode()).hexdigest()[:12]
