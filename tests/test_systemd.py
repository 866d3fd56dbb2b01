"""The service under a real systemd: starts, reloads, is freed when wedged, comes back when killed, stops in time.

The watchdog is shortened so that a wedge is seen in seconds; all else is the unit that `install-service` writes.
"""

import json
import re
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from booted import PYTHON, Machine, booted

pytestmark = pytest.mark.system

ROOT = Path(__file__).resolve().parent.parent
UNIT = "asl-edge.service"
CONFIG = "device: {device}\ncamera:\n  source: {source}\n"
FAST = "[Service]\nWatchdogSec=4\nTimeoutAbortSec=1\nRestartSec=200ms\n"

READ_RETAINED = """
import json, sys
from paho.mqtt import subscribe
print(subscribe.simple(sys.argv[1], hostname="127.0.0.1", port=1883, keepalive=5).payload.decode())
"""

PROBE = """
import json, os
from edge.config import SpeechConfig
from edge.speech import speech_problem

def attempt(action):
    try:
        return action() or "done"
    except OSError as error:
        return error.strerror

found = {folder: attempt(lambda: open(folder + "/asl-probe", "w").close())
         for folder in ("/tmp", "/var/tmp", "/dev/shm", "/etc", "/var/lib", "/run", "/opt", "/")}
found["fuse"] = attempt(lambda: open("/dev/fuse").close())
found["home"] = attempt(lambda: os.listdir("/home"))
found["root"] = attempt(lambda: os.listdir("/root"))
found["core"] = __import__("resource").getrlimit(__import__("resource").RLIMIT_CORE)[0]
found["cpuinfo"] = len(open("/proc/cpuinfo").read())
found["groups"] = len(os.getgroups())
found["speech"] = [speech_problem(SpeechConfig(backend=name)) for name in ("espeak-ng", "pyttsx3")]
print(json.dumps(found))
"""


