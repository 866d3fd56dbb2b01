"""Letters and words of one stream: what is spelled is no sign, what is signed is no spelling."""

import json
from pathlib import Path

import pytest
from daemon_tools import asl_edge, write_config

from edge.arbiter import Arbiter
from edge.captions import Composer
from edge.config import CaptionsConfig, Config, WordsConfig
from edge.errors import InputError
from edge.glosses import active_words
from edge.paths import models_dir
from edge.pipeline import Pipeline, load_words
from edge.replay import replay
from edge.types import Emission


def said(label: str, start: float, end: float, confidence: float = 0.9) -> Emission:
    kind = "letter" if len(label) == 1 else "word"
    return Emission(kind, label, confidence, ((label, confidence),), start, end, end, "right")  # type: ignore[arg-type]


def test_the_handshape_that_a_sign_ends_with_is_no_letter() -> None:
    arbiter = Arbiter()
    arbiter.step([], [said("hello", 0.2, 1.0)])
    assert arbiter.step([said("B", 0.8, 1.2)], []) == [], "it stood before the word was said"
    assert [e.label for e in arbiter.step([said("C", 1.5, 1.9)], [])] == ["C"]
    assert [e.label for e in arbiter.step([said("A", 0.1, 0.5)], [])] == ["A"], (
        "another recording, whose clock starts anew"
    )


def test_a_word_among_spelled_letters_is_dropped() -> None:
    arbiter = Arbiter()
    assert [e.label for e in arbiter.step([said("H", 0.0, 0.5)], [])] == ["H"]
    arbiter.step([said("L", 0.8, 1.3)], [])
    assert arbiter.step([], [said("iloveyou", 1.2, 2.0)]) == []
    assert [e.label for e in arbiter.step([], [said("hello", 9.0, 10.0)])] == ["hello"]


@pytest.mark.parametrize(
    ("handshapes", "confidence", "labels"),
    [("PQ", 0.9, ["go"]), ("PQ", 0.8, []), ("PQD", 0.9, [])],
    ids=["two in a sure sign", "two in a doubtful one", "three"],
)
def test_a_sure_sign_may_pass_through_two_handshapes(handshapes: str, confidence: float, labels: list[str]) -> None:
    arbiter = Arbiter()
    for place, letter in enumerate(handshapes):
        arbiter.step([said(letter, 0.2 + place / 2, 0.5 + place / 2)], [])
    assert [e.label for e in arbiter.step([], [said("go", 0.1, 1.9, confidence)])] == labels


@pytest.mark.parametrize(
    ("letter", "confidence", "sign", "labels"),
    [("T", 0.95, "yes", []), ("T", 0.85, "yes", ["yes"]), ("B", 0.95, "yes", ["yes"]), ("T", 0.95, "hello", ["hello"])],
    ids=["a held fist", "a nodding one", "another hand", "another sign"],
)
def test_a_fist_held_still_is_a_letter_and_no_yes(letter: str, confidence: float, sign: str, labels: list[str]) -> None:
    arbiter = Arbiter()
    arbiter.step([said(letter, 0.3, 0.6, confidence)], [])
    assert [e.label for e in arbiter.step([], [said(sign, 0.1, 1.0)])] == labels


def test_a_sign_after_hands_that_rested_is_no_part_of_what_was_spelled_before() -> None:
    spelled = [said("H", 0.0, 0.5), said("I", 0.6, 1.0)]
    for hands_up_since, stands in ((1.8, ["hello"]), (0.0, [])):
        arbiter = Arbiter()
        arbiter.step(spelled, [], 0.0)
        assert [e.label for e in arbiter.step([], [said("hello", 1.8, 2.6)], hands_up_since)] == stands


@pytest.mark.parametrize(("pause", "labels"), [(4.5, []), (5.5, ["hello"])])
def test_what_follows_spelling_shortly_is_no_sign(pause: float, labels: list[str]) -> None:
    """The slide that doubles a letter held for long; who signs after spelling puts the hand down in between."""
    arbiter = Arbiter()
    arbiter.step([said("H", 0.6, 1.0)], [])
    arbiter.step([said("L", 1.1, 1.3)], [])
    word = said("hello", 1.3 + pause, 3.0 + pause)
    assert [e.label for e in arbiter.step([], [word])] == labels


@pytest.mark.parametrize("decided", [0.4, 1.0], ids=["while it was made", "with it"])
def test_the_handshapes_of_a_sign_do_not_silence_the_next_one(decided: float) -> None:
    arbiter = Arbiter()
    arbiter.step([said("X", 0.1, 0.4)] if decided < 1.0 else [], [])
    held = [said("X", 0.6, 1.0)] if decided == 1.0 else []
    assert [e.label for e in arbiter.step(held, [said("apple", 0.3, 1.0)])] == ["apple"]
    arbiter.step([said("B", 1.6, 2.0)], [])
    assert [e.label for e in arbiter.step([], [said("hello", 1.4, 2.4)])] == ["hello"]


def test_one_false_sign_among_letters_lets_no_second_one_through() -> None:
    arbiter = Arbiter()
    arbiter.step([said("H", 0.0, 0.5)], [])
    assert [e.label for e in arbiter.step([], [said("yes", 0.6, 1.2)])] == ["yes"]
    arbiter.step([said("E", 1.6, 2.0)], [])
    assert arbiter.step([], [said("no", 2.1, 2.7)]) == []


def test_a_letter_decided_with_a_word_is_its_handshape() -> None:
    arbiter = Arbiter()
    arbiter.step([], [said("hello", 0.2, 1.0)])
    assert arbiter.step([said("B", 0.8, 1.0)], []) == []


