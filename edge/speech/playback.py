"""One utterance: a synthesiser that writes WAV, piped into `aplay`; both are child processes that can be killed.

Measured with a PulseAudio null sink: `espeak-ng --stdin --stdout | aplay` is first heard after 19 to 29 ms (median 22),
as soon as libespeak-ng called in process (15 to 23 ms), and a crash or hang stays in the child. The caption goes in
through stdin, so no text can be mistaken for an option.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from shutil import which
from typing import IO, Literal, cast

from edge.config import SpeechConfig

Outcome = Literal["played", "cancelled", "muted", "no_audio", "timed_out", "failed", "dropped"]

_PLAYER = ("aplay", "-q")
_OPEN_DEVICE = (*_PLAYER, "-t", "raw", "-f", "S16_LE", "-r", "22050", "-c", "1", "/dev/null")
"""Opens and closes the sound device without playing anything."""

_PACKAGES = {"espeak-ng": "espeak-ng", "aplay": "alsa-utils"}
_DEVICE_ERRORS = re.compile(r"audio open error|write error|unable to install hw params|no such device", re.IGNORECASE)
_CHOOSE_VOICE = "see speech.voice and speech.backend"
_CHOOSE_DEVICE = (
    "plug in a speaker, choose one in /etc/asound.conf (`aplay -l` lists them) or set speech.enabled: false"
)

_MAX_CHARACTERS = 1000
"""Over five times the longest caption, and far below a pipe's 64 KiB, so that writing it cannot block."""

_REAP_SECONDS = 1.0
"""A killed child that is not gone by then is stuck in the kernel, and is left there."""

_CHECK_SECONDS = 10.0


def synthesiser_command(config: SpeechConfig) -> tuple[str, ...]:
    """The program that reads UTF-8 text on stdin and writes one WAV to stdout."""
    rate = str(config.words_per_minute)
    if config.backend == "pyttsx3":
        return (sys.executable, str(Path(__file__).with_name("pyttsx3_wav.py")), rate, config.voice)
    return ("espeak-ng", "--stdin", "--stdout", "-b", "1", "-s", rate, "-v", config.voice)


def speakable(text: str) -> str:
    """`text` as the synthesiser should read it.

    espeak-ng takes `[[...]]` for phonemes and control characters for commands: both are removed. It spells out short
    words in capitals ("IT" is read "I T"), and fingerspelled captions are all capitals: those become lower case.
    """
    plain = re.sub(r"[\x00-\x1f\x7f\[\]]+", " ", text)[:_MAX_CHARACTERS].strip()
    return plain.lower() if plain.isupper() else plain


class Playback:
    """The two running children of one utterance.

    Raises:
        OSError: a program could not be started; FileNotFoundError names it in `filename`.
    """

    def __init__(self, synthesiser: tuple[str, ...], text: str) -> None:
        self._synthesiser = _spawn(synthesiser, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        wav = cast("IO[bytes]", self._synthesiser.stdout)
        try:
            self._player = _spawn(_PLAYER, stdin=wav)
        except OSError:
            _end(self._synthesiser, grace_seconds=0)
            raise
        finally:
            wav.close()  # only the player reads it, so that its death reaches the synthesiser
        with contextlib.suppress(BrokenPipeError), cast("IO[bytes]", self._synthesiser.stdin) as stdin:
            stdin.write(speakable(text).encode("utf-8", "replace"))

    def kill(self) -> None:
        """Silence at once, from any thread: sound still in the device is dropped when it is closed."""
        self._player.kill()
        self._synthesiser.kill()

    def finish(self, timeout_seconds: float) -> tuple[Outcome, str]:
        """Wait for the end of the sound; returns the outcome and one line of detail. Both children are then gone."""
        try:
            self._player.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return "timed_out", f"still playing after {timeout_seconds:g} s and cut off; see speech.timeout_seconds"
        else:
            _end(self._synthesiser, grace_seconds=_REAP_SECONDS)
            return self._diagnosis()
        finally:
            for child in (self._player, self._synthesiser):
                _end(child, grace_seconds=0)

    def _diagnosis(self) -> tuple[Outcome, str]:
        player_words = _last_words(self._player)
        if self._player.returncode != 0 and _DEVICE_ERRORS.search(player_words):
            return "no_audio", f"no sound came out ({player_words}); {_CHOOSE_DEVICE}"
        if self._synthesiser.returncode not in (0, -signal.SIGPIPE):  # SIGPIPE: the player went first
            why = _obituary(self._synthesiser, _last_words(self._synthesiser))
            return "failed", f"{why}; {_CHOOSE_VOICE}" if self._synthesiser.returncode > 0 else why
        if self._player.returncode != 0:
            return "failed", _obituary(self._player, player_words)
        return "played", ""


def missing_program(name: str) -> str:
    """One line for a program that is not installed."""
    program = Path(name).name
    return f"{program} is not installed; mend with: apt install {_PACKAGES.get(program, program)}"


def speech_problem(config: SpeechConfig) -> str | None:
    """What prevents captions from being heard, and how to mend it: one line, or None. Makes no sound."""
    if not config.enabled:
        return None
    synthesiser = synthesiser_command(config)
    for program in (synthesiser[0], _PLAYER[0]):
        if which(program) is None:
            return missing_program(program)
    try:
        made = subprocess.run(synthesiser, input=b"a", capture_output=True, timeout=_CHECK_SECONDS, check=False)
        if made.returncode != 0 or not made.stdout:
            return f"{config.backend} makes no sound ({_last_line(made.stderr)}); {_CHOOSE_VOICE}"
        opened = subprocess.run(_OPEN_DEVICE, capture_output=True, timeout=_CHECK_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        return f"{Path(error.cmd[0]).name} hangs; try it by hand: {' '.join(error.cmd)}"
    if opened.returncode != 0:
        return f"the sound device cannot be opened ({_last_line(opened.stderr)}); {_CHOOSE_DEVICE}"
    return None


def _spawn(command: tuple[str, ...], stdin: IO[bytes] | int, stdout: int | None = None) -> subprocess.Popen[bytes]:
    # Its own process group: Ctrl-C at the terminal is for the daemon to handle, not for the children.
    return subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, process_group=0)


def _end(child: subprocess.Popen[bytes], grace_seconds: float) -> None:
    """Reap `child`, killing it if it is still there after the grace period."""
    try:
        child.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_REAP_SECONDS)


def _last_words(child: subprocess.Popen[bytes]) -> str:
    """The last line a finished child wrote to stderr; never waits, even if a grandchild holds the pipe."""
    stderr = cast("IO[bytes]", child.stderr)
    os.set_blocking(stderr.fileno(), False)
    return _last_line(stderr.read() or b"")


def _last_line(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else "no message"


def _obituary(child: subprocess.Popen[bytes], words: str) -> str:
    name = Path(cast("tuple[str, ...]", child.args)[0]).name
    code = child.returncode
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"status {code}"
    return f"{name} ended with {how} ({words})"
