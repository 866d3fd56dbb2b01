"""`asl-edge check` tries each piece for real and says how to mend what is missing."""

import contextlib
import fcntl
import json
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from daemon_tools import Running
from mqtt_tools import Mosquitto, eventually, free_port

from edge import clock_sync
from edge.cli import main
from edge.paths import shipped

PIECES = ["camera", "models", "broker", "display", "audio", "clock"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A kiosk that can run anywhere: drawn signer, free ports."""
    path = tmp_path / "edge.yaml"
    path.write_text(
        "camera: {source: demo}\nmqtt: {embedded_port: 0, embedded_websocket_port: 0}\ndisplay: {port: 0}\n", "utf-8"
    )
    return path


def add(config: Path, text: str) -> Path:
    """The configuration with sections replaced by `text`."""
    section = text.split(":", 1)[0]
    kept = [line for line in config.read_text("utf-8").splitlines() if not line.startswith(section)]
    config.write_text("\n".join([*kept, text, ""]), "utf-8")
    return config


def check(config: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Exit code, and the result of each piece by its name."""
    code = main(["check", "--json", "--config", str(config), *arguments])
    answer = json.loads(capsys.readouterr().out)
    assert [piece["name"] for piece in answer["checks"]] == PIECES
    assert answer["ok"] is (code == 0)
    return code, {piece["name"]: piece for piece in answer["checks"]}


def missing(pieces: dict[str, dict[str, Any]]) -> list[str]:
    return [piece["name"] for piece in pieces.values() if piece["needed"] and not piece["ok"]]


def assert_only_missing(name: str, code: int, pieces: dict[str, dict[str, Any]]) -> dict[str, Any]:
    assert code == 2
    assert missing(pieces) == [name]
    assert pieces[name]["mend"]
    assert "\n" not in pieces[name]["detail"] + pieces[name]["mend"]
    return pieces[name]


def test_a_bad_configuration_is_a_finding_like_any_other(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", "--config", str(add(config, "camera:\n  sourse: 0"))]) == 2
    (finding,) = json.loads(capsys.readouterr().out)["checks"]
    assert finding["name"] == "config"
    assert finding["detail"].endswith("camera.sourse: unknown key")
    assert finding["mend"] == "did you mean 'source'?"


def test_a_device_with_everything_can_run(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, pieces = check(config, capsys)
    assert code == 0
    assert all(piece["ok"] for piece in pieces.values() if piece["needed"])
    assert "640x480" in pieces["camera"]["detail"]


def test_the_plain_report_is_one_line_a_piece(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--config", str(config), "--source", "/dev/video77"]) == 2
    answer = capsys.readouterr()
    assert "WARNING" not in answer.err, "each finding is told once"
    lines = answer.out.splitlines()
    assert [line.split()[1] for line in lines] == PIECES
    assert lines[0].startswith("MISSING  camera   /dev/video77: no such camera; plug it in")


def test_no_camera_is_said_with_its_mend(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    camera = assert_only_missing("camera", *check(config, capsys, "--source", "/dev/video77"))
    assert "plug it in" in camera["mend"]
    assert time.monotonic() - started < 30


def test_a_source_that_is_no_video_is_said(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.mp4").write_text("hello")
    camera = assert_only_missing("camera", *check(config, capsys, "--source", str(tmp_path / "text.mp4")))
    assert "not a video" in camera["detail"]


def test_an_altered_model_file_is_said(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(shipped("models"), tmp_path / "models")
    network = next((tmp_path / "models" / "letters").glob("*.tflite"))
    data = bytearray(network.read_bytes())
    data[len(data) // 2] ^= 1
    network.write_bytes(data)
    models = assert_only_missing("models", *check(add(config, f"models_dir: {tmp_path / 'models'}"), capsys))
    assert str(network) in models["detail"]
    assert "install" in models["mend"]


@pytest.mark.parametrize("begun", ["not there", "empty", "words alone"])
def test_a_models_folder_without_bundles_is_filled_by_what_it_is_told(
    begun: str, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "my models"
    if begun != "not there":
        folder.mkdir()
    if begun == "words alone":
        shutil.copytree(shipped("models") / "words", folder / "words")
        (folder / "words" / "CARD.md").write_text("mine")
    add(config, f"models_dir: {folder}")
    mend = assert_only_missing("models", *check(config, capsys))["mend"]
    subprocess.run(["sh", "-c", mend.split("copy the shipped models there: ")[1]], check=True)
    code, _ = check(config, capsys)
    assert code == 0
    if begun == "words alone":
        assert (folder / "words" / "CARD.md").read_text() == "mine", "what was there stays"


def test_a_file_named_as_the_models_folder_is_said(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    models = assert_only_missing("models", *check(add(config, f"models_dir: {tmp_path / 'file'}"), capsys))
    assert models["mend"] == "leave the option empty, or name a folder"


def test_a_bundle_that_was_never_shipped_is_looked_for_in_the_list(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(shipped("models"), tmp_path / "models")
    add(config, f"models_dir: {tmp_path / 'models'}\nletters: {{bundle: leters}}")
    models = assert_only_missing("models", *check(config, capsys))
    assert models["mend"] == "see `asl-edge models list`"


def test_a_broker_that_answers_is_fine(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broker = Mosquitto(tmp_path).start()
    try:
        code, pieces = check(config, capsys, "--mqtt", broker.url)
    finally:
        broker.kill()
    assert code == 0
    assert broker.url in pieces["broker"]["detail"]


def test_a_broker_that_is_away_is_said(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broker = assert_only_missing("broker", *check(config, capsys, "--mqtt", f"mqtt://127.0.0.1:{free_port()}"))
    assert broker["mend"] == "start that broker or change mqtt.url"


def test_a_broker_that_wants_a_password_is_said(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mosquitto = Mosquitto(tmp_path, anonymous=False).start()
    try:
        broker = assert_only_missing("broker", *check(config, capsys, "--mqtt", mosquitto.url))
    finally:
        mosquitto.kill()
    assert broker["mend"] == "set ASL_EDGE_MQTT_USERNAME and ASL_EDGE_MQTT_PASSWORD", "it runs, and its URL is right"


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        ("broker", "mqtt: {{embedded_port: {port}, embedded_websocket_port: 0}}"),
        ("display", "display: {{port: {port}}}"),
    ],
)
def test_a_taken_port_is_named(piece: str, text: str, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        missing = assert_only_missing(piece, *check(add(config, text.format(port=port)), capsys))
    assert str(port) in missing["detail"]
    assert "0 picks a free one" in missing["mend"]


def test_without_speech_or_true_time_it_still_runs(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(clock_sync, "_EARLIEST_YEAR", 9999)
    code, pieces = check(config, capsys)
    assert code == 0
    assert not pieces["audio"]["ok"]
    assert "apt install" in pieces["audio"]["mend"]
    assert not pieces["clock"]["ok"]
    assert "timedatectl" in pieces["clock"]["mend"]


CAMERA = """\
import fcntl, sys, time
lock = open(sys.argv[1], "w")
fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
while True:
    sys.stdout.buffer.write(bytes(640 * 480 * 3 // 2))
    sys.stdout.buffer.flush()
    time.sleep(0.1)
"""
"""Black pictures, for one program at a time: as a real camera."""


@pytest.fixture
def kiosk(tmp_path: Path) -> Path:
    """The configuration of a kiosk with fixed ports and a camera that only one program can read."""
    (tmp_path / "camera.py").write_text(CAMERA)
    command = shlex.join([sys.executable, str(tmp_path / "camera.py"), str(tmp_path / "lock")])
    ports = f"embedded_port: {free_port()}, embedded_websocket_port: {free_port()}"
    path = tmp_path / "kiosk.yaml"
    path.write_text(
        f"device: till-3\ncamera: {{source: 'exec:{command}', reopen_max_seconds: 1.0}}\nmqtt: {{{ports}}}\n"
        f"display: {{port: {free_port()}}}\nspeech: {{enabled: false}}\n"
    )
    return path


@contextlib.contextmanager
def running(config: Path, *arguments: str) -> Iterator[Running]:
    daemon = Running("--config", config, *arguments, log=config.with_suffix(".log"))
    try:
        eventually(lambda: "ready, reading" in daemon.output, 60)
        yield daemon
        daemon.stop()
    finally:
        daemon.kill()


def test_what_the_running_daemon_holds_is_not_missing(kiosk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(kiosk) as daemon:
        code, pieces = check(kiosk, capsys)
        assert code == 0
        for piece in ("camera", "broker", "display"):
            assert "the asl-edge that runs" in pieces[piece]["detail"]
        assert daemon.process.poll() is None
    code, pieces = check(kiosk, capsys)
    assert code == 0
    assert "the asl-edge that runs" not in json.dumps(pieces), "it is gone"


def test_behind_a_broker_of_others_the_daemons_camera_is_not_missing_either(
    kiosk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broker = Mosquitto(tmp_path).start()
    try:
        with running(kiosk, "--mqtt", broker.url):
            code, pieces = check(kiosk, capsys, "--mqtt", broker.url)
            assert code == 0
            assert "the asl-edge that runs" in pieces["camera"]["detail"]
            assert pieces["broker"]["detail"] == f"{broker.url} lets us in"
        # It said that it is gone: now the camera is tried.
        _, pieces = check(kiosk, capsys, "--mqtt", broker.url)
        assert "640x480" in pieces["camera"]["detail"]
    finally:
        broker.kill()


def test_what_the_daemon_of_another_device_holds_is_missing(kiosk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(kiosk):
        code, pieces = check(add(kiosk, "device: till-4"), capsys)
    assert code == 2
    assert missing(pieces) == ["camera", "broker", "display"]


def test_a_camera_that_another_program_holds_is_missing(
    kiosk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert_only_missing("camera", *check(kiosk, capsys))
        with running(kiosk, "--source", "demo"):  # one that runs, but reads something else
            code, pieces = check(kiosk, capsys)
    assert code == 2
    assert missing(pieces) == ["camera"]
