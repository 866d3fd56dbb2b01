"""A replay gives the live run's events: at any speed, any frame rate, as often as it is asked."""

import json
import time
from pathlib import Path

import pytest
from daemon_tools import ROOT, asl_edge

from edge.camera import read_frames
from edge.config import CameraConfig, Config, LettersConfig, WordsConfig
from edge.demo import DemoSigner
from edge.letter_reader import LetterReader
from edge.pipeline import Pipeline, load_letters
from edge.replay import replay
from edge.types import Emission, Frame
from training.spelling import edits
from training.store import read_store

MODELS = ROOT / "models"


def letters(text: str, fps: float) -> list[dict[str, object]]:
    config = Config(camera=CameraConfig(fps=fps))
    return [event for event in replay(f"demo:{text}", config, MODELS) if event["type"] == "letter"]


@pytest.mark.parametrize("fps", [15.0, 30.0])
def test_the_drawn_signer_is_read_through_the_real_networks(fps: float) -> None:
    (*_, last) = replay("demo:HELLO", Config(camera=CameraConfig(fps=fps)), MODELS)
    assert (last["type"], last["text"], last["final"]) == ("caption", "HELLO", True)


def test_letters_are_said_within_their_own_time() -> None:
    for letter, (label, start, end) in zip(letters("WORLD", 30.0), DemoSigner("WORLD").letters, strict=True):
        assert letter["label"] == label
        assert start - 0.4 <= float(str(letter["started_at"])) <= float(str(letter["ended_at"])) <= end + 0.1


def test_the_same_file_gives_the_same_events() -> None:
    first, second = letters("QUIZ", 30.0), letters("QUIZ", 30.0)
    strip = [{**event, "latency_ms": 0} for event in first], [{**event, "latency_ms": 0} for event in second]
    assert strip[0] == strip[1]
    assert first


def read(text: str, fps: float, **performance: float) -> list[Emission]:
    reader = LetterReader(load_letters(Config(), MODELS))
    signer = DemoSigner(text, fps=fps, **performance)  # type: ignore[arg-type]
    return [emission for landmarks, _ in signer.landmarks() for emission in reader.step(landmarks)]


def test_half_the_frames_give_the_same_letters() -> None:
    fast, slow = read("HELLO", 30.0), read("HELLO", 15.0)
    assert [e.label for e in fast] == [e.label for e in slow] == list("HELLO")
    assert max(abs(a.decided_at - b.decided_at) for a, b in zip(fast, slow, strict=True)) < 0.15


@pytest.mark.parametrize("stretch", [0.5, 2.0])
def test_half_and_double_speed_give_the_same_letters(stretch: float) -> None:
    """The same frames with their times stretched: a slow and a quick signer."""
    pipeline = Pipeline(Config(), MODELS)
    frames = [Frame(frame.image, frame.ts * stretch, frame.index) for frame in read_frames("demo:HI", CameraConfig())]
    events = [event for frame in frames for event in pipeline.step(frame)]
    assert [event.body["label"] for event in events if event.topic == "letter"] == ["H", "I"]


def test_a_slow_machine_reads_what_a_fast_one_reads() -> None:
    frames = list(read_frames("demo:HI", CameraConfig()))
    fast, slow = Pipeline(Config(), MODELS), Pipeline(Config(), MODELS)
    expected = [event for frame in frames for event in fast.step(frame)]
    got = []
    for frame in frames:
        time.sleep(0.005)
        got += slow.step(frame)
    assert got == expected


def test_a_pause_is_silent_and_keeps_the_caption() -> None:
    pipeline = Pipeline(Config(), MODELS)
    pipeline.paused = True
    events = [event for frame in read_frames("demo:HI", CameraConfig()) for event in pipeline.step(frame)]
    assert not [event for event in events if event.topic in ("letter", "caption")]
    assert [event.body["silent"] for event in events if event.topic == "state"] == ["paused"]


@pytest.mark.shared
@pytest.mark.parametrize(
    "clip", ["mariia_HELLO", "mariia_COFFEE", "mariia_TICKET", "t32rahman_WATER", "t32rahman_HELLO"]
)
def test_a_spelled_clip_is_read(clip: str, shared_data: Path) -> None:
    """Signers that training knows: this tests the way of the data, not the model."""
    word = clip.split("_")[1]
    events = list(replay(str(shared_data / f"clips/spell_{clip}.mp4"), Config(), MODELS))
    text = "".join(str(event["label"]) for event in events if event["type"] == "letter")
    assert sum(edits(text, word)) <= 1


@pytest.mark.shared
def test_people_who_do_not_sign_say_a_letter_in_2_of_100_clips_at_most_and_no_sign(shared_data: Path) -> None:
    pipeline = Pipeline(Config(), MODELS)
    idle = [clip for clip in read_store(shared_data / "words.parquet") if clip.kind == "idle"]
    said: list[set[str]] = []
    for clip in idle:
        pipeline.reset()
        seen = list(clip.landmarks())
        events = [event for landmarks in seen for event in pipeline.read(landmarks)] + pipeline.finish(seen[-1].ts)
        said.append({event.topic for event in events} & {"letter", "word"})
    assert len(idle) >= 100
    assert sum("letter" in topics for topics in said) / len(idle) <= 0.02
    assert not any("word" in topics for topics in said)


def test_json_lines_carry_the_payload_and_the_source() -> None:
    result = asl_edge("replay", "demo:HI", "--json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert {event["source"] for event in events} == {"demo:HI"}
    first = next(event for event in events if event["type"] == "letter")
    fields = {"v", "device", "seq", "ts", "type", "label", "confidence", "alternatives", "started_at", "ended_at"}
    assert set(first) == fields | {"hand", "latency_ms", "source"}


def test_without_letters_and_words_nothing_is_read() -> None:
    config = Config(letters=LettersConfig(enabled=False), words=WordsConfig(enabled=False))
    assert not list(replay("demo:HI", config, MODELS))
