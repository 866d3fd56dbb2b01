"""One signer's reader: what a pause, the end of a source and another recording do to what is being read."""

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from test_controls import THUMB_UP, drawn
from word_scenes import NO_HAND, WAVING, frames, hands_of, lasting, talkative, without_floors

from edge.bundle import Bundle
from edge.config import Config, ControlsConfig
from edge.demo import DemoSigner
from edge.letter_reader import LetterReader
from edge.metrics import Stopwatch
from edge.paths import shipped
from edge.pipeline import load_letters
from edge.signer_reader import SignerReader
from edge.types import Event, Landmarks
from edge.word_reader import WordReader

SIGN = hands_of("ticket")
LETTERS = load_letters(Config(), shipped("models"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return talkative(tmp_path_factory.mktemp("talkative"))


def reader_of(words: Bundle | None = None, *, letters: bool = True, config: Config | None = None) -> SignerReader:
    own_words = WordReader(words) if words else None
    return SignerReader(config or Config(), LetterReader(LETTERS) if letters else None, own_words, None, Stopwatch())


def read(reader: SignerReader, seen: Iterable[Landmarks], *, paused: bool = False) -> list[Event]:
    return [event for landmarks in seen for event in reader.step(landmarks, paused=paused)]


def of(topic: str, events: list[Event]) -> list[str]:
    return [event.body["label" if topic != "caption" else "text"] for event in events if event.topic == topic]


def spelling(text: str, start: float = 0.0) -> Iterator[Landmarks]:
    """The drawn signer, from the first letter's beginning until the last one's end: the hand is still up."""
    signer = DemoSigner(text)
    begin, end = signer.letters[0][1], signer.letters[-1][2]
    for landmarks, _ in signer.landmarks():
        if begin <= landmarks.ts < end:
            yield dataclasses.replace(landmarks, ts=start + landmarks.ts - begin)


def test_a_reset_begins_another_caption_and_another_letter() -> None:
    """The same hand, held without a gap: of another recording it is another letter."""
    reader = reader_of()
    held = list(spelling("L"))
    more = [dataclasses.replace(held[-1], ts=held[-1].ts + k / 30) for k in range(1, 60)]
    assert of("letter", read(reader, held)) == ["L"]
    assert of("letter", read(reader, more[:20])) == [], "it is only held"
    reader.reset()
    assert (reader.composer.text, reader.hand_up, reader.silence.reason) == ("", False, "no_signer")
    again = read(reader, more[20:])
    assert of("letter", again) == ["L"]
    assert of("caption", again) == ["L"], "without the letter before"
    (event,) = [event for event in again if event.topic == "letter"]
    assert event.body["started_at"] >= more[20].ts - 0.001


def test_a_reset_forgets_half_a_sign(bundle: Bundle) -> None:
    reader = reader_of(bundle, letters=False)
    seen = frames([*SIGN, *lasting(NO_HAND, 1.0)])
    assert read(reader, seen[:8]) == []
    reader.reset()
    (event,) = [event for event in read(reader, seen[8:]) if event.topic == "word"]
    assert event.body["started_at"] >= seen[8].ts - 0.001


def test_a_reset_forgets_what_was_said_of_the_letters_and_signs_before(bundle: Bundle) -> None:
    """Two letters lately make a word one that was spelled; of another recording they say nothing."""
    reader = reader_of(bundle)
    spelled = list(spelling("LB"))
    assert of("letter", read(reader, spelled)) == ["L", "B"]
    start = spelled[-1].ts + 0.1
    reader.reset()
    assert of("word", read(reader, frames([*SIGN, *lasting(NO_HAND, 1.0)], start))) == [WAVING]


@pytest.mark.parametrize("gap", [0.03, 0.25, 0.8, 4.0])
def test_a_letter_held_across_a_reload_is_said_once_and_another_one_is_said(gap: float) -> None:
    """`gap`: seconds in which nothing was read."""
    reader, again = reader_of(), reader_of()
    held = list(spelling("L"))
    assert of("letter", read(reader, held)) == ["L"]
    again.continue_from(reader)
    start = held[-1].ts + gap
    more = [dataclasses.replace(held[-1], ts=start + k / 30) for k in range(60)]
    unfound = [dataclasses.replace(frame, ts=start - 0.02) for frame in frames([NO_HAND])]
    assert of("letter", read(again, [*unfound, *more])) == []
    other = list(spelling("B", start=more[-1].ts + 1 / 30))
    assert of("letter", read(again, other)) == ["B"]


def test_a_letter_held_until_long_after_a_reload_or_read_by_another_bundle_is_another() -> None:
    held = list(spelling("L"))
    other = dataclasses.replace(LETTERS, manifest={**LETTERS.manifest, "version": "another"})
    for bundle, gap in ((LETTERS, 30.0), (other, 0.25)):
        reader = reader_of()
        again = SignerReader(Config(), LetterReader(bundle), None, None, Stopwatch())
        assert of("letter", read(reader, held)) == ["L"]
        again.continue_from(reader)
        more = [dataclasses.replace(held[-1], ts=held[-1].ts + gap + k / 30) for k in range(30)]
        assert of("letter", read(again, more)) == ["L"]


def test_a_sign_that_a_reload_cuts_is_said_whole(bundle: Bundle) -> None:
    reader, again = reader_of(bundle, letters=False), reader_of(bundle, letters=False)
    seen = frames([*SIGN, *lasting(NO_HAND, 1.0)])
    assert read(reader, seen[:8]) == []
    again.continue_from(reader)
    (event,) = [event for event in read(again, seen[8:]) if event.topic == "word"]
    assert event.body["started_at"] < seen[8].ts - 0.1


def test_a_control_sign_held_across_a_reload_acts_once() -> None:
    config = Config(controls=ControlsConfig(delete="thumb_up"))
    reader, again = reader_of(config=config), reader_of(config=config)
    spelled = list(spelling("HI"))
    read(reader, spelled)
    held = frames(lasting(drawn(THUMB_UP), 4.0), spelled[-1].ts + 0.5)
    half = len(held) // 2
    read(reader, held[:half])
    assert reader.composer.text == "H"
    again.continue_from(reader)
    read(again, held[half:])
    assert again.composer.text == "H"


def test_while_paused_nothing_is_read_and_the_caption_goes_on() -> None:
    reader = reader_of()
    spelled = list(spelling("HI"))
    assert of("caption", read(reader, spelled))[-1] == "HI"
    paused = list(spelling("L", start=spelled[-1].ts + 0.1))
    assert read(reader, paused, paused=True) == []
    assert reader.composer.text == "HI"
    assert reader.hand_up, "what is seen is known"
    assert reader.silence.reason is None
    gone = frames(lasting(NO_HAND, 6.0), start=paused[-1].ts + 0.1)
    final = [event for event in read(reader, gone, paused=True) if event.body["final"]]
    assert [event.body["text"] for event in final] == ["HI"], "hands at rest end it as ever"


def test_a_sign_that_a_pause_cuts_is_not_said(bundle: Bundle) -> None:
    reader = reader_of(bundle, letters=False)
    seen = frames([*SIGN, *lasting(NO_HAND, 2.0)])
    assert read(reader, seen[:12]) == []
    assert read(reader, seen[12:], paused=True) == []
    assert reader.finish(9.0, paused=True) == []


def test_the_end_of_the_source_says_the_sign_and_closes_the_caption(bundle: Bundle) -> None:
    reader = reader_of(bundle)
    assert of("word", read(reader, frames(SIGN))) == []
    events = reader.finish(1.4, paused=False)
    assert of("word", events) == [WAVING]
    assert of("caption", events) == [f"{WAVING} ", WAVING]
    assert [event.body["final"] for event in events if event.topic == "caption"] == [False, True]
    assert reader.finish(1.5, paused=False) == []


def test_a_sign_is_captioned_as_its_bundle_writes_it(tmp_path: Path) -> None:
    """The label is "thankyou"."""
    words = without_floors(tmp_path, {"nothing": "thankyou", "thankyou": "nothing"})
    reader = reader_of(words, letters=False)
    events = read(reader, frames([*SIGN, *lasting(NO_HAND, 1.0)]))
    assert (of("word", events), of("caption", events)) == (["thankyou"], ["thank you "])


def test_without_words_the_end_of_the_source_closes_the_caption_too() -> None:
    reader = reader_of()
    read(reader, spelling("HI"))
    assert of("caption", reader.finish(9.0, paused=False)) == ["HI"]


def test_at_the_end_a_sign_among_spelled_letters_is_dropped_too(bundle: Bundle) -> None:
    reader = reader_of(bundle)
    spelled = list(spelling("LB"))
    read(reader, spelled)
    read(reader, frames(SIGN[:10], spelled[-1].ts + 1 / 15))
    events = reader.finish(spelled[-1].ts + 0.8, paused=False)
    assert of("word", events) == []
    assert of("caption", events)[-1] == "LB"


def test_what_stayed_unsaid_is_counted_of_letters_and_words(tmp_path: Path) -> None:
    reader = reader_of(talkative(tmp_path, floor=1.1))
    read(reader, frames([*SIGN, *lasting(NO_HAND, 1.0)]))
    alone = reader_of()
    read(alone, frames([*SIGN, *lasting(NO_HAND, 1.0)]))
    assert reader.abstentions == alone.abstentions + 1
    assert reader_of(letters=False).abstentions == 0


def test_either_hand_is_a_hand_that_is_up() -> None:
    reader = reader_of()
    (seen,) = frames(SIGN[:1])
    assert not reader.hand_up
    reader.step(seen, paused=True)
    assert reader.hand_up
    reader.step(dataclasses.replace(seen, ts=0.1, hands=seen.hands[::-1]), paused=True)
    assert reader.hand_up
    reader.step(frames([NO_HAND], start=0.2)[0], paused=True)
    assert not reader.hand_up


def test_controls_are_not_read_while_paused() -> None:
    config = dataclasses.replace(Config(), controls=ControlsConfig(space="thumb_up"))
    for paused, text in ((True, "HI"), (False, "HI ")):
        reader = reader_of(config=config)
        read(reader, spelling("HI"))
        read(reader, frames(lasting(drawn(THUMB_UP), 2.0), 20.0), paused=paused)
        assert reader.composer.text == text


def test_whoever_comes_next_writes_a_caption_of_their_own() -> None:
    reader = reader_of()
    first = list(spelling("HI"))
    read(reader, first)
    then = list(spelling("LA", start=first[-1].ts + 1 / 30))
    then[0] = dataclasses.replace(then[0], signer_left=True)
    captions = [event.body for event in read(reader, then) if event.topic == "caption"]
    assert [(body["text"], body["final"]) for body in captions] == [("HI", True), ("L", False), ("LA", False)]


def test_where_no_picture_comes_any_more_the_caption_ends_and_nobody_is_there() -> None:
    reader = reader_of()
    seen = list(spelling("HI"))
    read(reader, seen)
    last = seen[-1].ts
    assert reader.unseen(last + 1.0) == []
    assert of("caption", reader.unseen(last + 1.6)) == ["HI "]
    (final,) = reader.unseen(last + 3.1)
    assert (final.body["text"], final.body["final"]) == ("HI", True)
    assert (reader.hand_up, reader.silence.reason) == (False, "no_signer")
