"""Letters and words share one stream: fingerspelling is not a sign, and a sign's handshape is not a letter."""

import math
from collections import deque

from edge.types import Emission

_SPELLED = 2
"""This many letters in the span of a word, or shortly before, are spelling; a single one is a sign's handshape."""
_SURE = 0.85
"""Two may be, if both stand in the span of a sign this sure: `go` passes through two letters' handshapes. Said so are 2
more of 30 videos of signs, and no sign more among 2,476 words that twelve people spell."""
_HANDS_OF = {"yes": frozenset("AEMNST")}
"""Signs that move a letter's hand: held still it is that letter, if the letter is the surer. In 2,476 words of twelve
people, read by letters' networks that never saw them, 6 signs are said instead of 40; of 136 `yes` of people whom no
network saw 3 are lost."""
_SHORTLY_SECONDS = 5.0
"""Two letters held for 2.5 s each: doubling the last, or moving on to the next, is not a sign. Among the letters of
1,460 words that twelve people spell, put before other people's bodies, 12 signs were said, with 2 s 36 (in 27 words);
of 30 videos of signs as many are said either way."""
_HELD_SECONDS = 0.3
"""A letter seen this soon after a word is what the sign left: anyone who spells next moves the hand first."""
_REMEMBERED = 32
"""More letters than anybody spells within the longest span of a word."""


class Arbiter:
    """Decides which words stand, given the letters said meanwhile."""

    def __init__(self) -> None:
        self._letters: deque[Emission] = deque(maxlen=_REMEMBERED)
        self._word_at = -math.inf
        """When the last word was said."""

    def step(self, letters: list[Emission], words: list[Emission], hands_up_since: float = -math.inf) -> list[Emission]:
        """Which of the letters and words decided now are said, in order.

        Letters before `hands_up_since` do not count: the hands were down since, so that word is over.
        """
        # Letters decided with a word count against it as spelling; if it stands, they were its handshape: unsaid.
        self._letters.extend(letter for letter in letters if not self._is_handshape(letter))
        said = [word for word in words if not self._is_spelling(word, hands_up_since)]
        for word in said:
            self._word_at = max(self._word_at, word.decided_at)
            # Letters within it were its handshapes, and silence no other sign.
            self._letters = deque((one for one in self._letters if one.ended_at < word.started_at), _REMEMBERED)
        return [*(letter for letter in letters if not self._is_handshape(letter)), *said]

    def _is_handshape(self, letter: Emission) -> bool:
        """Whether it was seen before or right after the last word.

        A letter decided before that word is from another recording, whose clock started again.
        """
        return letter.started_at < self._word_at + _HELD_SECONDS and self._word_at <= letter.decided_at

    def _is_spelling(self, word: Emission, hands_up_since: float) -> bool:
        """Whether what looks like a word is fingerspelling."""
        since = max(word.started_at - _SHORTLY_SECONDS, hands_up_since)
        spelled = [letter for letter in self._letters if letter.ended_at >= since]
        hands = _HANDS_OF.get(word.label, frozenset())
        held = any(letter.label in hands and letter.confidence > word.confidence for letter in spelled)
        within = all(letter.started_at >= word.started_at for letter in spelled)
        its_own = len(spelled) == _SPELLED and within and word.confidence >= _SURE
        return held or (len(spelled) >= _SPELLED and not its_own)
