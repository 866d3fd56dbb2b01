"""Signs taught on the device: recognised by the nearest example in the word network's embedding, without training."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edge.types import Floats

_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class SimilarityCalibration:
    """What the cosine between two embeddings of a network means.

    Each network has its own embedding, so the numbers come with the bundle; `training.words.teach` fits them on glosses
    and signers that a network never saw.
    """

    floor: float
    """Below this a sign is unlike all that were taught."""
    middle: float
    """Cosine at which the taught sign and another are equally likely."""
    width: float

    @classmethod
    def of(cls, operating_point: Mapping[str, Any]) -> "SimilarityCalibration":
        """From a word bundle's manifest; without these numbers no taught sign is ever said."""
        taught = operating_point.get("taught", {"floor": 1.1, "middle": 1.0, "width": 0.1})
        return cls(float(taught["floor"]), float(taught["middle"]), float(taught["width"]))

    def confidence(self, cosine: float) -> float:
        """Probability that it is the taught sign rather than any other."""
        return float(1 / (1 + np.exp(-(cosine - self.middle) / self.width)))


class Prototypes:
    """Taught signs as examples on the unit sphere."""

    def __init__(self, signs: Mapping[str, Floats], calibration: SimilarityCalibration) -> None:
        """`signs`: by gloss, the embeddings (N, D) of its recordings."""
        self.glosses = tuple(signs)
        self._calibration = calibration
        self._owners = np.repeat(np.arange(len(signs)), [len(examples) for examples in signs.values()])
        self._examples = unit(np.concatenate(list(signs.values()))) if signs else np.zeros((0, 0), np.float32)

    def only(self, glosses: Collection[str]) -> "Prototypes":
        """Only those of `glosses`."""
        kept = {gloss: self._examples[self._owners == k] for k, gloss in enumerate(self.glosses) if gloss in glosses}
        return Prototypes(kept, self._calibration)

    def nearest(self, embedding: Floats) -> tuple[str, float] | None:
        """The sign whose example is nearest to `embedding` (D,), and how sure that is; None if all are too far."""
        if not self.glosses:
            return None
        cosines = self._examples @ unit(embedding)
        best = int(cosines.argmax())
        if cosines[best] < self._calibration.floor:
            return None
        return self.glosses[self._owners[best]], self._calibration.confidence(float(cosines[best]))


NO_SIGNS = Prototypes({}, SimilarityCalibration.of({}))


def unit(embeddings: Floats) -> Floats:
    """(..., D) to length one."""
    lengths = np.linalg.norm(embeddings, axis=-1, keepdims=True)
    return np.asarray(embeddings / np.maximum(lengths, _EPSILON), np.float32)
