"""The whole program, one plain call a step: frame -> landmarks -> window -> scores -> emission -> events."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Self

from edge.bundle import Bundle, load_installed
from edge.config import Config
from edge.features import FEATURES_TAG
from edge.glosses import active_words
from edge.landmarks import Landmarker
from edge.letter_reader import LetterReader
from edge.lexicon import Lexicon
from edge.metrics import Stopwatch
from edge.signer_reader import SignerReader
from edge.taught import load_taught, taught_dir, taught_glosses
from edge.types import Event, Frame, Landmarks
from edge.word_features import WORD_FEATURES_TAG
from edge.word_reader import WordReader


class Pipeline:
    """Holds the state between frames. Time is an argument: the same frames give the same events at any speed."""

    def __init__(self, config: Config, models_dir: Path, stopwatch: Stopwatch | None = None) -> None:
        """Load the networks.

        Raises:
            InputError: a bundle is missing, altered, or made for other feature code.
        """
        self.stopwatch = stopwatch or Stopwatch()
        self.landmarker = Landmarker(config.landmarks, models_dir, config.signer, config.signers)
        letters = load_letters(config, models_dir) if config.letters.enabled else None
        words = load_words(config, models_dir) if config.words.enabled else None
        self.bundles = [*self.landmarker.bundles, *(bundle for bundle in (letters, words) if bundle)]
        """Every bundle in use."""
        lexicon = Lexicon(config.captions.own_words) if config.captions.lexicon else None
        self.signers = [
            SignerReader(
                config,
                LetterReader(letters) if letters else None,
                word_reader(config, words, models_dir) if words else None,
                lexicon,
                self.stopwatch,
            )
            for _ in range(config.signers)
        ]
        self.paused = False
        self.muted = False
        self.practice = False
        """What is read is marked as practice."""
        self.camera_lost = False
        self._last_state: dict[str, object] = {}

    def step(self, frame: Frame) -> list[Event]:
        """Read one frame; returns the events to publish."""
        with self.stopwatch.time("landmarks"):
            seen = self.landmarker.step_all(frame)
        for network, seconds in self.landmarker.seconds.items():
            self.stopwatch.add_wall(network, seconds)
        return self.read(*seen)

    def read(self, *seen: Landmarks) -> list[Event]:
        """The steps from every signer's landmarks on; tests enter here with their own landmarks."""
        events: list[Event] = []
        for number, (reader, landmarks) in enumerate(zip(self.signers, seen, strict=True), 1):
            events += self._of_signer(number, reader.step(landmarks, paused=self.paused))
            if number == 1:
                events += self.state(landmarks.ts)
        return events

    def continue_from(self, before: Self) -> None:
        """Take over what people would miss after a reload: captions, what is being signed, mute, pause, practice."""
        self.muted, self.paused, self.practice = before.muted, before.paused, before.practice
        self.camera_lost = before.camera_lost
        self.landmarker.continue_from(before.landmarker)
        for reader, reader_before in zip(self.signers, before.signers, strict=False):
            reader.continue_from(reader_before)

    def reset(self) -> None:
        """Forget the past: another recording follows."""
        self.landmarker.reset()
        for reader in self.signers:
            reader.reset()

    def unseen(self, ts: float) -> list[Event]:
        """No picture is coming: nobody is there any more, and captions end as if hands rested."""
        return self._of_all(lambda reader: reader.unseen(ts)) + self.state(ts)

    def finish(self, ts: float) -> list[Event]:
        """The source ended: close the captions."""
        return self._of_all(lambda reader: reader.finish(ts, paused=self.paused)) + self.state(ts)

    @property
    def abstentions(self) -> int:
        """Hand shapes and movements of all signers left unsaid because a model was not sure."""
        return sum(reader.abstentions for reader in self.signers)

    @property
    def hand_up(self) -> bool:
        """Whether a hand of any signer was seen in the last frame."""
        return any(reader.hand_up for reader in self.signers)

    @property
    def idle(self) -> bool:
        """Whether nobody is there and no caption is open: `reset` would lose nothing of value."""
        return not any(reader.silence.signer_present or reader.composer.text for reader in self.signers)

    def command(self, name: Literal["clear", "backspace", "speak"], ts: float) -> list[Event]:
        """The events from a caption command; commands apply to the first signer."""
        composer = self.signers[0].composer
        asked = {"clear": composer.clear, "backspace": composer.backspace, "speak": composer.finish}
        return self._of_signer(1, asked[name](ts)) + self.state(ts)

    def practise(self, ts: float, *, on: bool) -> list[Event]:
        """Begin or end practice: what is read is published as usual, but marked as practice and not spoken.

        Either way captions start afresh: a visitor's words are never appended to practice.
        """
        if on == self.practice:
            return []
        cleared = self._of_all(lambda reader: reader.composer.clear(ts))
        self.practice = on
        return cleared

    def state(self, ts: float) -> list[Event]:
        """The `state` event, if anything in it has changed; it is retained, and the first signer's."""
        first = self.signers[0]
        silent = "paused" if self.paused else "camera_lost" if self.camera_lost else first.silence.reason
        state: dict[str, object] = {
            "caption": first.composer.text,
            "signer_present": first.silence.signer_present and not self.camera_lost,
            "silent": silent,
            "muted": self.muted,
            "paused": self.paused,
            "practice": self.practice,
        }
        if state == self._last_state:
            return []
        self._last_state = state
        return self._of_signer(1, [Event("state", ts, state)])

    def _of_all(self, ask: Callable[[SignerReader], list[Event]]) -> list[Event]:
        """The events of every signer's reader."""
        events: list[Event] = []
        for number, reader in enumerate(self.signers, 1):
            events += self._of_signer(number, ask(reader))
        return events

    def _of_signer(self, number: int, events: list[Event]) -> list[Event]:
        """Mark practice and, if several people are read, whose each event is."""
        marks: dict[str, object] = {"signer": number} if len(self.signers) > 1 else {}
        marks |= {"practice": True} if self.practice else {}
        return [dataclasses.replace(event, body={**event.body, **marks}) for event in events] if marks else events


def load_letters(config: Config, models_dir: Path) -> Bundle:
    return load_installed(models_dir / config.letters.bundle, task="letters", features=FEATURES_TAG)


def load_words(config: Config, models_dir: Path) -> Bundle:
    return load_installed(models_dir / config.words.bundle, task="words", features=WORD_FEATURES_TAG)


def word_reader(config: Config, bundle: Bundle, models_dir: Path) -> WordReader:
    """A reader of the words that the configuration allows, including those taught on this device.

    Raises:
        InputError: a word is neither one of the bundle's nor taught.
    """
    folder = taught_dir(models_dir, config.words.bundle)
    # A sign taught to another bundle may be named too: it is unusable until taught again, and the rest is read.
    active = active_words("words.active", config.words.active, bundle, taught_glosses(folder))
    return WordReader(bundle, active, load_taught(folder, bundle))


def with_latency(event: Event, latency_ms: float) -> Event:
    """Add `latency_ms` to letters and words; only whoever runs the pipeline knows it."""
    if event.topic not in ("letter", "word"):
        return event
    return dataclasses.replace(event, body={**event.body, "latency_ms": round(latency_ms, 1)})
