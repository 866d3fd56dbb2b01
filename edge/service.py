"""`asl-edge install-service`: puts the systemd unit, the configuration and the file for secrets in place."""

import argparse
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import edge
from edge.config import load_config
from edge.errors import AslEdgeError, InputError, unwritable
from edge.paths import shipped

UNIT = Path("etc/systemd/system/asl-edge.service")
CONFIG = Path("etc/asl-edge/edge.yaml")
SECRETS = Path("etc/asl-edge/env")

_HIDDEN = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108 - not used, refused
"""What ProtectHome=yes and PrivateTmp=yes hide from the service."""

_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    text: str
    mode: int
    keep: bool
    """An existing file belongs to the operator."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prefix", type=Path, default=Path("/"), help="root of the system to install into")
    parser.add_argument("--config", type=Path, help="YAML file to install; it replaces the one that is there")
    parser.add_argument("--dry-run", action="store_true", help="print what would be written or removed, and do nothing")
    parser.add_argument("--remove", action="store_true", help="stop and remove the service; its configuration stays")


def run(args: argparse.Namespace) -> int:
    if args.remove:
        remove(args.prefix, dry_run=args.dry_run)
    else:
        install(args.prefix, args.config, dry_run=args.dry_run)
    return 0


def install(prefix: Path, config: Path | None = None, *, dry_run: bool = False) -> None:
    """Write the unit for the interpreter in use, and what it needs, under `prefix`; prints the next command.

    Raises:
        InputError: the service could not see or start this interpreter, or `config` is wrong.
        AslEdgeError: a file cannot be written.
    """
    _check_interpreter()
    files = _files(prefix, config)
    if dry_run:
        for file in files:
            print(f"# {file.path} (mode {file.mode:04o}){', kept if it is there' if file.keep else ''}\n{file.text}")
        return
    for file in files:
        print(_write(file, _as_root(prefix, config)))
    if _reload(prefix):
        print("next: systemctl enable --now asl-edge")
    else:
        print(f"next, on the system in {prefix}: systemctl daemon-reload && systemctl enable --now asl-edge")


def remove(prefix: Path, *, dry_run: bool = False) -> None:
    """Stop, disable and delete the unit; `/etc/asl-edge` stays.

    Raises:
        InputError: it is not installed there.
        AslEdgeError: it cannot be deleted.
    """
    unit = prefix / UNIT
    if not unit.exists():
        raise InputError(f"{unit}: not installed; nothing to remove")
    if dry_run:
        print(f"# {unit} would be stopped, disabled and removed")
        return
    if _is_running_system(prefix):
        _systemctl("disable", "--now", UNIT.name)
    try:
        unit.unlink()
    except OSError as error:
        raise unwritable(unit, error, _as_root(prefix, remove=True)) from error
    _reload(prefix)
    print(f"removed {unit}; the configuration stays in {(prefix / CONFIG).parent}")


def unit_text(python: str) -> str:
    """The shipped unit with `python` in its ExecStart."""
    command = python.replace("%", "%%")
    command = f'"{command}"' if " " in command else command
    lines = (shipped("systemd") / UNIT.name).read_text("utf-8").splitlines()
    arguments = "-P -m edge run --config /etc/asl-edge/edge.yaml"
    return "".join(
        f"ExecStart={command} {arguments}\n" if line.startswith("ExecStart=") else f"{line}\n" for line in lines
    )


def hidden_path(*paths: str | Path) -> Path | None:
    """The first of `paths` that is hidden from the service, itself or its link's target."""
    for path in (form for given in paths for form in (Path(given), Path(given).resolve())):
        if any(path.is_relative_to(folder) for folder in _HIDDEN):
            return path
    return None


def _check_interpreter() -> None:
    mend = (
        "install where the service sees it: /usr/bin/python3 -m venv /opt/asl-edge && /opt/asl-edge/bin/pip install ."
    )
    hidden = hidden_path(sys.executable, sys.base_prefix, Path(edge.__file__).parent)
    if hidden is not None:
        raise InputError(f"{hidden}: hidden from the service by ProtectHome or PrivateTmp; {mend}")
    # As the unit does: away from the checkout, and without this shell's PYTHONPATH.
    trial = [sys.executable, "-P", "-c", "import edge"]
    if subprocess.run(trial, cwd="/", env={}, capture_output=True, timeout=_SECONDS, check=False).returncode != 0:
        raise InputError(f"{sys.executable}: asl-edge is not installed in it; {mend}")


def _files(prefix: Path, config: Path | None) -> list[_File]:
    if config is not None:
        load_config(config)  # better to find a mistake here than in the journal
    source = config or shipped("configs") / CONFIG.name
    secrets = (shipped("systemd") / "env.example").read_text("utf-8")
    return [
        _File(prefix / UNIT, unit_text(sys.executable), 0o644, keep=False),
        _File(prefix / CONFIG, source.read_text("utf-8"), 0o644, keep=config is None),
        _File(prefix / SECRETS, secrets, 0o600, keep=True),
    ]


def _as_root(prefix: Path, config: Path | None = None, *, remove: bool = False) -> str:
    """The given command, for a user who may write."""
    command = ["sudo", sys.executable, "-P", "-m", "edge", "install-service", *(["--remove"] if remove else [])]
    command += ["--prefix", str(prefix)] if prefix != Path("/") else []
    command += ["--config", str(config)] if config else []
    return f"run as root: {shlex.join(command)}"


def _write(file: _File, mend: str) -> str:
    if file.keep and file.path.exists():
        return f"kept {file.path}"
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        whole = file.path.with_name(f".{file.path.name}.new")  # the old file stays until this is on the disk
        descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, file.mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            os.fchmod(descriptor, file.mode)  # whatever the umask
            stream.write(file.text)
            stream.flush()
            os.fsync(descriptor)
        whole.replace(file.path)
    except OSError as error:
        raise unwritable(file.path, error, mend) from error
    return f"wrote {file.path}"


def _is_running_system(prefix: Path) -> bool:
    return prefix.resolve() == Path("/") and Path("/run/systemd/system").is_dir()


def _reload(prefix: Path) -> bool:
    """Make systemd read its units again; False if no systemd is running here."""
    if not _is_running_system(prefix):
        return False
    _systemctl("daemon-reload")
    return True


def _systemctl(*arguments: str) -> None:
    command = ["systemctl", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise AslEdgeError(f"{' '.join(command)}: {reason}; mend that and run it again")
