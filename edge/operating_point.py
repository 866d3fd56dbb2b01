"""How sure a letter must be, and how long still, for the decoder."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from edge.bundle import UNFITTED_FLOORS
from edge.labels import MOTION_LETTERS

_MOTION_FLOOR = 0.75
"""Least evidence for J and Z, which the hand must also have drawn (`edge.strokes`). With 0.85 for a first one, of 160
drawn by themselves by two unseen signers 116 were said instead of 137; people who sign words had as few."""
_FIRST_FLOOR = 0.85
"""Least evidence for another first letter: hands at rest reach 0.84 as a B."""
_SPELLING_FLOOR = 0.6
"""Least evidence for the others after it."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """When the decoder says a letter; from the bundle's manifest, fitted together with the model."""

    floor: float = UNFITTED_FLOORS["letters"]
    """Least evidence for a label that has no floor of its own."""
    floors: Mapping[str, float] = field(default_factory=dict)
    settle_seconds: float = 0.2
    """How long the hand must be still with a letter that follows no other."""
    settle_seconds_by_label: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys("IDGX", 0.3))
    """Letters that must wait in case they begin a J or a Z."""
    disabled: Collection[str] = ()
    """Letters never said, however sure the model is."""

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "OperatingPoint":
        known = {name: manifest[name] for name in cls.__dataclass_fields__ if name in manifest}
        return cls(**known)

    def least_evidence(self, label: str, *, spelling: bool) -> float:
        """The floor fitted on isolated clips, but never less than a stream needs."""
        if label in self.disabled:
            return math.inf
        still = _SPELLING_FLOOR if spelling else _FIRST_FLOOR
        least = _MOTION_FLOOR if label in MOTION_LETTERS else still
        return max(self.floors.get(label, self.floor), least)

    def settle(self, label: str) -> float:
        return self.settle_seconds_by_label.get(label, self.settle_seconds)

    def waits(self, label: str) -> bool:
        """Whether the label may turn out to be the beginning of a motion letter."""
        return label in self.settle_seconds_by_label
