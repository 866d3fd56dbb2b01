"""The program's whole way, one plain call a step: frame -> landmarks -> window -> scores -> emission -> events."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Literal

import numpy as np

from edge.arbiter import Arbiter
from edge.bundle import Bundle, load_installed
from edge.captions import Composer
from edge.config import Config
from edge.controls import Control, Controls
from edge.decoder import LetterDecoder
from edge.features import FEATURES_TAG
from edge.glosses import active_words
from edge.landmarks import Landmarker
from edge.letters import LetterModel
from edge.lexicon import Lexicon
from edge.metrics import Stopwatch
from edge.operating_point import OperatingPoint
from edge.silence import SilenceWatch
from edge.strokes import as_drawn
from edge.taught import load_taught, taught_dir
from edge.types import Emission, Event, Frame, Landmarks, Scores
from edge.windows import LetterWindows
from edge.word_features import WORD_FEATURES_TAG
from edge.word_reader import WordReader


class LetterReader:
    """Landmarks to letters: what training, evaluation and the daemon share."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._windows = LetterWindows()
        self._model = LetterModel(bundle)
        self._decoder = LetterDecoder(OperatingPoint.of(bundle.operating_point))
        self.scores: Scores | None = None
        """What the model said of the last frame; None where no hand was seen."""

    def step(self, landmarks: Landmarks) -> list[Emission]:
        window = self._windows.step(landmarks)
        self.scores = as_drawn(self._model.step(window), window.past) if window is not None else None
        return self._decoder.step(landmarks.ts, self.scores)

    @property
    def abstentions(self) -> int:
        """Settled hand shapes that stayed unsaid because the model was not sure."""
        return self._decoder.abstentions


