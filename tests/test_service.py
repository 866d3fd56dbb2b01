"""The service tells systemd the truth, and its installer writes a unit that works or says why it would not."""

import argparse
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge import notify, service
from edge.cli import main
from edge.errors import InputError

needs_analyze = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs apt package systemd")


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The receiving end of the notification socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setattr(notify._last_fed, "at", float("-inf"))
        yield receiver


def test_every_state_reaches_systemd(systemd: socket.socket) -> None:
    notify.ready("reading\nthe camera")
    notify.reloading()
    notify.stopping()
    messages = [systemd.recv(500).decode() for _ in range(3)]
    assert messages[0] == "READY=1\nSTATUS=reading the camera"
    assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", messages[1])
    assert messages[2:] == ["STOPPING=1"]


def test_the_watchdog_is_told_twice_an_interval_however_many_frames_there_are(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(notify.time, "monotonic", lambda: now)
    monkeypatch.setenv("WATCHDOG_USEC", "8000000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    for frame in range(120):  # 4 s of frames
        now = 1000.0 + frame / 30
        notify.watchdog()
    systemd.setblocking(False)
    assert [systemd.recv(100), systemd.recv(100)] == [b"WATCHDOG=1"] * 2
    with pytest.raises(BlockingIOError):
        systemd.recv(100)


@pytest.mark.parametrize(
    ("usec", "pid", "seconds"),
    [
        ("15000000", "", 7.5),
        ("15000000", str(os.getpid()), 7.5),
        ("15000000", "1", None),
        ("", "", None),
        ("0", "", None),
    ],
)
def test_only_the_process_that_the_watchdog_is_meant_for_feeds_it(
    usec: str, pid: str, seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", pid)
    assert notify.watchdog_interval() == seconds


def test_outside_systemd_nothing_is_told_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify.enabled()
    notify.ready()
    notify.watchdog()
    notify.stopping()


def test_a_socket_that_is_gone_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify.ready()


@pytest.fixture
def visible(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if this interpreter lay where the service sees it; the booted system of test_systemd.py has a real one."""
    monkeypatch.setattr(service, "_HIDDEN", ())


def test_installing_writes_a_unit_for_this_interpreter(
    visible: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["install-service", "--prefix", str(tmp_path)]) == 0
    unit = (tmp_path / service.UNIT).read_text()
    assert f"ExecStart={sys.executable} -P -m edge run --config /etc/asl-edge/edge.yaml\n" in unit
    assert unit.count("ExecStart=") == 1
    assert (tmp_path / service.CONFIG).stat().st_mode & 0o777 == 0o644, "the service's own user reads it"
    assert (tmp_path / service.SECRETS).stat().st_mode & 0o777 == 0o600
    assert "systemctl enable --now asl-edge" in capsys.readouterr().out


def test_installing_again_keeps_what_the_operator_wrote(visible: None, tmp_path: Path) -> None:
    service.install(tmp_path)
    (tmp_path / service.CONFIG).write_text("device: hall\n")
    (tmp_path / service.SECRETS).write_text("ASL_EDGE_MQTT_PASSWORD=x\n")
    service.install(tmp_path)
    assert (tmp_path / service.CONFIG).read_text() == "device: hall\n"
    assert (tmp_path / service.SECRETS).read_text() == "ASL_EDGE_MQTT_PASSWORD=x\n"

    given = tmp_path / "given.yaml"
    given.write_text("device: counter\n")
    service.install(tmp_path, given)
    assert (tmp_path / service.CONFIG).read_text() == "device: counter\n"


def test_a_wrong_configuration_is_not_installed(
    visible: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "given.yaml"
    given.write_text("devise: counter\n")
    assert main(["install-service", "--prefix", str(tmp_path), "--config", str(given)]) == 2
    assert "given.yaml:1: devise: unknown key" in capsys.readouterr().err
    assert not (tmp_path / service.UNIT).exists()


def test_a_dry_run_writes_nothing(visible: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install-service", "--prefix", str(tmp_path), "--dry-run"]) == 0
    assert list(tmp_path.iterdir()) == []
    assert "ExecStart=" in capsys.readouterr().out


def test_a_dry_run_removes_nothing(visible: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service.install(tmp_path)
    assert main(["install-service", "--prefix", str(tmp_path), "--remove", "--dry-run"]) == 0
    assert (tmp_path / service.UNIT).exists()
    assert f"{tmp_path / service.UNIT} would be stopped, disabled and removed" in capsys.readouterr().out


def test_removing_leaves_the_configuration(visible: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service.install(tmp_path)
    assert main(["install-service", "--prefix", str(tmp_path), "--remove"]) == 0
    assert not (tmp_path / service.UNIT).exists()
    assert (tmp_path / service.CONFIG).exists()
    assert main(["install-service", "--prefix", str(tmp_path), "--remove"]) == 2
    assert "nothing to remove" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_one_line(
    visible: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "etc").write_text("a file where a folder should be")
    assert main(["install-service", "--prefix", str(tmp_path)]) == 1
    assert re.fullmatch(r"asl-edge: \S+asl-edge\.service: .*; run as root: sudo .*\n", capsys.readouterr().err)


@pytest.mark.parametrize("arguments", [["--config", "my kiosk.yaml"], ["--remove"]])
def test_who_may_not_write_is_told_to_run_as_root_what_was_asked(
    arguments: list[str],
    visible: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my kiosk.yaml").write_text("device: hall\n")
    if "--remove" in arguments:
        (tmp_path / "root" / service.UNIT).mkdir(parents=True)  # no file that could be unlinked
    else:
        (tmp_path / "root").write_text("a file where a folder should be")
    assert main(["install-service", *arguments, "--prefix", "root"]) == 1
    command = shlex.split(capsys.readouterr().err.split("; run as root: sudo ")[1])
    assert command[:5] == [sys.executable, "-P", "-m", "edge", "install-service"], "not the edge of a checkout"
    assert service_arguments(command[5:]) == service_arguments([*arguments, "--prefix", "root"])


def service_arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    service.add_arguments(parser)
    return parser.parse_args(given)


def test_an_interpreter_under_a_home_is_refused_even_behind_a_link(tmp_path: Path) -> None:
    link = tmp_path / "python"
    link.symlink_to("/home/ann/venv/bin/python")
    assert service.hidden_path("/opt/asl-edge/bin/python", "/usr") is None
    assert service.hidden_path("/usr/bin/env", "/home/ann/venv/bin/python") == Path("/home/ann/venv/bin/python")
    assert service.hidden_path("/homework/python") is None


def test_a_hidden_interpreter_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", "/home/ann/venv/bin/python")
    with pytest.raises(InputError, match=r"^/home/ann/venv/bin/python: hidden .* /opt/asl-edge/bin/pip install \.$"):
        service.install(tmp_path)


def test_an_environment_without_asl_edge_is_refused(
    visible: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    monkeypatch.setattr(sys, "executable", str(bare / "bin/python"))
    with pytest.raises(InputError, match="asl-edge is not installed in it"):
        service.install(tmp_path)


def test_odd_characters_in_the_interpreters_path_are_quoted() -> None:
    assert 'ExecStart="/opt/100%% asl/python" -P -m edge' in service.unit_text("/opt/100% asl/python")


@needs_analyze
def test_the_unit_is_valid(tmp_path: Path) -> None:
    unit = tmp_path / service.UNIT.name
    unit.write_text(service.unit_text(sys.executable))
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=one", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    unit.write_text(service.unit_text(sys.executable).replace("WatchdogSec", "WatchdogSecs"))
    assert "WatchdogSecs" in subprocess.run(command, capture_output=True, text=True, check=False).stderr


@needs_analyze
def test_the_sandbox_is_tight(tmp_path: Path) -> None:
    """1.5 of 10; what is left is the network, the cameras and the sound, and /proc/cpuinfo."""
    unit = tmp_path / service.UNIT.name
    unit.write_text(service.unit_text(sys.executable))
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=17", str(unit)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    unit.write_text(
        service.unit_text(sys.executable).replace("ProtectSystem=strict", "").replace("DynamicUser=yes", "")
    )
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_the_unit_keeps_the_networks_fast_and_the_cameras_allowed() -> None:
    """Both mistakes pass `systemd-analyze verify`: 6 times slower inference, and no camera at all."""
    settings = [line for line in service.unit_text("python").splitlines() if not line.startswith("#")]
    assert not [line for line in settings if line.startswith("ProcSubset")]
    assert "DeviceAllow=char-video4linux rw" in settings
    assert not [line for line in settings if line.startswith("DeviceAllow=/dev/video")]
