"""Makes captions of letters and signs: a rest ends a word, a longer one the caption; editable until then."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from edge.config import CaptionsConfig
from edge.lexicon import Lexicon
from edge.types import Emission, Event


@dataclass(slots=True)
class _Word:
    """A finished word: spelled, or a sign without letters."""

    letters: list[Emission]
    text: str
    """The text most likely meant."""
    spelled: str
    sign: str | None = None
    """A sign's label."""

    @property
    def gloss(self) -> str:
        return self.sign or self.text


class Composer:
    """The caption so far. Driven only by the frames' time stamps."""

    def __init__(
        self, config: CaptionsConfig, lexicon: Lexicon | None = None, texts: Mapping[str, str] | None = None
    ) -> None:
        """Without a lexicon words stay as spelled; `texts` says how a sign's label is written."""
        self._config = config
        self._texts = texts or {}
        self._lexicon = lexicon
        self._words: list[_Word] = []
        self._letters: list[Emission] = []
        """Letters of the word being spelled."""
        self._is_corrected = False
        """Letters of it were taken back and none added since: what is left is meant."""
        self._hands_seen_at = float("-inf")

    @property
    def text(self) -> str:
        """The caption, with finished words repaired."""
        return _caption([word.text for word in self._words], self._letters)

    @property
    def spelled(self) -> str:
        """The caption with every letter as read."""
        return _caption([word.spelled for word in self._words], self._letters)

    def step(self, ts: float, emissions: list[Emission], *, hand_up: bool) -> list[Event]:
        """Take what was read at `ts`; returns `caption` events, final ones included."""
        events = []
        for emission in emissions:
            if len(self.text) >= self._config.max_characters:
                events += self.finish(ts)
            if emission.type == "word":
                self._add_sign(emission)
            else:
                self._letters.append(emission)
                self._is_corrected = False
            events.append(self._event(ts, final=False))
        if hand_up or emissions:
            self._hands_seen_at = ts
        return events + self._rest(ts)

    def _add_sign(self, sign: Emission) -> None:
        """Add a sign; letters read in its span were its handshapes."""
        self._letters = [letter for letter in self._letters if letter.ended_at < sign.started_at]
        self._end_word()
        text = self._texts.get(sign.label, sign.label)
        self._words.append(_Word([], text, text, sign.label.upper()))

    def continue_from(self, before: Self) -> None:
        """Take over the caption of a composer that this one replaces."""
        self._words, self._letters = before._words, before._letters
        self._is_corrected = before._is_corrected
        self._hands_seen_at = before._hands_seen_at

    def clear(self, ts: float) -> list[Event]:
        """Forget the caption unspoken."""
        self._words, self._letters = [], []
        return [self._event(ts, final=False)]

    def backspace(self, ts: float) -> list[Event]:
        """Take back the last word's repair, or else the last letter (and the space after it)."""
        last = self._words[-1] if self._words and not self._letters else None
        if last is not None and last.text != last.spelled:
            last.text = last.spelled
        else:
            if last is not None:
                self._letters = self._words.pop().letters
            self._letters = self._letters[:-1]
            self._is_corrected = True
        self._hands_seen_at = max(self._hands_seen_at, ts)  # anyone who corrects is not done yet
        return [self._event(ts, final=False)]

    def space(self, ts: float) -> list[Event]:
        """End the word being spelled, if any."""
        if not self._letters:
            return []
        self._end_word()
        return [self._event(ts, final=False)]

    def finish(self, ts: float) -> list[Event]:
        """Close the caption now and start an empty one; does nothing if it is empty."""
        self._end_word()
        events = [self._event(ts, final=True)] if self._words else []
        self._words = []
        return events

    def end(self, ts: float) -> list[Event]:
        """Close the caption because the hands rest; with too few letters and no sign, nobody was signing."""
        letters = len(self._letters) + sum(len(word.letters) for word in self._words)
        if 0 < letters < self._config.least_letters and not any(word.sign for word in self._words):
            return self.clear(ts)
        return self.finish(ts)

    def _rest(self, ts: float) -> list[Event]:
        rested = ts - self._hands_seen_at
        if self.text and rested >= self._config.final_seconds:
            return self.end(ts)
        if self._letters and rested >= self._config.word_gap_seconds:
            self._end_word()
            return [self._event(ts, final=False)]
        return []

    def _end_word(self) -> None:
        if self._letters:
            spelled = _spelled(self._letters)
            text = self._lexicon.repair(self._letters) if self._lexicon and not self._is_corrected else spelled
            self._words.append(_Word(self._letters, text, spelled))
            self._letters = []

    def _event(self, ts: float, *, final: bool) -> Event:
        text, spelled = (self.text.strip(), self.spelled.strip()) if final else (self.text, self.spelled)
        body = {
            "type": "caption",
            "text": text,
            "spelled": spelled,
            "final": final,
            "glosses": [word.gloss for word in self._words] + [_spelled(self._letters)] * bool(self._letters),
            "sentence": None,
        }
        return Event("caption", ts, body)


def _spelled(letters: list[Emission]) -> str:
    return "".join(letter.label for letter in letters)


def _caption(words: list[str], letters: list[Emission]) -> str:
    return "".join(f"{word} " for word in words) + _spelled(letters)
