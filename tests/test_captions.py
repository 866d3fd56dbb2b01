"""Letters become a caption that its signer can still change."""

import pytest

from edge.captions import Composer
from edge.config import CaptionsConfig
from edge.lexicon import Lexicon
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


def test_a_space_ends_the_word_that_is_being_spelled_and_no_other() -> None:
    composer = Composer(CONFIG, Lexicon())
    assert composer.space(0.0) == []
    spell(composer, "HELO")
    assert composer.space(2.0)[0].body["text"] == "HELLO "
    assert composer.space(2.1) == []
    assert spell(composer, "H", 3.0)[-1].body["text"] == "HELLO H"


def test_an_endless_caption_is_finished_at_its_limit() -> None:
    events = spell(Composer(CONFIG), "ABCDEFGHIJ")
    finals = [event.body["text"] for event in events if event.body["final"]]
    assert finals == ["ABCDEFGH"]
    assert events[-1].body["text"] == "IJ"


def test_a_reload_does_not_cut_the_rest_of_a_caption_short() -> None:
    before, after = Composer(CONFIG), Composer(CONFIG)
    spell(before, "HI")
    after.continue_from(before)
    assert after.step(1.4, [], hand_up=False) == []
    assert after.text == "HI"


def rest(composer: Composer, seconds: float, start: float = 1.6) -> list[Event]:
    return [
        event for tenth in range(int(seconds * 10)) for event in composer.step(start + tenth / 10, [], hand_up=False)
    ]


def test_a_repaired_word_is_shown_with_what_was_spelled() -> None:
    composer = Composer(CONFIG, Lexicon())
    shown = spell(composer, "HELO")[-1].body
    assert (shown["text"], shown["spelled"]) == ("HELO", "HELO")
    space, final = (event.body for event in rest(composer, 4))
    assert (space["text"], space["spelled"], space["final"]) == ("HELLO ", "HELO ", False)
    assert (final["text"], final["spelled"], final["glosses"]) == ("HELLO", "HELO", ["HELLO"])


def test_backspace_takes_a_repair_back_before_it_takes_letters() -> None:
    composer = Composer(CONFIG, Lexicon())
    spell(composer, "HELO")
    rest(composer, 1.2)
    assert composer.text == "HELLO "
    assert composer.backspace(7.0)[0].body["text"] == "HELO "
    assert composer.backspace(7.1)[0].body["text"] == "HEL"


def test_a_repair_taken_back_is_not_made_again() -> None:
    composer = Composer(CONFIG, Lexicon())
    spell(composer, "HELO")
    rest(composer, 1.2)
    composer.backspace(7.0)
    (final,) = composer.finish(7.1)
    assert (final.body["text"], final.body["spelled"]) == ("HELO", "HELO")


@pytest.mark.parametrize("spelled", ["BATHROOM", "COFEE", "HELO"])
def test_a_letter_taken_back_while_the_hands_rest_is_not_put_back(spelled: str) -> None:
    composer = Composer(CONFIG, Lexicon())
    spell(composer, spelled, 3.5 - 0.5 * len(spelled))
    assert [event.body["final"] for event in composer.step(4.5, [], hand_up=False)] == [False], "a space"
    while len(composer.text.strip()) >= len(spelled):
        composer.backspace(4.9)
    assert composer.step(4.93, [], hand_up=False) == [], "who corrects is not done yet"
    events = [event for step in range(1, 50) for event in composer.step(4.93 + step / 10, [], hand_up=False)]
    assert {event.body["text"].strip() for event in events} == {spelled[:-1]}
    assert [event.ts for event in events if event.body["final"]] == [
        pytest.approx(4.9 + CONFIG.final_seconds, abs=0.15)
    ]


def test_a_reload_does_not_repair_what_was_corrected() -> None:
    before, after = Composer(CONFIG, Lexicon()), Composer(CONFIG, Lexicon())
    spell(before, "COFEE")
    before.backspace(4.0)
    after.continue_from(before)
    after.space(4.1)
    assert after.text == "COFE "


