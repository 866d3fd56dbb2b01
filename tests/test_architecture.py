"""What holds the design together, read from the code itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from source_tools import imports

ROOT = Path(__file__).resolve().parent.parent
MAY_READ_A_CLOCK = {
    "camera": "stamps the frames, and notices one that gives none",
    "mqtt": "time-outs and the age of what waits",
    "speech": "how long a sound took",
    "daemon.py": "the latency of what it sends",
    "outputs.py": "when something was said or refused",
    "report.py": "the time between two reports",
    "metrics.py": "what a stage costs",
    "system.py": "how busy the process is",
    "energy.py": "what the board used meanwhile",
    "folder_lock.py": "how long it waits for a folder",
    "notify.py": "the service manager's clock",
    "check.py": "how long it waits for a picture",
    "benchmark.py": "measures",
    "benchmark_daemon.py": "measures",
    "benchmark_peer.py": "measures",
    "benchmark_scaling.py": "measures",
}
"""Every other module has its time from its arguments: a replay gives what the live run gave."""
CLOCKS = {"time", "time_ns", "monotonic", "monotonic_ns", "process_time", "thread_time"}
"""Of the module `time`; `perf_counter` is left: it measures cost, and nothing is decided by it."""


def modules(folder: str) -> Iterator[Path]:
    yield from sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", list(modules("edge")), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_daemon_stands_without_training(path: Path) -> None:
    forbidden = {"training", "tensorflow", "keras", "torch", "pyarrow"}
    if path.name != "benchmark_peer.py":  # whose child process is MediaPipe itself
        forbidden.add("mediapipe")
    if path.name == "landmark_store.py":  # of `models teach`, which says so where pyarrow is missing
        forbidden.remove("pyarrow")
    assert not imports(path.read_text("utf-8")) & forbidden


def clocks(code: str) -> set[str]:
    """What a module reads the time with."""
    nodes = list(ast.walk(ast.parse(code)))
    names = {"time"} | {
        alias.asname
        for node in nodes
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "time" and alias.asname
    }
    read = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names
    }
    read |= {
        alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        for alias in node.names
    }
    return read & CLOCKS | {"datetime"} & imports(code)


@pytest.mark.parametrize(
    "code",
    ["import time\ntime.time()", "import time as t\nt.monotonic()", "from time import time as now", "import datetime"],
)
def test_a_clock_is_found_however_it_is_read(code: str) -> None:
    assert clocks(code)


def test_only_what_deals_with_the_world_reads_a_clock() -> None:
    read = {path.relative_to(ROOT / "edge").parts[0] for path in modules("edge") if clocks(path.read_text("utf-8"))}
    assert read <= set(MAY_READ_A_CLOCK)


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(path) for folder in ("edge", "training") for path in modules(folder) if not docstring(path)]
    assert not silent


def test_every_file_beside_the_code_is_installed() -> None:
    nodes = ast.walk(ast.parse((ROOT / "setup.py").read_text("utf-8")))
    (declared,) = (node.value for node in nodes if isinstance(node, ast.keyword) and node.arg == "package_data")
    package_data = ast.literal_eval(declared)
    assert set(package_data) == {"edge", "training"}
    for package, patterns in package_data.items():
        installed = {path for pattern in patterns for path in (ROOT / package).glob(pattern)}
        assert not set(data_files(ROOT / package)) - installed


def data_files(package: Path) -> Iterator[Path]:
    for path in package.rglob("*"):
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts:
            yield path


def docstring(path: Path) -> str | None:
    return ast.get_docstring(ast.parse(path.read_text("utf-8")))


def test_no_recording_is_in_the_project() -> None:
    media = {".mp4", ".avi", ".jpg", ".jpeg", ".png", ".npz", ".npy", ".parquet", ".wav"}
    folders = ("edge", "training", "configs", "systemd", "models", "tests")
    assert not [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix.lower() in media]
