"""Balanced sampling: all sources are equally likely, and within one all labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.letters.data import INDEX, Track
from training.letters.windows import Labels, Names


@dataclass(frozen=True, slots=True)
class Pool:
    """Indices of items by source and label."""

    groups: dict[str, list[NDArray[np.int64]]]

    @classmethod
    def of(cls, members: NDArray[np.int64], sources: Names, labels: Labels | None = None) -> "Pool":
        """`sources` and `labels` are those of all items; without labels each source is one group."""
        groups: dict[str, list[NDArray[np.int64]]] = {}
        for source in np.unique(sources[members]):
            inside = members[sources[members] == source]
            by_label = [inside] if labels is None else [inside[labels[inside] == k] for k in np.unique(labels[inside])]
            groups[str(source)] = by_label
        return cls(groups)

    @classmethod
    def of_tracks(cls, tracks: list[Track]) -> "Pool":
        sources, labels = np.array([t.source for t in tracks]), np.array([INDEX[t.label] for t in tracks], np.int64)
        return cls.of(np.arange(len(tracks)), sources, labels)

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        names = list(self.groups)
        return np.array([self._one(names[i], rng) for i in rng.integers(len(names), size=count)], np.int64)

    def draw_beside(self, picked: NDArray[np.int64], sources: Names, rng: np.random.Generator) -> NDArray[np.int64]:
        """For each picked item another of its source."""
        return np.array([self._one(str(sources[i]), rng) for i in picked], np.int64)

    def _one(self, source: str, rng: np.random.Generator) -> int:
        labels = self.groups[source]
        items = labels[rng.integers(len(labels))]
        return int(items[rng.integers(len(items))])
