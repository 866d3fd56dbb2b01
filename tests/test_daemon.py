"""The daemon as its users have it: a process that reads, publishes, obeys, and can be killed at any moment."""

import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
from daemon_tools import ROOT, Running, write_config
from mjpeg_server import MjpegServer
from mqtt_tools import Listener, Mosquitto, eventually
from speech_tools import fake_program

from edge.demo import DemoSigner

CLOCK = """\
import os, time
real = time.time
time.time = lambda: real() - (3600 if os.path.exists({set_back!r}) else 0)
"""

CAMERA = """\
import os, sys, time
import cv2
from edge.demo import DemoSigner

for frame, _ in DemoSigner("HELLO", fps=15, loop=True):
    if os.path.exists({gone!r}):
        sys.exit("unplugged")
    sys.stdout.buffer.write(cv2.cvtColor(frame.image, cv2.COLOR_BGR2YUV_I420).tobytes())
    sys.stdout.flush()
    time.sleep(0.03)
"""

BASE = "asl/test"
STOP_SECONDS = 5.0  # half a second when the machine is idle; systemd kills after five
Start = Callable[..., Running]


@pytest.fixture
def listener(mosquitto: Mosquitto) -> Iterator[Listener]:
    heard = Listener(mosquitto.port)
    yield heard
    heard.close()


@pytest.fixture
def start(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Start]:
    running: list[Running] = []

    def begin(text: str = "HELLO", **options: object) -> Running:
        config = write_config(tmp_path, mosquitto.url, **options)
        running.append(Running("--config", config, "--source", f"demo:{text}", log=tmp_path / "log"))
        return running[-1]

    yield begin
    for daemon in running:
        daemon.kill()


def final_captions(listener: Listener) -> list[str]:
    return [seen.json["text"] for seen in listener.on(f"{BASE}/caption") if seen.json["final"]]


def words(captions: list[str]) -> list[str]:
    return " ".join(captions).split()


def test_a_spelled_word_reaches_a_subscriber(start: Start, listener: Listener) -> None:
    daemon = start("HELLO")

    def letters() -> list[dict[str, Any]]:
        return [seen.json for seen in listener.on(f"{BASE}/letter")]

    # It is spelled again and again: a machine too busy to read it the first time has more chances.
    eventually(lambda: "HELLO" in words(final_captions(listener)), 120)
    eventually(lambda: "HELLO" in "".join(letter["label"] for letter in letters()), 120)
    assert all(letter["latency_ms"] > 0 and letter["device"] == "test" for letter in letters())
    sequence = [s.json["seq"] for s in listener.seen if s.topic != f"{BASE}/status" and not s.retained]
    assert sequence == sorted(set(sequence))
    assert daemon.stop() < STOP_SECONDS


def test_status_info_and_state_are_retained(start: Start, mosquitto: Mosquitto, listener: Listener) -> None:
    start()
    listener.wait(f"{BASE}/letter", seconds=60)
    late = Listener(mosquitto.port)
    try:
        assert late.wait(f"{BASE}/status")[0].payload == b"online"
        info = late.wait(f"{BASE}/info")[0].json
        assert set(info["models"]) >= {"hands", "pose", "letters"}
        assert info["camera"]["kind"] == "demo"
        assert late.wait(f"{BASE}/state")[0].json["muted"] is False
        time.sleep(0.3)
        assert not [seen for seen in late.seen if seen.retained and seen.topic.endswith(("letter", "caption"))]
    finally:
        late.close()


def test_a_killed_daemon_is_said_to_be_offline_and_starts_again(start: Start, listener: Listener) -> None:
    daemon = start()
    listener.wait(f"{BASE}/letter", seconds=60)
    daemon.kill()
    eventually(lambda: listener.on(f"{BASE}/status")[-1].payload == b"offline")
    start()
    eventually(lambda: listener.on(f"{BASE}/status")[-1].payload == b"online")


def test_a_stopped_daemon_says_goodbye(start: Start, listener: Listener) -> None:
    daemon = start()
    listener.wait(f"{BASE}/letter", seconds=60)
    assert daemon.stop() < STOP_SECONDS
    assert daemon.process.returncode == 0
    eventually(lambda: listener.on(f"{BASE}/status")[-1].payload == b"offline")
    assert "Traceback" not in daemon.output


