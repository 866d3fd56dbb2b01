"""The command line: what a user gets wrong is one line, and nothing else is lost by it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from daemon_tools import ROOT, asl_edge, write_config

from edge.bundle import MANIFEST
from edge.cli import exit_code_of
from edge.errors import AslEdgeError, InputError
from training.command import dispatch


@pytest.fixture
def bad_files(tmp_path: Path) -> dict[str, Path]:
    """The files people really hand in."""
    text = tmp_path / "notes.mp4"
    text.write_text("this is no video\n" * 50)
    empty = tmp_path / "empty.mp4"
    empty.touch()
    whole, truncated = tmp_path / "whole.mp4", tmp_path / "truncated.mp4"
    if shutil.which("ffmpeg"):
        make = ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=duration=1:size=160x120", str(whole)]
        subprocess.run(make, check=True)
        truncated.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    else:
        truncated.write_bytes(b"\0\0\0\x20ftypisom" + bytes(500))
    return {"text": text, "empty": empty, "truncated": truncated, "missing": tmp_path / "nowhere.mp4"}


def assert_one_line(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 2, result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize("kind", ["text", "empty", "truncated", "missing"])
@pytest.mark.parametrize("command", ["replay", "run"])
def test_a_file_that_is_no_video_is_one_line(
    command: str, kind: str, bad_files: dict[str, Path], tmp_path: Path
) -> None:
    config = write_config(tmp_path)
    source = [bad_files[kind]] if command == "replay" else ["--source", bad_files[kind]]
    assert_one_line(asl_edge(command, *source, "--config", config), bad_files[kind].name)


def test_the_other_files_still_run(bad_files: dict[str, Path]) -> None:
    result = asl_edge("replay", bad_files["missing"], "demo:HI", "--json")
    assert_one_line(result, "nowhere.mp4")
    assert {json.loads(line)["source"] for line in result.stdout.splitlines()} == {"demo:HI"}


@pytest.mark.parametrize(
    ("text", "words"),
    [("camera:\n  fsp: 3\n", "camera.fsp: unknown key"), ("camera:\n  fps: fast\n", "camera.fps: expected a number")],
)
@pytest.mark.parametrize("command", [["run"], ["replay", "demo:A"], ["check"], ["models", "list"]])
def test_a_wrong_configuration_is_one_line(command: list[str], text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    assert_one_line(asl_edge(*command, "--config", file), "wrong.yaml:2", words)


@pytest.fixture
def altered_models(tmp_path: Path) -> Path:
    """The shipped bundles with one byte of the letter network changed."""
    models = tmp_path / "models"
    shutil.copytree(ROOT / "models", models)
    network = models / "letters" / json.loads((models / "letters" / MANIFEST).read_text())["files"]["model"]["name"]
    data = bytearray(network.read_bytes())
    data[-1] ^= 1
    network.write_bytes(data)
    return models


@pytest.mark.parametrize("command", [["run", "--source", "demo:A"], ["replay", "demo:A"], ["models", "verify"]])
def test_an_altered_network_is_refused(command: list[str], altered_models: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path, extra=f"models_dir: {altered_models}\n")
    assert_one_line(asl_edge(*command, "--config", config), "sha256 differs")


def test_no_camera_is_one_line(tmp_path: Path) -> None:
    assert_one_line(asl_edge("run", "--source", "/dev/video99", "--config", write_config(tmp_path)), "/dev/video99")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("run", ["V4L2 index or path, video file", "starts an embedded broker"]),
        ("models", ["teach and forget signs"]),
        ("bench", ["a camera with --daemon"]),
    ],
)
def test_help_says_what_can_be_given(command: str, words: list[str]) -> None:
    shown = " ".join(asl_edge(command, "--help").stdout.split())
    for each in words:
        assert each in shown


def test_an_unknown_command_is_bad_usage() -> None:
    assert_one_line(asl_edge("fly"), "invalid choice: 'fly'")
    assert_one_line(asl_edge("run", "--sauce", "0"), "unrecognized arguments: --sauce")


def test_the_shipped_models_verify() -> None:
    result = asl_edge("models", "verify", "--json")
    assert result.returncode == 0, result.stderr
    assert {bundle["name"] for bundle in json.loads(result.stdout)["bundles"]} >= {"hands", "pose", "letters"}


def test_the_configuration_in_force_is_printed(tmp_path: Path) -> None:
    result = asl_edge("run", "--print-config", "--source", "demo:HI", "--config", write_config(tmp_path))
    assert result.returncode == 0
    assert "source: demo:HI" in result.stdout


def test_importing_the_daemon_imports_no_training_framework() -> None:
    program = (
        "import sys, pkgutil, importlib, edge\n"
        "for m in pkgutil.walk_packages(edge.__path__, 'edge.'):\n"
        "    m.name.endswith('__main__') or importlib.import_module(m.name)\n"
        "print(sorted({'mediapipe', 'tensorflow', 'keras', 'torch', 'training'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def fails(error: BaseException) -> Callable[[], int]:
    def run() -> int:
        raise error

    return run


def test_every_command_ends_in_one_way(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of("tool", lambda: 7) == 7
    assert exit_code_of("tool", fails(InputError("no such file; name another"))) == 2
    assert capsys.readouterr().err == "tool: no such file; name another\n"
    with pytest.raises(AslEdgeError):
        exit_code_of("tool", fails(AslEdgeError("broken")), debug=True)
    assert exit_code_of("tool", fails(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "", "whoever stops a daemon need not be told"
    assert exit_code_of("tool", fails(KeyboardInterrupt()), interrupted="goes on when called again") == 1
    assert capsys.readouterr().err == "tool: goes on when called again\n"
    assert exit_code_of("tool", fails(ZeroDivisionError("by nothing"))) == 1
    said = capsys.readouterr().err
    assert (
        said == "tool: unexpected ZeroDivisionError: by nothing; this is a mistake of the program, please report it\n"
    )
    with pytest.raises(ZeroDivisionError):
        exit_code_of("tool", fails(ZeroDivisionError()), debug=True)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["training.pipeline", "letters", "--out", "{folder}"], "nothing to train on"),
        (["training.tune", "letters", "--out", "{folder}", "--store", "{folder}/none.parquet"], "none.parquet"),
        (["training.extract", "{folder}/none", "--out", "{folder}/s.parquet"], "none"),
        (["training.record", "--out", "{folder}/s.parquet", "--signer", "s1"], "no LABEL"),
        (["training.record", "ticket", "--out", "{folder}/none/s.parquet", "--signer", "s1"], "there is no folder"),
        (["training.quantize", "letters", "--out", "{folder}"], "float.keras"),
    ],
)
def test_what_training_cannot_use_is_one_line_too(command: list[str], said: str, tmp_path: Path) -> None:
    arguments = [part.format(folder=tmp_path) for part in command]
    result = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
    )
    quiet = [line for line in result.stderr.splitlines() if line.startswith(f"{command[0]}:")]
    assert result.returncode == 2, result.stderr
    assert len(quiet) == 1
    assert said in quiet[0]
    assert "Traceback" not in result.stderr


def test_training_without_its_packages_names_the_one_that_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch("train", {"letters": "no_such_package"}, ["letters"]) == 2
    assert capsys.readouterr().err == "training.train: no_such_package is not installed; pip install '.[training]'\n"


@pytest.mark.parametrize("verb", ["extract", "record", "train", "spelling"])
def test_training_beside_the_daemon_alone_says_what_it_needs(verb: str) -> None:
    no_packages = [sys.executable, "-S", "-m", f"training.{verb}", "--help"]
    result = subprocess.run(no_packages, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 2
    assert result.stderr == "training: pyarrow is not installed; pip install '.[training]'\n"


@pytest.mark.parametrize("arguments", [["models", "list"], ["--help"]])
def test_a_reader_who_leaves_is_no_error(arguments: list[str]) -> None:
    command = f"{sys.executable} -m edge {' '.join(arguments)} | true; exit ${{PIPESTATUS[0]}}"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, env=environment, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_standard_output_is_no_error() -> None:
    command = f"{sys.executable} -m edge models list >&-"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["replay demo:A --json", "run --config {config} --source {pictures}"])
def test_closed_standard_streams_are_no_error(command: str, closed: str, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"pictures/{number}.png"), np.zeros((48, 64, 3), np.uint8))
    given = command.format(config=write_config(tmp_path), pictures=tmp_path / "pictures")
    shell = ["bash", "-c", f"{sys.executable} -m edge {given} {closed}"]
    done = subprocess.run(shell, cwd=ROOT, stdout=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 0
    assert done.stdout or ">&- " in closed or "run" in command


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["replay", "no\nsuch\r\x1b[2J.mp4"], r"asl-edge: no\nsuch\r\x1b[2J.mp4: no such file"),
        (["models", "list", "--config", "no\nsuch.yaml"], r"asl-edge: no\nsuch.yaml: cannot be read"),
        (["run", "--sau\nce"], r"asl-edge: unrecognized arguments: --sau\nce"),
    ],
)
def test_an_odd_name_is_shown_in_the_one_line(arguments: list[str], line: str) -> None:
    done = asl_edge(*arguments)
    assert_one_line(done, line)
    assert done.stderr.rstrip("\n").isprintable()


def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "edge", "models", "list"]
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "No space left on device" in done.stderr


@pytest.mark.parametrize(
    ("source", "line"),
    [("~nosuch/x.mp4", "write the path out"), (os.fsdecode(b"inv\xff.mp4"), "a file name that is not UTF-8")],
)
def test_a_source_that_cannot_be_named_leaves_the_others(source: str, line: str, tmp_path: Path) -> None:
    done = asl_edge("replay", source, tmp_path / "none.mp4")
    assert done.returncode == 2
    complaints = done.stderr.splitlines()
    assert line in complaints[0]
    assert "none.mp4: no such file" in complaints[1]
