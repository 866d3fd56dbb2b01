"""When each letter of a text is held: the exact timetable of a spelling."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from edge.demo.alphabet import LETTERS
from edge.errors import InputError

HOLD_SHARE = 0.6
"""Share of a letter's time for which its shape is held; the rest is the move to the next one."""

RAISE_SECONDS = 0.45
"""Time from rest, below the picture, to the first letter, and back."""

REST_SECONDS = 0.7
"""Time with hands out of sight before the first word and after the last."""

WORD_REST_SECONDS = 1.8
"""Between words: captions put a space after 1.5 s."""

LOOP_REST_SECONDS = 3.6
"""Before a looping signer starts again: captions are finished after 3 s."""

MOTION_SHARE = 0.7
"""Share of its letter's time for which a J or Z is drawn; then it is held, like other letters."""

MOTION_SECONDS = (0.3, 0.9)
"""Least and, by default, greatest time to draw a J or Z; recorded ones take 0.3 to 2 s."""


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of the performance."""

    kind: Literal["rest", "letter", "move"]
    letter: str | None
    """The letter held; None at rest and between letters."""
    started_at: float
    ended_at: float

    drawn_at: float
    """When the motion of a J or Z is complete; the start of any other span."""


def plan(
    text: str,
    letters_per_second: float,
    hold_seconds: float | None,
    motion_seconds: float | None,
    *,
    loop: bool,
) -> tuple[Span, ...]:
    """Rests, letters and the moves between them, without gaps.

    `hold_seconds` replaces the hold the pace gives, `motion_seconds` the time to draw a J or Z.

    Raises:
        InputError: text that cannot be spelled, or a pace that no hand has.
    """
    words = _words(text)
    if not 0.1 <= letters_per_second <= 12:
        raise InputError(f"demo: {letters_per_second} letters a second: say 0.1 to 12")
    if hold_seconds is not None and not 0.02 <= hold_seconds <= 60:
        raise InputError(f"demo: a hold of {hold_seconds} s: say 0.02 to 60")
    if motion_seconds is not None and not 0.1 <= motion_seconds <= 10:
        raise InputError(f"demo: {motion_seconds} s to draw a J or Z: say 0.1 to 10")
    hold = HOLD_SHARE / letters_per_second if hold_seconds is None else hold_seconds
    if motion_seconds is None:
        motion_seconds = min(max(hold * MOTION_SHARE, MOTION_SECONDS[0]), MOTION_SECONDS[1])
    rests = [WORD_REST_SECONDS] * (len(words) - 1) + [LOOP_REST_SECONDS if loop else REST_SECONDS]
    return tuple(_spans(words, rests, hold, (1 - HOLD_SHARE) / letters_per_second, motion_seconds))


def _words(text: str) -> list[str]:
    words = text.upper().split()
    if not words:
        raise InputError("demo: no text to spell: give letters A to Z, e.g. --source demo:HELLO")
    strange = sorted({sign for word in words for sign in word if sign not in LETTERS})
    if strange:
        raise InputError(f"demo: cannot spell {' '.join(strange)!r}: only letters A to Z and spaces")
    return words


def _spans(words: list[str], rests: list[float], hold: float, move: float, motion: float) -> Iterator[Span]:
    now = 0.0

    def span(kind: Literal["rest", "letter", "move"], seconds: float, letter: str | None = None) -> Span:
        nonlocal now
        drawn_at = now + (motion if letter is not None and letter in "JZ" else 0)
        made = Span(kind, letter, now, now + seconds, drawn_at)
        now += seconds
        return made

    yield span("rest", REST_SECONDS)
    for word, rest in zip(words, rests, strict=True):
        yield span("move", RAISE_SECONDS)
        for place, letter in enumerate(word):
            if place:
                yield span("move", move)
            stand = max(hold, motion + hold * (1 - MOTION_SHARE)) if letter in "JZ" else hold
            yield span("letter", stand, letter)
        yield span("move", RAISE_SECONDS)
        yield span("rest", rest)
