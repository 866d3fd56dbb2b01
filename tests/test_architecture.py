"""What holds the design together, read from the code itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAST_THE_CAMERA = [
    "features",
    "windows",
    "letters",
    "classifier",
    "word_features",
    "words",
    "word_reader",
    "prototypes",
    "taught",
    "decoder",
    "captions",
    "silence",
    "pipeline",
    "signer",
    "landmarks",
]
CLOCKS = {("time", "time"), ("time", "monotonic"), ("time", "time_ns"), ("time", "monotonic_ns")}
"""`perf_counter` is left: it measures cost, and nothing is decided by it."""


def modules(folder: str) -> Iterator[Path]:
    yield from sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Top-level packages a module names, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", list(modules("edge")), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_daemon_stands_without_training(path: Path) -> None:
    forbidden = {"training", "tensorflow", "keras", "torch", "pyarrow"}
    if path.name != "benchmark_peer.py":  # whose child process is MediaPipe itself
        forbidden.add("mediapipe")
    if path.name == "landmark_store.py":  # of `models teach`, which says so where pyarrow is missing
        forbidden.remove("pyarrow")
    assert not imports(path) & forbidden


def test_past_the_camera_nothing_reads_a_clock() -> None:
    for path in modules("edge"):
        first = path.relative_to(ROOT / "edge").parts[0].removesuffix(".py")
        if first not in PAST_THE_CAMERA:
            continue
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        attributes = [node for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
        read = {(node.value.id, node.attr) for node in attributes if isinstance(node.value, ast.Name)} & CLOCKS
        assert not read, f"{path}: {read}"
        assert "datetime" not in imports(path), path


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(path) for folder in ("edge", "training") for path in modules(folder) if not docstring(path)]
    assert not silent


def docstring(path: Path) -> str | None:
    return ast.get_docstring(ast.parse(path.read_text("utf-8")))


def test_no_recording_is_in_the_project() -> None:
    media = {".mp4", ".avi", ".jpg", ".jpeg", ".png", ".npz", ".npy", ".parquet", ".wav"}
    folders = ("edge", "training", "configs", "systemd", "models", "tests")
    assert not [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix.lower() in media]
