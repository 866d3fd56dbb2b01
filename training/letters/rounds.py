"""Rounds of samples on disk: drawn once, used by all folds and the final model, and kept for the next start."""

import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from edge.errors import InputError
from training.caching import code_fingerprints, digest
from training.letters.config import LetterConfig
from training.letters.data import LetterData, load_letters, may_be_read
from training.letters.sampling import Sampler
from training.letters.windows import Samples
from training.store import Clip, store_hashes
from training.whole_file import whole

log = logging.getLogger(__name__)


class Rounds:
    """Samples by round number. Reads the stores only if a round is missing."""

    def __init__(self, stores: list[Path], licences: str, config: LetterConfig, folder: Path) -> None:
        self._stores, self._config = stores, config
        self.licences = licences
        recordings = [*store_hashes(stores), licences]
        drawn_from = [*recordings, code_fingerprints("training.letters.sampling")]
        self.digest = digest([*drawn_from, config.digest()])
        """Identifies all that is made from these samples."""
        self.settings_digest = digest([*recordings, config.digest()])
        """Identifies the recordings and settings, whatever the code."""
        self._folder = folder / f"letter-rounds-{self.digest}"
        self._data: LetterData | None = None
        for other in folder.glob("letter-rounds-*"):
            if other != self._folder:
                shutil.rmtree(other)  # a round is tens of megabytes, and no run goes back to an old configuration
        self._folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, number: int) -> Samples:
        path = self._folder / f"{number}.npz"
        if not path.exists():
            samples = self._drawn(number)
            with whole(path) as partial, partial.open("wb") as file:
                np.savez(file, features=samples.features, labels=samples.labels, sources=samples.sources)
        with np.load(path) as saved:
            return Samples(saved["features"], saved["labels"], saved["sources"])

    @property
    def data(self) -> LetterData:
        """All clips that may be trained on."""
        if self._data is None:
            log.info("reading %s", ", ".join(str(store) for store in self._stores))
            self._data = load_letters(self._stores, self.licences)
        return self._data

    def reads(self, clips: Iterable[Clip]) -> bool:
        """Whether any of these may be among the samples."""
        return any(may_be_read(clip, self.licences) for clip in clips)

    def _drawn(self, number: int) -> Samples:
        if not len(self.data.labels):
            names = ", ".join(str(store) for store in self._stores)
            raise InputError(
                f"{names}: no letter that may be trained on (licences: {self.licences}); name other stores"
            )
        seed = self._config.seed * 1000 + number
        return Sampler(self.data, self._config, seed).samples(self._config.round_samples)