@pytest.mark.parametrize(("started", "labels"), [(1.05, []), (1.27, []), (1.33, ["C"]), (1.6, ["C"])])
def test_a_letter_that_stands_right_after_a_word_is_its_handshape(started: float, labels: list[str]) -> None:
    """`drink` leaves a C, `go` a Q; who goes on to spell has to move the hand there."""
    arbiter = Arbiter()
    arbiter.step([], [said("drink", 0.2, 1.0)])
    assert [e.label for e in arbiter.step([said("C", started, started + 0.4)], [])] == labels


def test_what_a_sign_left_is_no_spelling_that_silences_the_next_sign() -> None:
    arbiter = Arbiter()
    arbiter.step([], [said("drink", 0.2, 1.0)])
    assert arbiter.step([said("C", 1.1, 1.5)], []) == []
    arbiter.step([said("B", 2.0, 2.4)], [])
    assert [e.label for e in arbiter.step([], [said("thankyou", 1.9, 2.8)])] == ["thankyou"]


def test_one_letter_in_a_sign_is_its_handshape_and_leaves_the_caption() -> None:
    arbiter, composer = Arbiter(), Composer(CaptionsConfig(), texts={"thankyou": "thank you"})
    composer.step(0.5, arbiter.step([said("B", 0.2, 0.5)], []), hand_up=True)
    (event,) = composer.step(1.0, arbiter.step([], [said("thankyou", 0.1, 1.0)]), hand_up=True)
    assert (event.body["text"], event.body["glosses"]) == ("thank you ", ["THANKYOU"])
    composer.step(2.0, [said("A", 1.6, 2.0), said("L", 2.1, 2.4)], hand_up=True)
    (final,) = composer.finish(3.0)
    assert (final.body["text"], final.body["glosses"]) == ("thank you AL", ["THANKYOU", "AL"])


def test_a_sign_alone_is_no_caption_of_too_few_letters() -> None:
    composer = Composer(CaptionsConfig(least_letters=4))
    composer.step(1.0, [said("yes", 0.0, 1.0)], hand_up=True)
    (final,) = composer.end(5.0)
    assert (final.body["text"], final.body["final"]) == ("yes", True)


def test_a_backspace_takes_a_sign_back_whole() -> None:
    composer = Composer(CaptionsConfig(), texts={"thankyou": "thank you"})
    composer.step(1.0, [said("hello", 0.0, 1.0), said("thankyou", 1.2, 2.0)], hand_up=True)
    assert composer.backspace(2.5)[0].body["text"] == "hello "
    assert composer.backspace(2.6)[0].body["text"] == ""


@pytest.mark.shared
def test_signs_are_said_and_captioned(shared_data: Path) -> None:
    (clip,) = sorted((shared_data / "clips/words").glob("signingsavvy__blue__*.mp4"))[:1]
    events = list(replay(str(clip), Config(), models_dir(Config())))
    words = [event for event in events if event["type"] == "word"]
    assert [word["label"] for word in words] == ["blue"]
    assert words[0]["latency_ms"] >= 0
    assert words[0]["started_at"] < words[0]["ended_at"] <= words[0]["ts"]
    assert (events[-1]["type"], events[-1]["text"], events[-1]["final"]) == ("caption", "blue", True)


@pytest.mark.shared
@pytest.mark.parametrize("word", ["mariia_HELLO", "t32rahman_WATER"])
def test_spelling_fires_no_word(word: str, shared_data: Path) -> None:
    events = list(replay(str(shared_data / f"clips/spell_{word}.mp4"), Config(), models_dir(Config())))
    assert [event for event in events if event["type"] == "word"] == []
    assert events[-1]["text"] == word.partition("_")[2]


def test_signs_are_read_unless_they_are_switched_off() -> None:
    off = Config(words=WordsConfig(enabled=False))
    tasks = [[bundle.task for bundle in Pipeline(config, models_dir(config)).bundles] for config in (Config(), off)]
    assert tasks == [["hands", "pose", "letters", "words"], ["hands", "pose", "letters"]]


def test_a_word_that_the_bundle_does_not_know_is_one_line(tmp_path: Path) -> None:
    config = write_config(tmp_path, extra="words:\n  active: hello, poetry\n")
    refused = asl_edge("replay", "demo:A", "--config", config)
    assert refused.returncode == 2
    assert refused.stderr.startswith("asl-edge: words.active: 'poetry' is no word of bundle 'words'; it reads ")
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize("text", ["hello, thankyou", "Hello, thank you,", " THANK_YOU ,, hello"])
def test_active_words_may_be_written_as_captions_write_them(text: str) -> None:
    bundle = load_words(Config(), models_dir(Config()))
    assert active_words("words.active", text, bundle) == {"hello", "thankyou"}


@pytest.mark.parametrize("text", [None, "", " , "])
def test_a_list_that_names_no_word_leaves_all_of_them_active(text: str | None) -> None:
    assert active_words("words.active", text, load_words(Config(), models_dir(Config()))) is None


@pytest.mark.parametrize("name", ["poetry", "nothing"])
def test_what_is_no_word_is_refused_among_others(name: str) -> None:
    with pytest.raises(InputError, match=f"words.active: '{name}' is no word of bundle 'words'; it reads hello, thank"):
        active_words("words.active", f"hello, {name}", load_words(Config(), models_dir(Config())))


def test_the_installed_words_are_told_in_info_and_check(tmp_path: Path) -> None:
    config = write_config(tmp_path, extra="words: {active: 'hello, yes, no'}\n")
    report = asl_edge("check", "--json", "--config", config, "--source", "demo:A")
    models = next(check for check in json.loads(report.stdout)["checks"] if check["name"] == "models")
    assert models["ok"]
    assert "words" in models["detail"]
