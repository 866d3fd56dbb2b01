"""Words are said as they happen: once, soon after the hands go down, and never of pictures that do not move."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from word_store import body as somebody

from edge.bundle import Bundle
from edge.types import Emission, Landmarks
from edge.word_reader import WordReader
from training.sources import may_train
from training.words.bundle import open_bundle
from training.words.data import CORE, read_words
from training.words.streams import Stream, Tally, streams

BUNDLE = Path(__file__).resolve().parent.parent / "models" / "words"
NOBODY = np.full((33, 4), np.nan, np.float32)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return open_bundle(BUNDLE)


@pytest.fixture(scope="module")
def spliced(shared_data: Path) -> list[Stream]:
    """Core words of people the model may know, a few of each: what must hold anyway is asserted."""
    clips = [clip for clip in read_words([shared_data / "words.parquet"]) if may_train(clip, "all")]
    chosen = [clip for clip in clips if clip.label in CORE and clip.source.startswith("webcam_traduttore")]
    return list(streams(chosen[::12]))


def read(reader: WordReader, frames: list[Landmarks]) -> list[Emission]:
    return [emission for frame in frames for emission in reader.step(frame)]


def seen(ts: float, points: np.ndarray | None, *, body: bool = False) -> Landmarks:
    hands = np.full((2, 21, 3), np.nan, np.float32)
    if points is not None:
        hands[1] = points
    return Landmarks(ts, 640, 480, hands, np.ones(2, np.float32), somebody(0) if body else NOBODY, 100.0)


@pytest.mark.shared
def test_signs_with_rests_between_are_said_once_and_soon(bundle: Bundle, spliced: list[Stream]) -> None:
    tally = Tally()
    for stream in spliced:
        tally.read(stream, WordReader(bundle), CORE)
    figures = tally.figures()
    assert figures["signs"] > 20
    assert figures["recall"] > 0.5
    assert figures["precision"] > 0.7
    assert figures["median_delay_s"] <= 0.5
    assert figures["said"] <= figures["signs"]


@pytest.mark.shared
def test_hands_lost_in_the_middle_of_a_sign_do_not_cut_it_in_two(bundle: Bundle, spliced: list[Stream]) -> None:
    """Half a second without hands is longer than blur takes: the sign ends there, and goes on when they come back."""
    began: list[float] = []

    class Watched(WordReader):
        def _reading(self, start: float, end: float) -> Any:
            began.append(start)
            return super()._reading(start, end)

    reader = Watched(bundle, active=[])  # says nothing
    stream = next(stream for stream in spliced if stream.spans[0][2] - stream.spans[0][1] > 1.2)
    _, start, end = stream.spans[0]
    middle = (start + end) / 2
    for frame in stream.frames:
        if frame.ts <= end + 1:
            gone = middle - 0.25 < frame.ts < middle + 0.25
            hands = np.full_like(frame.hands, np.nan) if gone else frame.hands
            reader.step(Landmarks(frame.ts, frame.width, frame.height, hands, frame.presence, frame.pose, 128.0))
    assert began.count(min(began)) >= 2, "read once when they went, once more with what came after"


@pytest.mark.shared
def test_a_replay_says_the_same_whatever_the_clock_says(bundle: Bundle, spliced: list[Stream]) -> None:
    first = read(WordReader(bundle), spliced[0].frames)
    reader = WordReader(bundle)
    read(reader, spliced[1].frames)
    assert read(reader, spliced[0].frames) == first, "a stream that begins anew forgets the one before"


@pytest.mark.shared
def test_only_active_words_are_said_and_what_is_left_is_shared_out(bundle: Bundle, spliced: list[Stream]) -> None:
    frames = [frame for stream in spliced for frame in stream.frames[:0]] + spliced[0].frames
    everything = {emission.label for emission in read(WordReader(bundle), frames)}
    few = sorted(everything)[:1]
    said = read(WordReader(bundle, active=few), frames)
    assert {emission.label for emission in said} <= set(few)
    assert all(sum(p for _, p in emission.alternatives) <= 1.0001 for emission in said)


@pytest.mark.shared
def test_a_frozen_picture_says_nothing(bundle: Bundle, spliced: list[Stream]) -> None:
    for stream in spliced:
        frozen = stream.frames[len(stream.frames) // 3]
        frames = [
            Landmarks(k / 15, frozen.width, frozen.height, frozen.hands, frozen.presence, frozen.pose, 128.0)
            for k in range(90)
        ]
        empty = np.full((2, 21, 3), np.nan, np.float32)
        frames += [
            Landmarks(6 + k / 15, frozen.width, frozen.height, empty, frozen.presence, frozen.pose, 128.0)
            for k in range(15)
        ]
        assert not read(WordReader(bundle), frames)


def test_nobody_says_nothing_and_costs_no_decision(bundle: Bundle) -> None:
    reader = WordReader(bundle)
    assert not read(reader, [seen(k / 15, None) for k in range(150)])
    assert reader.abstentions == 0


@pytest.mark.parametrize("fps", [15, 30])
def test_points_at_random_places_say_nothing(bundle: Bundle, fps: int) -> None:
    rng = np.random.default_rng(0)
    reader = WordReader(bundle)
    said = []
    for k in range(40 * fps):
        hand = rng.uniform(-0.06, 0.06, (21, 3)) + np.append(rng.uniform(0.3, 0.7, 2), 0)
        said += reader.step(seen(k / fps, hand if k % (2 * fps) < 1.5 * fps else None, body=True))
    assert not said + reader.finish(40.0)


def test_hands_that_flicker_say_nothing(bundle: Bundle) -> None:
    rng = np.random.default_rng(0)
    frames = [
        seen(k / 15, rng.uniform(0.3, 0.7, (21, 3)) if rng.random() < 0.3 else None, body=True) for k in range(900)
    ]
    assert not read(WordReader(bundle), frames)


@pytest.mark.shared
def test_the_end_of_the_source_ends_the_sign(bundle: Bundle, spliced: list[Stream]) -> None:
    """A recording that stops with the hands in the air is read as one that goes on to a rest."""
    stream = spliced[0]
    with_rest = {emission.label for emission in read(WordReader(bundle), stream.frames)}
    cut = set()
    for _, start, end in stream.spans:
        reader = WordReader(bundle)
        frames = [frame for frame in stream.frames if start <= frame.ts <= end]
        cut |= {emission.label for emission in read(reader, frames) + reader.finish(end)}
    assert with_rest <= cut
    assert not WordReader(bundle).finish(0.0)


@pytest.mark.shared
def test_a_sign_does_not_begin_before_a_time_without_pictures(bundle: Bundle, spliced: list[Stream]) -> None:
    """A pause, or a camera that was away: the reader goes on where it sees hands again."""
    frames = spliced[0].frames
    cut = next(k for k, frame in enumerate(frames) if np.isfinite(frame.hands[:, 0, 0]).any()) + 6
    reader = WordReader(bundle)
    assert read(reader, frames[:cut]) == []
    away = [replace(frame, ts=frame.ts + 60) for frame in frames[cut:]]
    later = read(reader, away)
    assert later
    assert min(word.started_at for word in later) >= away[0].ts


def test_hands_are_up_until_they_rested(bundle: Bundle) -> None:
    """Lost for a moment they are not: what is spelled goes on, and nothing of it is a sign."""
    reader = WordReader(bundle)
    hand = np.linspace([0.4, 0.4, 0], [0.45, 0.5, 0], 21)
    up_since = []
    for gone in (0.4, 1.0):
        reader.reset()
        read(reader, [seen(k / 30, hand, body=True) for k in range(30)])
        read(reader, [seen(1 + k / 30, None, body=True) for k in range(round(gone * 30))])
        read(reader, [seen(1 + gone + k / 30, hand, body=True) for k in range(5)])
        up_since.append(reader.hands_up_since)
    assert up_since == [0.0, pytest.approx(2.0)]
