"""Letters become a caption: spaces where the hands rest, final when they rest longer, editable until then."""

from __future__ import annotations

from edge.config import CaptionsConfig
from edge.types import Emission, Event


class Composer:
    """The caption as it stands. Driven only by the time stamps of the frames."""

    def __init__(self, config: CaptionsConfig) -> None:
        self._config = config
        self.text = ""
        self._hands_seen_at = float("-inf")

    def step(self, ts: float, emissions: list[Emission], *, hand_up: bool) -> list[Event]:
        """Take what was read at `ts`; returns `caption` events, final ones included."""
        events = []
        for emission in emissions:
            if len(self.text) >= self._config.max_characters:
                events += self.finish(ts)
            self.text += emission.label
            events.append(self._event(ts, final=False))
        if hand_up or emissions:
            self._hands_seen_at = ts
        return events + self._rest(ts)

    def clear(self, ts: float) -> list[Event]:
        """Forget the caption unspoken."""
        self.text = ""
        return [self._event(ts, final=False)]

    def backspace(self, ts: float) -> list[Event]:
        """Take the last letter back (and the space after it)."""
        self.text = self.text.rstrip()[:-1]
        return [self._event(ts, final=False)]

    def finish(self, ts: float) -> list[Event]:
        """Close the caption now and start an empty one; nothing when there is none."""
        events = [self._event(ts, final=True)] if self.text.strip() else []
        self.text = ""
        return events

    def _rest(self, ts: float) -> list[Event]:
        rested = ts - self._hands_seen_at
        if self.text and rested >= self._config.final_seconds:
            return self.finish(ts)
        if self.text and not self.text.endswith(" ") and rested >= self._config.word_gap_seconds:
            self.text += " "
            return [self._event(ts, final=False)]
        return []

    def _event(self, ts: float, *, final: bool) -> Event:
        text = self.text.strip() if final else self.text
        glosses = text.split()
        return Event(
            "caption", ts, {"type": "caption", "text": text, "final": final, "glosses": glosses, "sentence": None}
        )
