"""Fixtures for all test files."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mqtt_tools import Mosquitto

ROOT = Path(__file__).resolve().parent.parent

pytest.register_assert_rewrite("speech_tools")  # its fixtures are loaded as a plugin


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings beside the checkout; tests that need it skip where it is missing."""
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip(f"needs the recordings in {path}")
    return path


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A real broker on a free port of loopback."""
    broker = Mosquitto(tmp_path).start()
    yield broker
    broker.kill()


@pytest.fixture
def own_threads() -> Callable[[], set[str]]:
    """Names of running threads that this test started. Request it before fixtures that start some."""
    before = set(threading.enumerate())
    return lambda: {thread.name for thread in set(threading.enumerate()) - before}