def test_commands_change_the_caption_and_bad_ones_change_nothing(start: Start, listener: Listener) -> None:
    start("ABCDEFGHIKLMNOPQRSTUVWXY")
    listener.wait(f"{BASE}/caption", 2, seconds=30)
    listener.send(f"{BASE}/cmd/clear/set", "PRESS")
    eventually(lambda: any(seen.json["text"] == "" for seen in listener.on(f"{BASE}/caption")))
    listener.send(f"{BASE}/cmd/pause/set", "ON")
    eventually(lambda: listener.on(f"{BASE}/state")[-1].json["silent"] == "paused")
    paused_at = len(listener.on(f"{BASE}/letter"))
    for topic, payload in (("cmd/fly/set", b""), ("cmd/pause/set", b"perhaps"), ("cmd/clear/set", b"\xff\xfe")):
        before = len(listener.on(f"{BASE}/error"))
        listener.send(f"{BASE}/{topic}", payload)
        eventually(lambda before=before: len(listener.on(f"{BASE}/error")) > before)
    time.sleep(1.5)
    assert len(listener.on(f"{BASE}/letter")) == paused_at
    listener.send(f"{BASE}/cmd/pause/set", "OFF")
    eventually(lambda: len(listener.on(f"{BASE}/letter")) > paused_at, 60)


def test_practice_is_marked_and_never_spoken(start: Start, listener: Listener, tmp_path: Path) -> None:
    daemon = start("HI")
    listener.wait(f"{BASE}/letter", seconds=60)
    config = tmp_path / "edge.yaml"
    config.write_text(config.read_text().replace("speech:\n  enabled: false", "speech:\n  enabled: true"))
    daemon.signal(signal.SIGHUP)
    listener.wait(f"{BASE}/info", 2)
    listener.send(f"{BASE}/cmd/practice/set", "ON")
    eventually(lambda: listener.on(f"{BASE}/state")[-1].json["practice"] is True)
    listener.send(f"{BASE}/cmd/mute/set", "OFF")  # speaks no practice either
    spoken = eventually(lambda: [seen.json for seen in listener.on(f"{BASE}/spoken")], 60)
    assert {said["outcome"] for said in spoken} == {"muted"}
    captions = [seen.json for seen in listener.on(f"{BASE}/caption")]
    begins = next(index for index, caption in enumerate(captions) if "practice" in caption)
    assert captions[begins - 1]["text"] == "", "practice has captions of its own"
    assert all(caption["practice"] is True for caption in captions[begins:])
    assert listener.on(f"{BASE}/letter")[-1].json["practice"] is True
    tried = [caption["ts"] for caption in captions[begins:] if caption["final"]]
    spoken = {s.json["id"]: s.json for s in listener.on(f"{BASE}/spoken")}
    assert all(spoken[f"{ts:.3f}"]["practice"] and spoken[f"{ts:.3f}"]["outcome"] == "muted" for ts in tried)
    listener.send(f"{BASE}/cmd/practice/set", "OFF")
    eventually(lambda: listener.on(f"{BASE}/state")[-1].json["practice"] is False)
    eventually(lambda: any(seen.json["outcome"] != "muted" for seen in listener.on(f"{BASE}/spoken")), 60)
    assert "practice" not in [s.json for s in listener.on(f"{BASE}/caption") if s.json["final"]][-1]
    assert not listener.on(f"{BASE}/error")


def test_the_last_caption_of_a_video_is_spoken_to_its_end(
    tmp_path: Path, mosquitto: Mosquitto, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, script in (("espeak-ng", "cat"), ("aplay", "cat > /dev/null; sleep 1.5")):
        fake_program(tmp_path, name, script, monkeypatch)
    video = tmp_path / "hi.mp4"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*"mp4v"), 15, (640, 480))
    for frame, _ in DemoSigner("HI", fps=15):
        writer.write(frame.image)
    writer.release()
    config = write_config(tmp_path, mosquitto.url)
    config.write_text(config.read_text().replace("speech:\n  enabled: false", "speech:\n  enabled: true"))
    daemon = Running("--config", config, "--source", video, log=tmp_path / "log")
    try:
        said = listener.wait(f"{BASE}/spoken", seconds=60)[0].json
        assert (said["text"], said["outcome"]) == ("HI", "played"), said
        assert daemon.process.wait(timeout=10) == 0
    finally:
        daemon.kill()


