"""A real systemd, booted in a container whose root is a throw-away overlay of this machine's own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest

from edge.service import hidden_path

REPOSITORY = Path(__file__).resolve().parent.parent
PYTHON = "/opt/asl-edge/bin/python"
_BOOT_SECONDS = 30.0


class Machine:
    """A booted container; commands run in it as root."""

    def __init__(self, root: Path, leader: int) -> None:
        self.root = root
        self._leader = leader

    def run(self, *command: str, check: bool = True, seconds: float = 60.0) -> str:
        """Standard output of a command in the machine."""
        entered = ["nsenter", "-t", str(self._leader), "-m", "-u", "-i", "-n", "-p", "-C", *command]
        clean = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        done = subprocess.run(entered, env=clean, capture_output=True, text=True, timeout=seconds, check=False)
        assert not check or done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
        return done.stdout

    def write(self, path: str, text: str) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@contextmanager
def booted(folder: Path) -> Iterator[Machine]:
    """Boot it; skips the test, with the reason, if this machine cannot."""
    python = _visible_python()
    with ExitStack() as undo:
        root = _overlay(folder, undo)
        _environment(root, python)
        log = (folder / "boot.log").open("w+")
        nspawn = subprocess.Popen(
            [
                *("systemd-nspawn", "--quiet", "--boot", f"--directory={root}", "--register=no", "--keep-unit"),
                *("--private-network", "--link-journal=no", "--console=read-only"),
                # without BPF in the container, DeviceAllow= is silently not enforced
                *("--capability=CAP_BPF,CAP_PERFMON", "--system-call-filter=bpf"),
                *(f"--bind-ro={REPOSITORY}:/opt/asl-edge-src", f"--bind-ro={_libraries()}:/opt/asl-edge-lib"),
                "systemd.unit=basic.target",  # without the services enabled on this machine
            ],
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        undo.callback(_kill, nspawn)
        yield _wait_for_boot(root, nspawn, folder / "boot.log")


def _visible_python() -> str:
    """An interpreter of our version outside the home directories, which are hidden from the service."""
    if os.geteuid() != 0:
        pytest.skip("booting systemd needs root")
    if not shutil.which("systemd-nspawn"):
        pytest.skip("needs apt package systemd-container")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (f"{sys.base_prefix}/bin/python{version}", f"/usr/bin/python{version}"):
        if Path(candidate).exists() and hidden_path(candidate) is None:
            return candidate
    pytest.skip(f"python{version} lies under a home directory and there is no other one for the service")


def _libraries() -> Path:
    return Path(np.__file__).parents[1]


def _overlay(folder: Path, undo: ExitStack) -> Path:
    """A copy-on-write view of `/`. The upper layer is a tmpfs: an overlay cannot lie on an overlay."""
    base, root = folder / "layers", folder / "layers/root"
    base.mkdir()
    _mount(["mount", "-t", "tmpfs", "-o", "size=1g", "asl-test", str(base)])
    undo.callback(subprocess.run, ["umount", "-l", str(base)], check=False)
    for name in ("upper", "work", "root"):
        (base / name).mkdir()
    layers = f"lowerdir=/,upperdir={base}/upper,workdir={base}/work"
    _mount(["mount", "-t", "overlay", "overlay", "-o", layers, str(root)])
    undo.callback(subprocess.run, ["umount", "-l", str(root)], check=False)
    return root


def _mount(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"{' '.join(command[:4])}: {done.stderr.strip()}")


def _environment(root: Path, python: str) -> None:
    """/opt/asl-edge as `python -m venv` makes it, with this checkout and this test run's libraries."""
    shutil.rmtree(root / "opt/asl-edge", ignore_errors=True)
    subprocess.run([python, "-m", "venv", "--without-pip", str(root / "opt/asl-edge")], check=True)
    (packages,) = (root / "opt/asl-edge/lib").glob("python3*/site-packages")
    (packages / "asl.pth").write_text("/opt/asl-edge-src\n/opt/asl-edge-lib\n")
    for folder in ("opt/asl-edge-src", "opt/asl-edge-lib"):
        (root / folder).mkdir(parents=True, exist_ok=True)


def _wait_for_boot(root: Path, nspawn: "subprocess.Popen[bytes]", log: Path) -> Machine:
    until = time.monotonic() + _BOOT_SECONDS
    while time.monotonic() < until and nspawn.poll() is None:
        children = Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children").read_text().split()
        if children:
            machine = Machine(root, int(children[0]))
            state = machine.run("systemctl", "is-system-running", check=False).strip()
            if state in ("running", "degraded"):
                return machine
        time.sleep(0.1)
    pytest.skip(f"systemd does not boot in a container here: {log.read_text()[-300:]}")


def _kill(nspawn: "subprocess.Popen[bytes]") -> None:
    os.killpg(nspawn.pid, signal.SIGKILL)
    nspawn.wait(10)