class Pipeline:
    """Owns the state between frames. Time is an argument: the same frames give the same events at any speed."""

    def __init__(
        self,
        config: Config,
        models_dir: Path,
        stopwatch: Stopwatch | None = None,
        first: Pipeline | None = None,
    ) -> None:
        """Load the networks; with `first`, read a further signer of that pipeline by the landmarks it finds.

        Raises:
            InputError: a bundle is missing, altered, or made for other feature code.
        """
        self._config = config
        self.stopwatch = stopwatch or Stopwatch()
        if first is None:
            self.landmarker = Landmarker(config.landmarks, models_dir, config.signer, config.signers)
            self.lexicon = Lexicon(config.captions.own_words) if config.captions.lexicon else None
        else:
            self.landmarker, self.lexicon = first.landmarker, first.lexicon
        self.letters = LetterReader(load_letters(config, models_dir)) if config.letters.enabled else None
        self._models_dir = models_dir
        self.words = word_reader(config, load_words(config, models_dir), models_dir) if config.words.enabled else None
        self._arbiter = Arbiter()
        self._controls = Controls(config.controls)
        self.composer = self._new_composer()
        self.silence = SilenceWatch()
        self.paused = False
        self.muted = False
        self.practice = False
        """What is read is marked as practice."""
        self.camera_lost = False
        self._hand_up = False
        self._last_state: dict[str, object] = {}
        further = range(1, config.signers) if first is None else ()
        self.others = [Pipeline(config, models_dir, self.stopwatch, self) for _ in further]
        """One for each further signer; only `read` is called on them."""

    def step(self, frame: Frame) -> list[Event]:
        """Read one frame; returns what there is to publish."""
        with self.stopwatch.time("landmarks"):
            first, *further = self.landmarker.step_all(frame)
        for network, seconds in self.landmarker.seconds.items():
            self.stopwatch.add_wall(network, seconds)
        events = self._of_signer(first.signer, self.read(first))
        for other, landmarks in zip(self.others, further, strict=True):
            other.paused = self.paused
            events += self._of_signer(landmarks.signer, other.read(landmarks))
        return events

    def read(self, landmarks: Landmarks) -> list[Event]:
        """The way from landmarks on; `training` and tests enter here with landmarks of their own."""
        self.silence.step(landmarks)
        emissions: list[Emission] = []
        control = None
        if not self.paused:
            letters = words = []
            if self.letters:
                with self.stopwatch.time("letters"):
                    letters = self.letters.step(landmarks)
                    control = self._controls.step(landmarks, self.letters.scores)
            if self.words:
                with self.stopwatch.time("words"):
                    words = self.words.step(landmarks)
            emissions = self._arbiter.step(letters, words)
        self._hand_up = bool(np.isfinite(landmarks.hands[:, 0, 0]).any())
        events = [emission_event(emission) for emission in emissions]
        events += self.composer.step(landmarks.ts, emissions, hand_up=self._hand_up)
        if control is not None:
            events += self._edit(control, landmarks.ts)
        return events + self._state(landmarks.ts)

    def _edit(self, control: Control, ts: float) -> list[Event]:
        """What a control sign does to the caption; nothing to one that is empty."""
        edits = {"space": self.composer.space, "delete": self.composer.backspace, "clear": self.composer.clear}
        return edits[control](ts) if self.composer.text else []

    def continue_from(self, before: Pipeline) -> None:
        """Take over what people would miss after a reload: the captions as they stand, mute, pause and practice."""
        self.composer.continue_from(before.composer)
        self.muted, self.paused, self.practice = before.muted, before.paused, before.practice
        self.camera_lost = before.camera_lost
        for other, other_before in zip(self.others, before.others, strict=False):
            other.continue_from(other_before)

    def reset(self) -> None:
        """Forget the past: another recording follows."""
        self.landmarker.reset()
        self.forget()

    def forget(self) -> None:
        """Forget all but where the hands are, which is one memory for all signers."""
        if self.letters:
            self.letters = LetterReader(self.letters.bundle)
        if self.words:
            self.words = word_reader(self._config, self.words.bundle, self._models_dir)
        self._arbiter = Arbiter()
        self._controls = Controls(self._config.controls)
        self.composer = self._new_composer()
        self.silence = SilenceWatch()
        for other in self.others:
            other.forget()

    def finish(self, ts: float) -> list[Event]:
        """The source ended: close the captions."""
        words = self._arbiter.step([], self.words.finish(ts)) if self.words and not self.paused else []
        events = [emission_event(word) for word in words]
        events += self.composer.step(ts, words, hand_up=bool(words))
        events = self._of_signer(1, [*events, *self.composer.end(ts), *self._state(ts)])
        for signer, other in enumerate(self.others, 2):
            events += self._of_signer(signer, other.finish(ts))
        return events

    def _new_composer(self) -> Composer:
        texts = self.words.bundle.manifest.get("texts", {}) if self.words else {}
        return Composer(self._config.captions, self.lexicon, texts)

    @property
    def bundles(self) -> list[Bundle]:
        """Every bundle in use."""
        readers = [reader for reader in (self.letters, self.words) if reader]
        return [*self.landmarker.bundles, *(reader.bundle for reader in readers)]

    @property
    def abstentions(self) -> int:
        """Hand shapes and movements of all signers that stayed unsaid because a model was not sure."""
        own = sum(reader.abstentions for reader in (self.letters, self.words) if reader)
        return own + sum(other.abstentions for other in self.others)

    @property
    def hand_up(self) -> bool:
        """Whether a hand of any signer was seen in the last frame."""
        return self._hand_up or any(other.hand_up for other in self.others)

    def _of_signer(self, signer: int, events: list[Event]) -> list[Event]:
        """What is no conversation says so; where several are read each event says whose it is.

        `state`, retained, is the first signer's.
        """
        own = [event for event in events if signer == 1 or event.topic != "state"]
        marks = {"signer": signer} if self.others else {}
        marks |= {"practice": True} if self.practice else {}
        return [dataclasses.replace(event, body={**event.body, **marks}) for event in own] if marks else own

    def command(self, name: Literal["clear", "backspace", "speak"], ts: float) -> list[Event]:
        """What a command to the caption gives; commands are the first signer's."""
        asked = {"clear": self.composer.clear, "backspace": self.composer.backspace, "speak": self.composer.finish}
        return self._of_signer(1, [*asked[name](ts), *self._state(ts)])

    def practise(self, ts: float, *, on: bool) -> list[Event]:
        """Begin or end practice: what is read is published as ever, but marked as no conversation, and not spoken.

        Captions begin anew either way: a visitor's words never run into what was only tried.
        """
        if on == self.practice:
            return []
        cleared = self._of_signer(1, self.composer.clear(ts))
        for signer, other in enumerate(self.others, 2):
            cleared += self._of_signer(signer, other.composer.clear(ts))
        self.practice = on
        return cleared

    def state(self, ts: float) -> list[Event]:
        """The `state` event, when anything in it has changed; it is the first signer's."""
        return self._of_signer(1, self._state(ts))

    def _state(self, ts: float) -> list[Event]:
        silent = "paused" if self.paused else "camera_lost" if self.camera_lost else self.silence.reason
        state: dict[str, object] = {
            "caption": self.composer.text,
            "signer_present": self.silence.signer_present and not self.camera_lost,
            "silent": silent,
            "muted": self.muted,
            "paused": self.paused,
            "practice": self.practice,
        }
        if state == self._last_state:
            return []
        self._last_state = state
        return [Event("state", ts, state)]


def load_letters(config: Config, models_dir: Path) -> Bundle:
    return load_installed(models_dir / config.letters.bundle, task="letters", features=FEATURES_TAG)


def load_words(config: Config, models_dir: Path) -> Bundle:
    return load_installed(models_dir / config.words.bundle, task="words", features=WORD_FEATURES_TAG)


def word_reader(config: Config, bundle: Bundle, models_dir: Path) -> WordReader:
    """A reader of the words that the configuration lets be said, those taught on this device too.

    Raises:
        InputError: a word is neither one of the bundle's nor taught.
    """
    taught = load_taught(taught_dir(models_dir, config.words.bundle), bundle)
    active = active_words("words.active", config.words.active, bundle, taught.glosses)
    return WordReader(bundle, active, taught)


def emission_event(emission: Emission) -> Event:
    """`letter` or `word` payload of contract 2, without what is stamped where it leaves the process."""
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


def with_latency(event: Event, latency_ms: float) -> Event:
    """`latency_ms` belongs to letters and words alone; who runs the pipeline knows it, the pipeline does not."""
    if event.topic not in ("letter", "word"):
        return event
    return dataclasses.replace(event, body={**event.body, "latency_ms": round(latency_ms, 1)})