def test_a_clock_set_back_mixes_no_times_and_is_followed_once_nobody_is_there(
    tmp_path: Path, mosquitto: Mosquitto, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def heard(name: str) -> list[dict[str, Any]]:
        return [seen.json for seen in listener.on(f"{BASE}/{name}")]

    set_back, gone = tmp_path / "set back", tmp_path / "gone"
    (tmp_path / "sitecustomize.py").write_text(CLOCK.format(set_back=str(set_back)))
    (tmp_path / "camera.py").write_text(CAMERA.format(gone=str(gone)))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")
    config = write_config(tmp_path, mosquitto.url, extra="camera:\n  reopen_max_seconds: 1\n")
    source = f"exec:{sys.executable} {tmp_path / 'camera.py'}"
    daemon = Running("--config", config, "--source", source, log=tmp_path / "log")
    try:
        listener.wait(f"{BASE}/letter", seconds=60)
        set_back.touch()
        before = heard("letter")
        letters = eventually(lambda: len(heard("letter")) > len(before) + 2 and heard("letter"), 60)
        assert all(letter["latency_ms"] > 0 for letter in letters)
        listener.send(f"{BASE}/cmd/mute/set", "ON")
        muted = eventually(lambda: [state for state in heard("state") if state["muted"]])
        assert min(letter["ts"] for letter in letters[len(before) :]) > before[-1]["ts"]
        assert muted[0]["ts"] > before[-1]["ts"], "somebody is there: the old time goes on, for all"

        eventually(lambda: heard("state")[-1]["caption"], 60)
        gone.touch()
        eventually(lambda: heard("state")[-1]["silent"] == "camera_lost" and not heard("state")[-1]["caption"], 60)
        eventually(lambda: "the system clock was set back by 3600 s: followed" in daemon.output)

        before = heard("letter")
        gone.unlink()
        after = eventually(lambda: heard("letter")[len(before) :], 60)
        assert after[0]["ts"] < time.time() - 3000
        assert after[0]["latency_ms"] > 0
        assert heard("state")[-1]["ts"] < time.time() - 3000
        assert heard("state")[-1]["muted"], "what people set stays"
    finally:
        daemon.kill()


def test_two_of_one_name_are_told_so(start: Start, tmp_path: Path) -> None:
    first = start()
    namesake = Running("--config", tmp_path / "edge.yaml", "--source", "demo:HI", log=tmp_path / "namesake")
    try:
        hint = "if another asl-edge there has the name 'test', give it another `device`"
        eventually(lambda: hint in first.output + namesake.output, 60)
    finally:
        namesake.kill()


def test_it_outlives_its_broker(start: Start, mosquitto: Mosquitto, listener: Listener) -> None:
    daemon = start()
    listener.wait(f"{BASE}/letter", seconds=60)
    mosquitto.kill()
    time.sleep(2)
    assert daemon.process.poll() is None
    mosquitto.start()
    eventually(lambda: listener.on(f"{BASE}/status")[-1].payload == b"online", 60)
    before = len(listener.on(f"{BASE}/letter"))
    eventually(lambda: len(listener.on(f"{BASE}/letter")) > before, 60)


SPELLER = """
import sys, time
from pathlib import Path
import cv2
from edge.demo import DemoSigner
shown = Path(sys.argv[1])
if not shown.exists():
    signer = DemoSigner("HI", fps=10)
    for frame, _ in signer:
        if frame.ts < signer.letters[-1][2]:
            sys.stdout.buffer.write(cv2.cvtColor(frame.image, cv2.COLOR_BGR2YUV_I420).tobytes())
            time.sleep(0.1)
    shown.touch()
time.sleep(600)
"""
"""A camera that is silent from the moment when the last letter, its hand still up, was held."""


def test_a_camera_that_is_lost_ends_the_caption(
    tmp_path: Path, mosquitto: Mosquitto, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{os.environ.get('PYTHONPATH', '')}")
    script = tmp_path / "speller.py"
    script.write_text(SPELLER)
    options = "camera:\n  stall_seconds: 2\ncaptions:\n  final_seconds: 1\n  least_letters: 1\n"
    config = write_config(tmp_path, mosquitto.url, extra=options)
    source = f"exec:{sys.executable} {script} {tmp_path / 'shown'}"
    daemon = Running("--config", config, "--source", source, log=tmp_path / "log")
    try:
        assert all(eventually(lambda: final_captions(listener), 120))

        def state() -> tuple[str, str]:
            last = listener.on(f"{BASE}/state")[-1].json
            return last["silent"], last["caption"]

        eventually(lambda: state() == ("camera_lost", ""))
        assert daemon.process.poll() is None
    finally:
        daemon.kill()


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("captions:\n  finall_seconds: 1\n", "captions.finall_seconds: unknown key"),
        ("letters: {enabled: false}\ncontrols: {space: thumb_up}\n", "controls.space: needs letters.enabled: true"),
    ],
)
def test_a_reload_takes_a_good_configuration_and_refuses_a_bad_one(
    bad: str, said: str, start: Start, listener: Listener, tmp_path: Path
) -> None:
    daemon = start()
    listener.wait(f"{BASE}/letter", seconds=60)
    good = (tmp_path / "edge.yaml").read_text()
    (tmp_path / "edge.yaml").write_text(good + bad)
    daemon.signal(signal.SIGHUP)
    refusal = listener.wait(f"{BASE}/error")[0].json["message"]
    assert said in refusal
    hashes = {seen.json["config_sha256"] for seen in listener.on(f"{BASE}/info")}
    (tmp_path / "edge.yaml").write_text(good + "captions:\n  final_seconds: 9.0\n")
    daemon.signal(signal.SIGHUP)
    eventually(lambda: {seen.json["config_sha256"] for seen in listener.on(f"{BASE}/info")} - hashes)
    before = len(listener.on(f"{BASE}/letter"))
    eventually(lambda: len(listener.on(f"{BASE}/letter")) > before, 60)
    assert daemon.process.poll() is None


