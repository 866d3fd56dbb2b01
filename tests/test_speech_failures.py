"""Whatever breaks in the sound is said, and breaks nothing else."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from speech_tools import Desk, children, fake_program, needs_espeak, wait_for

from edge.config import SpeechConfig
from edge.speech import Speaker, Spoken, speech_problem
from edge.speech.playback import Playback, speakable

pytest_plugins = ("speech_tools",)


@needs_espeak
def test_without_a_sound_device_it_says_so_once_and_goes_on(
    no_device: None, open_desk: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    desk = open_desk()
    desk.say("hello", "thank you")
    assert desk.outcomes(2) == ["no_audio", "no_audio"]
    assert "/etc/asound.conf" in desk.reports[0].detail
    assert "\n" not in desk.reports[0].detail
    assert [record.levelname for record in caplog.records if record.name.startswith("edge.speech")] == ["WARNING"]


@needs_espeak
def test_a_sound_device_that_comes_back_is_used_again(
    no_device: None, open_desk: Callable[..., Desk], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    desk = open_desk()
    desk.say("hello")
    assert desk.outcomes(1) == ["no_audio"]
    Path(os.environ["ALSA_CONFIG_PATH"]).write_text("pcm.!default { type null }\n")
    desk.say("hello")
    assert desk.outcomes(2)[-1] == "played"
    assert caplog.records[-1].message == "sound is back"


@needs_espeak
@pytest.mark.parametrize("program", ["espeak-ng", "aplay"])
def test_a_hung_program_is_killed_and_the_next_caption_is_spoken(
    program: str, silent_device: None, open_desk: Callable[..., Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung = fake_program(tmp_path, program, "exec sleep 60", monkeypatch)
    desk = open_desk(timeout_seconds=0.3)
    desk.say("hello")
    assert desk.outcomes(1) == ["timed_out"]
    assert 0.3 <= desk.reports[0].seconds < 10.0
    assert not children()
    hung.unlink()
    desk.say("thank you")
    assert desk.outcomes(2)[-1] == "played"


@needs_espeak
@pytest.mark.parametrize("program", ["espeak-ng", "aplay"])
def test_a_crashed_program_is_reported_and_the_next_caption_is_spoken(
    program: str, silent_device: None, open_desk: Callable[..., Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = fake_program(tmp_path, program, "echo out of luck >&2; kill -SEGV $$", monkeypatch)
    desk = open_desk()
    desk.say("hello")
    assert desk.outcomes(1) == ["failed"]
    assert desk.reports[0].detail == f"{program} ended with signal SIGSEGV (out of luck)"
    broken.unlink()
    desk.say("thank you")
    assert desk.outcomes(2)[-1] == "played"


@needs_espeak
def test_whatever_a_playback_stumbles_over_the_next_caption_is_spoken(
    silent_device: None, open_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbles(*_: object) -> None:
        raise ValueError("nobody foresaw it")

    desk = open_desk()
    with monkeypatch.context() as broken:
        broken.setattr(Playback, "finish", stumbles)
        desk.say("hello")
        assert desk.outcomes(1) == ["failed"]
        wait_for(lambda: not desk.speaker.speaks, "it is busy for ever")
    assert "nobody foresaw it" in desk.reports[0].detail
    desk.say("thank you")
    assert desk.outcomes(2)[-1] == "played"


def test_whoever_is_told_and_raises_does_not_silence_what_comes(
    silent_device: None, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Spoken] = []

    def tell(spoken: Spoken) -> None:
        told.append(spoken)
        if len(told) == 1:
            raise ValueError("nobody foresaw it")

    speaker = Speaker(SpeechConfig(), tell)
    speaker.start()
    try:
        for number in range(2):
            speaker.say("hello", f"c{number}")
        wait_for(lambda: len(told) == 2, "the second caption is awaited")
        wait_for(lambda: not speaker.speaks, "it is busy for ever")
    finally:
        speaker.stop()
    assert "nobody foresaw it" in caplog.text


@pytest.mark.parametrize(("missing", "package"), [("espeak-ng", "espeak-ng"), ("aplay", "alsa-utils")])
def test_a_missing_program_is_named_with_its_package(
    missing: str, package: str, open_desk: Callable[..., Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = {"espeak-ng": "aplay", "aplay": "espeak-ng"}[missing]
    folder = fake_program(tmp_path, present, "exit 0", monkeypatch).parent
    monkeypatch.setenv("PATH", str(folder))
    desk = open_desk()
    desk.say("hello")
    assert desk.outcomes(1) == ["failed"]
    assert desk.reports[0].detail == f"{missing} is not installed; mend with: apt install {package}"
    assert speech_problem(SpeechConfig()) == desk.reports[0].detail


@needs_espeak
def test_a_full_queue_drops_the_oldest_waiting_caption(
    silent_device: None, open_desk: Callable[..., Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_program(tmp_path, "espeak-ng", 'sleep 0.3; exec /usr/bin/espeak-ng "$@"', monkeypatch)
    desk = open_desk(queue=2)
    desk.say("0")
    time.sleep(0.1)
    started = time.monotonic()
    for number in range(1, 6):
        desk.speaker.say(str(number), str(number))
    assert time.monotonic() - started < 0.2, "say never waits for the sound"
    desk.outcomes(6)
    assert [report.text for report in desk.reports if report.outcome == "dropped"] == ["1", "2", "3"]
    assert [report.text for report in desk.reports if report.outcome == "played"] == ["0", "4", "5"]


@needs_espeak
@pytest.mark.parametrize(
    "text", ["--help", "-w /tmp/asl-out.wav", "<speak>", "$(reboot)", "", "\0\1\2", "\ud800", "x" * 100_000]
)
def test_no_text_is_taken_for_an_option_or_breaks_the_speech(
    text: str, silent_device: None, open_desk: Callable[..., Desk]
) -> None:
    desk = open_desk()
    desk.say(text)
    assert desk.outcomes(1) == ["played" if text.strip("\0\1\2") else "failed"]
    assert not Path("/tmp/asl-out.wav").exists()


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("IT IS FOR US", "it is for us"),  # espeak-ng would read I T and U S
        ("Two teas for Ann", "Two teas for Ann"),
        ("[[h@l0U]]", "h@l0U"),  # phonemes to espeak-ng
        ("HI\x01 5\nBYE", "hi  5 bye"),
    ],
)
def test_a_caption_is_read_as_words(text: str, read: str) -> None:
    assert speakable(text) == read


def test_speech_that_is_disabled_starts_nothing(own_threads: Callable[[], set[str]]) -> None:
    reports: list[Spoken] = []
    speaker = Speaker(SpeechConfig(enabled=False), reports.append)
    speaker.start()
    speaker.say("hello", "c0")
    speaker.cancel()
    speaker.stop()
    assert reports == []
    assert "asl-speech" not in own_threads()
    assert speech_problem(SpeechConfig(enabled=False)) is None


@needs_espeak
@pytest.mark.parametrize("backend", ["espeak-ng", "pyttsx3"])
def test_the_check_says_what_is_wrong_before_a_caption_is_lost(
    backend: str, silent_device: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert speech_problem(SpeechConfig(backend=backend)) is None
    assert "speech.voice" in (speech_problem(SpeechConfig(backend=backend, voice="nonsense")) or "")
    Path(os.environ["ALSA_CONFIG_PATH"]).write_text("pcm.!default { type hw card 31 }\n")
    assert "/etc/asound.conf" in (speech_problem(SpeechConfig(backend=backend)) or "")
