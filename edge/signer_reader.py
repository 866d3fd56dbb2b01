"""What one signer's landmarks become: letters, signs, gestures, and the caption made of them."""

from collections.abc import Mapping
from typing import Self

from edge.arbiter import Arbiter
from edge.captions import Composer
from edge.config import Config
from edge.controls import Control, Controls
from edge.letter_reader import LetterReader
from edge.lexicon import Lexicon
from edge.metrics import Stopwatch
from edge.silence import SilenceWatch
from edge.types import Emission, Event, Landmarks
from edge.word_reader import WordReader


class SignerReader:
    """Holds what is remembered about one signer; time is an argument."""

    def __init__(
        self,
        config: Config,
        letters: LetterReader | None,
        words: WordReader | None,
        lexicon: Lexicon | None,
        stopwatch: Stopwatch,
    ) -> None:
        """`letters` and `words` are this signer's own; None if switched off."""
        self._config, self._lexicon, self._stopwatch = config, lexicon, stopwatch
        self._letters, self._words = letters, words
        self.reset()

    def reset(self) -> None:
        """Forget the past: another recording follows."""
        for reader in (self._letters, self._words):
            if reader:
                reader.reset()
        texts: Mapping[str, str] = self._words.bundle.manifest.get("texts", {}) if self._words else {}
        self.composer = Composer(self._config.captions, self._lexicon, texts)
        self.silence = SilenceWatch()
        self.hand_up = False
        """Whether a hand was seen in the last frame."""
        self._arbiter = Arbiter()
        self._controls = Controls(self._config.controls)

    def continue_from(self, before: Self) -> None:
        """Take over what is known about the signer from the reader that this one replaces at a reload."""
        self.composer.continue_from(before.composer)
        self.silence, self.hand_up, self._arbiter = before.silence, before.hand_up, before._arbiter
        if self._config.controls == before._config.controls:
            self._controls = before._controls
        if self._letters and before._letters:
            self._letters.continue_from(before._letters)
        if self._words and before._words:
            self._words.continue_from(before._words)

    def step(self, landmarks: Landmarks, *, paused: bool) -> list[Event]:
        """Letters, words and captions from a frame; while paused nothing is read."""
        self.silence.step(landmarks)
        self.hand_up = landmarks.shows_hand
        emissions, control = ([], None) if paused else self._read(landmarks)
        # Nobody's words are appended to those of whoever stood there before.
        events = self.composer.end(landmarks.ts) if landmarks.signer_left else []
        events += [emission_event(emission) for emission in emissions]
        events += self.composer.step(landmarks.ts, emissions, hand_up=self.hand_up)
        return events + (self._edit(control, landmarks.ts) if control is not None else [])

    def unseen(self, ts: float) -> list[Event]:
        """No picture is coming."""
        self.silence, self.hand_up = SilenceWatch(), False
        return self.composer.step(ts, [], hand_up=False)

    def finish(self, ts: float, *, paused: bool) -> list[Event]:
        """The source ended: close the caption."""
        words = self._arbitrate([], self._words.finish(ts)) if self._words and not paused else []
        events = [emission_event(word) for word in words]
        return [*events, *self.composer.step(ts, words, hand_up=bool(words)), *self.composer.end(ts)]

    @property
    def abstentions(self) -> int:
        """Hand shapes and movements left unsaid because a model was not sure."""
        return sum(reader.abstentions for reader in (self._letters, self._words) if reader)

    def _read(self, landmarks: Landmarks) -> tuple[list[Emission], Control | None]:
        letters: list[Emission] = []
        words: list[Emission] = []
        control = None
        if self._letters:
            with self._stopwatch.time("letters"):
                letters = self._letters.step(landmarks)
                control = self._controls.step(landmarks, self._letters.scores)
        if self._words:
            with self._stopwatch.time("words"):
                words = self._words.step(landmarks)
        return self._arbitrate(letters, words), control

    def _arbitrate(self, letters: list[Emission], words: list[Emission]) -> list[Emission]:
        return self._arbiter.step(letters, words, self._words.hands_up_since) if self._words else letters

    def _edit(self, control: Control, ts: float) -> list[Event]:
        """What a control sign does to the caption; nothing if that is empty."""
        edits = {"space": self.composer.space, "delete": self.composer.backspace, "clear": self.composer.clear}
        return edits[control](ts) if self.composer.text else []


def emission_event(emission: Emission) -> Event:
    """`letter` or `word` payload, without what is stamped when it leaves the process."""
    body = {
        "type": emission.type,
        "label": emission.label,
        "confidence": round(emission.confidence, 4),
        "alternatives": [[label, round(p, 4)] for label, p in emission.alternatives],
        "started_at": round(emission.started_at, 3),
        "ended_at": round(emission.ended_at, 3),
        "hand": emission.hand,
    }
    return Event(emission.type, emission.decided_at, body)