class Service:
    """The installed service, as an operator sees it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def ctl(self, *command: str, check: bool = True) -> str:
        return self.machine.run("systemctl", *command, UNIT, check=check)

    def show(self, name: str) -> str:
        return self.ctl("show", f"--property={name}", "--value").strip()

    @property
    def pid(self) -> int:
        return int(self.show("MainPID"))

    def configure(self, device: str = "kiosk", source: str = "demo:HELLO") -> None:
        self.machine.write("/etc/asl-edge/edge.yaml", CONFIG.format(device=device, source=source))

    def mqtt(self, topic: str) -> str:
        return self.machine.run(PYTHON, "-c", READ_RETAINED, topic, seconds=20).strip()

    def journal(self) -> str:
        return self.machine.run("journalctl", "--unit", UNIT, "--output=cat", "--no-pager")

    def wait_for(self, condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"{what}\n{self.journal()[-3000:]}"
            time.sleep(0.1)

    def restarted_from(self, pid: int) -> bool:
        return self.show("ActiveState") == "active" and self.pid not in (0, pid)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with booted(tmp_path_factory.mktemp("systemd")) as machine:
        machine.run(PYTHON, "-P", "-m", "edge", "install-service")
        machine.write(f"/etc/systemd/system/{UNIT}.d/fast.conf", FAST)
        machine.run("systemctl", "daemon-reload")
        yield machine


@pytest.fixture
def service(machine: Machine) -> Iterator[Service]:
    """Started afresh on the demo source; whatever happens to it, no traceback may reach the journal."""
    service = Service(machine)
    machine.run("journalctl", "--rotate", "--vacuum-time=1s")
    service.ctl("reset-failed", check=False)
    service.configure()
    try:
        service.ctl("start", check=False)
        assert service.show("ActiveState") == "active", service.journal()[-3000:]
        yield service
        assert "Traceback" not in service.journal(), service.journal()[-3000:]
    finally:
        service.ctl("stop", check=False)


def test_it_starts_reads_and_is_online(service: Service) -> None:
    assert service.show("ActiveState") == "active"
    assert service.mqtt("asl/kiosk/status") == "online"
    assert json.loads(service.mqtt("asl/kiosk/letter"))["label"] in "HELO", "the demo spells HELLO"


def test_a_reload_keeps_the_process_and_takes_the_new_configuration(service: Service) -> None:
    pid = service.pid
    service.configure(device="hall")
    service.ctl("reload")
    assert service.mqtt("asl/hall/status") == "online"
    assert service.pid == pid


def test_a_reload_with_a_mistake_goes_on_as_before(service: Service) -> None:
    pid = service.pid
    service.machine.write("/etc/asl-edge/edge.yaml", "devise: hall\n")
    service.ctl("reload")
    service.wait_for(lambda: "devise: unknown key" in service.journal(), "the mistake is not said")
    assert service.pid == pid
    assert service.mqtt("asl/kiosk/status") == "online"


def test_a_wedged_process_is_killed_and_started_again(service: Service) -> None:
    pid = service.pid
    service.machine.run("kill", "-STOP", str(pid))
    service.wait_for(lambda: service.restarted_from(pid), "the watchdog does not free it")
    assert "Watchdog timeout" in service.journal()
    assert service.mqtt("asl/kiosk/status") == "online"


def test_a_camera_that_is_away_is_no_wedge(service: Service) -> None:
    service.configure(source="/dev/video7")
    service.ctl("restart")
    pid = service.pid
    time.sleep(6)  # longer than the watchdog waits
    assert (service.pid, service.show("NRestarts")) == (pid, "0")
    assert json.loads(service.mqtt("asl/kiosk/state"))["silent"] == "camera_lost"


def test_a_killed_process_is_started_again(service: Service) -> None:
    pid = service.pid
    service.machine.run("kill", "-KILL", str(pid))
    service.wait_for(lambda: service.restarted_from(pid), "it does not come back")
    assert service.mqtt("asl/kiosk/status") == "online"


def test_it_stops_soon(service: Service) -> None:
    started = time.monotonic()
    service.ctl("stop")
    assert time.monotonic() - started < 6.0
    assert (service.show("Result"), service.show("ExecMainStatus")) == ("success", "0")


def test_a_stop_is_no_lost_camera(service: Service) -> None:
    service.configure(source='"exec:cat /dev/zero"')
    service.ctl("restart")
    service.wait_for(lambda: "ready, reading exec:cat" in service.journal(), "no picture comes")
    service.ctl("stop")
    assert service.show("Result") == "success"
    assert "camera lost" not in service.journal()


def test_a_mistake_in_the_configuration_is_said_once_and_not_tried_again(service: Service) -> None:
    service.machine.write("/etc/asl-edge/edge.yaml", "device: kiosk\ncamera:\n  sauce: 0\n")
    service.ctl("restart", check=False)
    time.sleep(1)
    assert (service.show("ActiveState"), service.show("NRestarts")) == ("failed", "0")
    (said,) = [line for line in service.journal().splitlines() if "sauce" in line]
    assert re.search(r"/etc/asl-edge/edge\.yaml:3: camera\.sauce: unknown key; did you mean 'source'\?", said)


def test_a_check_beside_the_service_knows_its_passwords(machine: Machine) -> None:
    (line,) = [line for line in (ROOT / "systemd/README.md").read_text().splitlines() if "systemd-run" in line]
    command = shlex.split(line.split("`")[-2].replace("/opt/asl-edge/bin/asl-edge", f"{PYTHON} -P -m edge"))
    machine.write("/etc/asl-edge/edge.yaml", "camera: {source: demo}\nmqtt: {url: 'mqtt://127.0.0.1:9'}\n")
    assert "MISSING  broker   mqtt://127.0.0.1:9 cannot be reached" in machine.run(*command, check=False)
    machine.write("/etc/asl-edge/env", "ASL_EDGE_MQTT_PASSWORD=secret\n")  # without a user: this it says
    assert "ASL_EDGE_MQTT_PASSWORD is set without" in machine.run(*command, check=False)
    machine.write("/etc/asl-edge/env", "")
    assert "run-" not in machine.run("systemctl", "--failed", "--no-legend"), "a check leaves no failed unit"


def test_the_sandbox_lets_nothing_be_written_and_everything_needed_work(machine: Machine) -> None:
    """A probe under the very settings of the unit."""
    unit = machine.run("cat", f"/etc/systemd/system/{UNIT}")
    unit = re.sub(r"(?m)^(Type|NotifyAccess|WatchdogSec|Restart\w*)=.*$", "", unit)
    unit = re.sub(r"(?m)^ExecStart=.*$", f"Type=oneshot\nExecStart={PYTHON} -P /opt/asl-probe.py", unit)
    machine.write("/opt/asl-probe.py", PROBE)
    machine.write("/etc/systemd/system/asl-probe.service", unit)
    machine.run("mknod", "--mode=666", "/dev/fuse", "c", "10", "229")
    machine.run("sh", "-c", "exec 3</dev/fuse")  # it can be opened but for the unit's device policy
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "asl-probe.service")
    found = json.loads(machine.run("journalctl", "--unit=asl-probe.service", "--output=cat", "--grep={").strip())
    assert {found[folder] for folder in ("/tmp", "/var/tmp", "/dev/shm")} == {"Read-only file system"}
    assert {found[folder] for folder in ("/etc", "/var/lib", "/run", "/opt", "/")} <= {
        "Read-only file system",
        "Permission denied",
    }
    assert found["fuse"] == "Operation not permitted"
    assert found["home"] == found["root"] == "Permission denied"
    assert found["core"] == 0
    assert found["cpuinfo"] > 0
    assert found["groups"] >= 2, "video and audio"
    assert all(problem.startswith("the sound device cannot be opened") for problem in found["speech"])
