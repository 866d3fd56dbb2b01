"""Letters and words share one stream: what was fingerspelled is no sign, and a sign's handshape is no letter."""

from __future__ import annotations

from collections import deque

from edge.types import Emission

_SPELLED = 2
"""So many letters in the span of a word, or shortly before, are spelling; a single one is a handshape of the sign."""
_SHORTLY_SECONDS = 2.0
"""Spellers hold a letter that long; the slide that doubles it, or the next one, is then no sign."""
_REMEMBERED = 32
"""More letters than anybody spells in the longest span of a word."""


class Arbiter:
    """Decides which words stand, given the letters said meanwhile."""

    def __init__(self) -> None:
        self._letters: deque[Emission] = deque(maxlen=_REMEMBERED)
        self._word_at = float("-inf")
        """When the last word was said."""

    def step(self, letters: list[Emission], words: list[Emission]) -> list[Emission]:
        """What is said of the letters and words decided now, in their order."""
        self._letters.extend(letters)
        said = [word for word in words if self._spelled_in(word) < _SPELLED]
        self._word_at = max([self._word_at, *(word.decided_at for word in said)])
        return [*(letter for letter in letters if not letter.started_at < self._word_at <= letter.decided_at), *said]

    def _spelled_in(self, word: Emission) -> int:
        return sum(letter.ended_at >= word.started_at - _SHORTLY_SECONDS for letter in self._letters)