def test_reloads_leave_no_memory_behind(start: Start, listener: Listener) -> None:
    daemon = start()
    listener.wait(f"{BASE}/letter", seconds=60)
    before = daemon.resident_mb
    for done in (2, 3, 4):
        daemon.signal(signal.SIGHUP)
        eventually(lambda done=done: len(listener.on(f"{BASE}/info")) == done, 60)
        letters = len(listener.on(f"{BASE}/letter"))
        eventually(lambda letters=letters: len(listener.on(f"{BASE}/letter")) > letters, 60)
    assert daemon.resident_mb < before + 20  # 30 to 40 more where glibc keeps what the old networks took


def test_a_reload_whose_new_outputs_cannot_start_keeps_the_old_ones(
    start: Start, listener: Listener, tmp_path: Path
) -> None:
    daemon = start()
    listener.wait(f"{BASE}/letter", seconds=60)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        good = (tmp_path / "edge.yaml").read_text()
        port = taken.getsockname()[1]
        (tmp_path / "edge.yaml").write_text(good.replace("display:\n  enabled: false", f"display:\n  port: {port}"))
        daemon.signal(signal.SIGHUP)
        refusal = listener.wait(f"{BASE}/error")[0].json["message"]
    assert f"display.port: port {port} on 127.0.0.1 is taken" in refusal
    before = len(listener.on(f"{BASE}/letter"))
    eventually(lambda: len(listener.on(f"{BASE}/letter")) > before, 60)
    sequence = [s.json["seq"] for s in listener.seen if s.topic != f"{BASE}/status" and not s.retained]
    assert len(sequence) == len(set(sequence)), "no number is given twice"
    assert daemon.process.poll() is None


