"""A PulseAudio null sink as sound device, an ear at its monitor, and a desk that speaks."""

import itertools
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.config import SpeechConfig
from edge.speech import Speaker, Spoken

RATE = 22050
LOUD = 300
"""Of 32767; the null sink is digitally silent between sounds, and speech peaks near 24000."""

needs_espeak = pytest.mark.skipif(
    not (shutil.which("espeak-ng") and shutil.which("aplay")), reason="needs apt packages espeak-ng and alsa-utils"
)
needs_pulse = pytest.mark.skipif(
    not all(map(shutil.which, ("pulseaudio", "parec", "pactl", "espeak-ng", "aplay"))),
    reason="needs apt packages pulseaudio, pulseaudio-utils, libasound2-plugins, espeak-ng and alsa-utils",
)


class Ear:
    """Listens to the null sink's monitor and remembers when it was loud.

    A sound's time comes from the number of samples before it: when a busy machine delivers them says little.
    """

    def __init__(self, server: str) -> None:
        self._listener = subprocess.Popen(
            f"parec -s {server} -d asl.monitor --format=s16le --rate={RATE} --channels=1 --latency-msec=10".split(),
            stdout=subprocess.PIPE,
        )
        self._chunks: list[tuple[float, np.ndarray]] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while data := os.read(self._listener.stdout.fileno(), 882):
            self._chunks.append((time.monotonic(), np.frombuffer(data[: len(data) // 2 * 2], np.int16).astype(float)))

    def wait_until_listening(self) -> None:
        wait_for(lambda: self._chunks, "the monitor gives no samples")

    def forget(self) -> None:
        self._chunks.clear()

    def loud_times(self) -> list[float]:
        """Monotonic times: the chunk with the least delay since `forget` tells when the first sample was played."""
        chunks = list(self._chunks)
        ends = np.cumsum([len(chunk) for _, chunk in chunks]) / RATE
        began = min((at - end for (at, _), end in zip(chunks, ends, strict=True)), default=0.0)
        loud = [np.abs(chunk).max(initial=0) > LOUD for _, chunk in chunks]
        return [began + float(end) for end, is_loud in zip(ends, loud, strict=True) if is_loud]

    def sounds(self, gap_seconds: float = 0.25) -> list[tuple[float, float]]:
        """Start and end of each stretch of sound; silences under `gap_seconds` are part of it."""
        stretches: list[tuple[float, float]] = []
        for at in self.loud_times():
            if stretches and at - stretches[-1][1] < gap_seconds:
                stretches[-1] = (stretches[-1][0], at)
            else:
                stretches.append((at, at))
        return stretches

    def heard(self) -> np.ndarray:
        return np.concatenate([chunk for _, chunk in self._chunks])

    def close(self) -> None:
        self._listener.kill()
        self._listener.wait(5)


def wait_for(condition: Callable[[], object], message: str, seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, message
        time.sleep(0.01)


@pytest.fixture(scope="session")
def pulse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("pulse")
    server = f"unix:{folder}/native"
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)}
    # -n: no configuration of the machine's own; the null sink plays in real time, like a sound card
    daemon = subprocess.Popen(
        [
            *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"),
            *("-L", f"module-native-protocol-unix socket={folder}/native auth-anonymous=1"),
            *("-L", f"module-null-sink sink_name=asl rate={RATE} channels=1"),
        ],
        env=environment,
        stderr=subprocess.DEVNULL,
    )

    def ready() -> bool:
        return subprocess.run(["pactl", "-s", server, "info"], capture_output=True, check=False).returncode == 0

    wait_for(ready, "pulseaudio does not start")
    yield server
    daemon.terminate()
    daemon.wait(5)


@pytest.fixture(scope="session")
def listening(pulse: str) -> Iterator[Ear]:
    ear = Ear(pulse)
    ear.wait_until_listening()
    yield ear
    ear.close()


@pytest.fixture
def ear(listening: Ear, pulse: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ear:
    """The null sink as sound device, and an ear at it."""
    alsa = tmp_path / "asound.conf"
    alsa.write_text(f'pcm.!default {{ type pulse server "{pulse}" }}\n')
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(alsa))
    time.sleep(0.1)  # the end of what an earlier test cut off may still come
    listening.forget()
    return listening


@pytest.fixture
def no_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alsa = tmp_path / "asound.conf"
    alsa.write_text("pcm.!default { type hw card 31 }\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(alsa))


@pytest.fixture
def silent_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that accepts all sound at once and plays none."""
    alsa = tmp_path / "asound.conf"
    alsa.write_text("pcm.!default { type null }\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(alsa))


class Desk:
    """A running Speaker and what it reported."""

    def __init__(self, **options: object) -> None:
        self.reports: list[Spoken] = []
        self.speaker = Speaker(SpeechConfig(**options), self.reports.append)
        self.speaker.start()

    def say(self, *texts: str) -> None:
        for number, text in zip(itertools.count(len(self.reports)), texts, strict=False):
            self.speaker.say(text, f"c{number}")

    def outcomes(self, count: int) -> list[str]:
        wait_for(lambda: len(self.reports) >= count, f"{count} outcomes are awaited, have {self.reports}")
        return [report.outcome for report in self.reports]


@pytest.fixture
def open_desk() -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def opened(**options: object) -> Desk:
        desks.append(Desk(**options))
        return desks[-1]

    yield opened
    for desk in desks:
        desk.speaker.stop()
        assert not desk.speaker._thread.is_alive()


def fake_program(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program called `name` before the real one in PATH."""
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
    return path


def children() -> list[str]:
    listing = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "comm="], capture_output=True, text=True, check=False
    )
    return [name for name in listing.stdout.split() if name in ("espeak-ng", "aplay", "sleep")]