def test_a_letter_added_to_a_corrected_word_lets_it_be_repaired_again() -> None:
    composer = Composer(CONFIG, Lexicon())
    spell(composer, "HELX")
    composer.backspace(4.0)
    spell(composer, "O", 5.0)
    composer.space(7.0)
    assert composer.text == "HELLO "


def test_without_a_lexicon_words_stay_as_spelled() -> None:
    composer = Composer(CONFIG)
    spell(composer, "HELO")
    assert [event.body["text"] for event in rest(composer, 4)] == ["HELO ", "HELO"]


def test_one_letter_alone_is_dropped_for_all_to_see_unless_somebody_asks_for_it() -> None:
    composer = Composer(CONFIG)
    spell(composer, "B")
    assert [(event.body["text"], event.body["final"]) for event in rest(composer, 4, 0.1)] == [
        ("B ", False),
        ("", False),
    ]
    spell(composer, "B", 20.0)
    assert [event.body["text"] for event in composer.finish(21.0)] == ["B"]
    lone = Composer(CaptionsConfig(least_letters=1))
    spell(lone, "B")
    assert rest(lone, 4, 0.1)[-1].body["final"]


def test_a_reload_keeps_the_caption_and_what_was_spelled() -> None:
    before, after = Composer(CONFIG, Lexicon()), Composer(CONFIG, Lexicon())
    spell(before, "HELO")
    rest(before, 1.2)
    after.continue_from(before)
    assert (after.text, after.spelled) == ("HELLO ", "HELO ")


def sign(label: str, start: float, end: float) -> Emission:
    return Emission("word", label, 0.9, ((label, 0.9),), start, end, end, "right")


def test_before_anything_was_seen_nothing_is_captioned() -> None:
    composer = Composer(CONFIG)
    assert composer.step(0.0, [], hand_up=False) == []
    assert composer.end(1.0) == []
    assert composer.finish(2.0) == []
    assert [event.body["text"] for event in composer.backspace(3.0)] == [""], "asked for, and shown to be empty"


def test_a_sign_ends_the_word_spelled_before_it() -> None:
    composer = Composer(CONFIG)
    spell(composer, "AL")
    (event,) = composer.step(3.0, [sign("hello", 1.5, 2.8)], hand_up=True)
    assert (event.body["text"], event.body["glosses"]) == ("AL hello ", ["AL", "HELLO"])


def test_the_rest_after_a_sign_begins_when_it_is_said() -> None:
    """Signs are said when the hands are down already."""
    composer = Composer(CONFIG)
    composer.step(0.0, [], hand_up=True)
    (shown,) = composer.step(5.0, [sign("hello", 4.0, 4.8)], hand_up=False)
    assert not shown.body["final"]
    assert composer.step(6.8, [], hand_up=False) == []
    assert [event.body["text"] for event in composer.step(7.2, [], hand_up=False)] == ["hello"]


def test_a_letter_beside_a_sign_is_not_dropped() -> None:
    """Before it or after it."""
    for at, text in ((0.0, "B hello"), (4.0, "hello B")):
        composer = Composer(CaptionsConfig(max_characters=80, least_letters=3))
        spelled = [(at, [letter("B", at)]), (2.0, [sign("hello", 1.0, 2.0)])]
        for ts, emissions in sorted(spelled, key=lambda each: each[0]):
            composer.step(ts, emissions, hand_up=True)
        assert [(event.body["text"], event.body["final"]) for event in composer.end(6.0)] == [(text, True)]


def test_backspace_takes_the_letters_being_spelled_before_it_touches_the_word_before() -> None:
    composer = Composer(CONFIG, Lexicon())
    spell(composer, "HELO")
    composer.space(2.0)
    spell(composer, "AB", 3.0)
    assert [composer.backspace(9.0)[0].body["text"] for _ in range(5)] == [
        "HELLO A",
        "HELLO ",
        "HELO ",
        "HEL",
        "HE",
    ]