@pytest.mark.parametrize("redirected", ["", "< /dev/null"])
def test_a_hang_up_reloads_until_the_terminal_is_closed(redirected: str, tmp_path: Path) -> None:
    run = f"exec {sys.executable} -m edge run --config {write_config(tmp_path)} --source demo:HI {redirected}"
    command = ["env", "--default-signal=HUP", "bash", "-c", run]  # whoever runs the tests may ignore it
    terminal, inside = pty.openpty()
    with (tmp_path / "log").open("w") as log:
        daemon = subprocess.Popen(["setsid", "--ctty", *command], cwd=ROOT, stdin=inside, stdout=inside, stderr=log)
    os.close(inside)
    try:
        eventually(lambda: "ready, reading" in (tmp_path / "log").read_text(), 60)
        daemon.send_signal(signal.SIGHUP)
        eventually(lambda: "loaded again" in (tmp_path / "log").read_text(), 60)
        os.close(terminal)
        assert daemon.wait(timeout=STOP_SECONDS) == 0
        assert "Traceback" not in (tmp_path / "log").read_text()
    finally:
        daemon.kill()
        daemon.wait()


def test_outputs_refused_at_the_start_leave_no_camera_behind(tmp_path: Path) -> None:
    command = f"sleep 77.{os.getpid()}"  # no other test's
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = write_config(tmp_path)  # by the time its own broker runs and the page is refused, the command does too
        page = f"display:\n  port: {taken.getsockname()[1]}"
        config.write_text(config.read_text().replace("display:\n  enabled: false", page))
        daemon = Running("--config", config, "--source", f"exec:{command}", log=tmp_path / "log")
        try:
            assert daemon.process.wait(timeout=60) == 1
        finally:
            daemon.kill()
    assert "is taken" in daemon.output
    left = subprocess.run(["pgrep", "-fx", command], capture_output=True, text=True, check=False)
    assert left.stdout == ""


@pytest.mark.parametrize("options", [[], ["--debug"]])
def test_what_libraries_write_to_stderr_is_shown_with_debug_alone_and_our_own_words_always(
    options: list[str], tmp_path: Path, mosquitto: Mosquitto, listener: Listener
) -> None:
    config = write_config(tmp_path, mosquitto.url, stats=0.5)
    with MjpegServer() as camera:
        camera.untidy.set()
        daemon = Running(*options, "--config", config, "--source", camera.url, log=tmp_path / "log")
        try:
            eventually(lambda: any(seen.json["fps"] for seen in listener.on(f"{BASE}/stats")), 60)
            daemon.signal(signal.SIGABRT)
            assert daemon.process.wait(timeout=30) == -signal.SIGABRT
        finally:
            daemon.kill()
    assert ("Corrupt JPEG data" in daemon.output) == bool(options)
    assert f"ready, reading {camera.url}" in daemon.output
    assert "Fatal Python error: Aborted" in daemon.output
    assert "edge/daemon.py" in daemon.output, "what the watchdog leaves in the journal"


def test_stats_say_what_it_costs(start: Start, listener: Listener) -> None:
    start(stats=2.0)

    def of_frames() -> list[dict[str, Any]]:  # the first stats may come before the first frame
        return [seen.json for seen in listener.on(f"{BASE}/stats") if seen.json["fps"] > 0]

    eventually(lambda: len(of_frames()) > 2, 60)
    assert all(stats["latency_ms"]["landmarks"]["p50"] > 0 for stats in of_frames())
    assert 20 < min(stats["rss_mb"] for stats in of_frames()) < 220, "once what the start took is given back"


def test_the_first_letter_comes_soon_after_the_start(start: Start, listener: Listener) -> None:
    daemon = start("A")
    listener.wait(f"{BASE}/letter", seconds=60)
    used = daemon.cpu_seconds  # time on the wall is also that of whatever else the machine does
    assert used < 4, f"first letter after {used:.1f} s of CPU"  # 0.9 s measured, 1.7 s with other work on every core


def test_without_a_broker_it_brings_its_own(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    daemon = Running("--config", config, "--source", "demo:HI", log=tmp_path / "log")
    try:
        eventually(lambda: "CAPTION  HI" in daemon.output, 120)
        assert daemon.stop() < STOP_SECONDS
    finally:
        daemon.kill()


@pytest.mark.shared
def test_a_file_ends_the_daemon_when_it_is_over(tmp_path: Path, shared_data: Path) -> None:
    clip = shared_data / "clips/spell_mariia_HELLO.mp4"
    daemon = Running("--config", write_config(tmp_path), "--source", str(clip), log=tmp_path / "log")
    try:
        assert daemon.process.wait(timeout=120) == 0
        assert "CAPTION" in daemon.output
    finally:
        daemon.kill()
