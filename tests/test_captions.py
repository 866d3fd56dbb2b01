"""Letters become a caption that its signer can still change."""

from edge.captions import Composer
from edge.config import CaptionsConfig
from edge.types import Emission, Event

CONFIG = CaptionsConfig(word_gap_seconds=1.0, final_seconds=2.0, max_characters=8)


def letter(label: str, ts: float) -> Emission:
    return Emission("letter", label, 0.9, ((label, 0.9),), ts - 0.3, ts, ts, "right")


def spell(composer: Composer, text: str, start: float = 0.0) -> list[Event]:
    events = []
    for index, label in enumerate(text):
        ts = start + 0.5 * index
        events += composer.step(ts, [letter(label, ts)], hand_up=True)
    return events


def test_each_letter_shows_at_once() -> None:
    assert [event.body["text"] for event in spell(Composer(CONFIG), "HELLO")] == ["H", "HE", "HEL", "HELL", "HELLO"]


def test_a_short_rest_is_a_space_and_a_long_one_ends_the_caption() -> None:
    composer = Composer(CONFIG)
    spell(composer, "HI")
    assert composer.step(1.4, [], hand_up=False) == []
    assert composer.step(1.6, [], hand_up=False)[0].body["text"] == "HI "
    assert composer.step(1.8, [], hand_up=False) == []
    (final,) = composer.step(2.6, [], hand_up=False)
    assert (final.body["text"], final.body["final"], final.body["glosses"]) == ("HI", True, ["HI"])
    assert composer.text == ""
    assert composer.step(9.0, [], hand_up=False) == []


def test_a_hand_kept_up_never_ends_the_caption() -> None:
    composer = Composer(CONFIG)
    spell(composer, "HI")
    assert [composer.step(float(ts), [], hand_up=True) for ts in range(1, 60)] == [[]] * 59


def test_clear_and_backspace_are_published() -> None:
    composer = Composer(CONFIG)
    spell(composer, "CAT")
    assert composer.backspace(2.0)[0].body["text"] == "CA"
    assert composer.clear(2.1)[0].body["text"] == ""
    assert composer.finish(2.2) == []


def test_an_endless_caption_is_finished_at_its_limit() -> None:
    events = spell(Composer(CONFIG), "ABCDEFGHIJ")
    finals = [event.body["text"] for event in events if event.body["final"]]
    assert finals == ["ABCDEFGH"]
    assert events[-1].body["text"] == "IJ"
