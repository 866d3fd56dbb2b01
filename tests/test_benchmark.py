"""The benchmark runs the daemon's own path, and its figures are whole; the peer is MediaPipe where it is installed."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from daemon_tools import asl_edge, write_config

from edge.benchmark_daemon import measure_daemon
from edge.benchmark_peer import Peer
from edge.benchmark_plot import chart
from edge.energy import EnergyMeter
from edge.errors import AslEdgeError, InputError

STAGES = {"palm", "hand", "pose"}


@pytest.fixture(scope="module")
def plot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plot") / "bench.png"


@pytest.fixture(scope="module")
def result(plot: Path, clip: Path) -> dict[str, object]:
    ran = asl_edge("bench", clip, "--json", "--scaling", "--plot", plot, timeout=200)
    assert ran.returncode == 0, ran.stderr
    read: dict[str, object] = json.loads(ran.stdout)
    return read


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of the drawn signer as pictures."""
    from edge.demo import DemoSigner  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("clip")
    for frame, _ in DemoSigner("L", letters_per_second=2.0, fps=10):
        cv2.imwrite(str(folder / f"{frame.index:03}.png"), frame.image)
    return folder


def test_every_stage_and_network_has_its_figures(result: dict[str, dict[str, object]]) -> None:
    assert set(result["latency_ms"]) >= STAGES | {"landmarks", "letters"}
    assert set(result["cpu_ms_per_frame"]) >= {"landmarks", "total"}
    assert all(set(row) == {"p50", "p95", "p99"} for row in result["latency_ms"].values())  # type: ignore[arg-type]
    assert result["frames"] > 5  # type: ignore[operator]
    assert 1.0 <= result["landmarks_over_networks"] < 20  # type: ignore[operator]
    assert result["rss_mb"] > 30  # type: ignore[operator]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["demo:L", "missing.mp4"], "missing.mp4"),
        (["demo:L", "0"], "/dev/video0: no clip; a camera is measured with the whole daemon: add --daemon 60"),
        (["demo:L", "--plot", "nowhere/bench.png"], "--plot nowhere/bench.png: cannot be written"),
        (["demo:L", "--plot", "bench.numbers"], "name a .png"),
        (["demo:L", "--peer", "mediapipe-hands", "--peer-python", "/nonexistent"], "--peer-python /nonexistent"),
    ],
)
def test_what_cannot_be_used_is_said_before_minutes_are_spent(options: list[str], words: str) -> None:
    ran = asl_edge("bench", *options, timeout=20)
    assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1), ran.stderr
    assert words in ran.stderr


def test_a_picture_is_no_clip_to_measure_on(clip: Path) -> None:
    ran = asl_edge("bench", next(clip.iterdir()), "--json", timeout=60)
    assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1), ran.stderr
    assert "fewer than 4 pictures" in ran.stderr


def test_very_flat_pictures_are_scaled_and_say_nothing(tmp_path: Path) -> None:
    for index in range(4):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((2, 4000, 3), 90, np.uint8))
    ran = asl_edge("bench", tmp_path, "--scaling", timeout=100)
    assert ran.returncode == 0, ran.stderr
    assert "capture to emit  nothing was said" in ran.stdout
    assert "  320 px 1 threads" in ran.stdout


def test_the_drawn_signer_is_measured_for_one_round_though_it_never_ends() -> None:
    ran = asl_edge("bench", "demo:L", "--json", timeout=120)
    assert ran.returncode == 0, ran.stderr
    figures = json.loads(ran.stdout)
    assert figures["frames"] > 5
    assert figures["emitted"] >= 1


def test_scaling_covers_three_sizes_and_threads(result: dict[str, list[dict[str, float]]]) -> None:
    rows = result["scaling"]
    assert [row["width_px"] for row in rows[:3]] == [320, 640, 1280]
    assert {row["threads"] for row in rows[:3]} == {1}
    assert all(row["cpu_ms_per_frame"] > 0 for row in rows)


def test_the_plot_is_a_chart(plot: Path, result: dict[str, object]) -> None:
    picture = cv2.imread(str(plot))
    assert picture is not None
    assert picture.shape[1] == 900
    assert (picture < 128).any()
    assert np.array_equal(picture, chart(result))  # type: ignore[arg-type]


def test_the_peer_has_a_bar_of_its_own_length() -> None:
    figures = {
        "frames": 10,
        "cpu_ms_per_frame": {"landmarks": 5.0, "total": 6.0},
        "latency_ms": {"landmarks": {"p50": 4.0, "p95": 6.0, "p99": 7.0}},
    }
    without = chart(figures)
    beside = chart(figures | {"peer": {"name": "mediapipe-holistic", "cpu_ms_per_frame": 30.0}})
    blue = (without == (170, 110, 40)).all(axis=2).sum()
    assert beside.shape[0] > without.shape[0]
    assert (beside == (170, 110, 40)).all(axis=2).sum() < blue / 3, "ours is a fifth of the longest bar now"


def test_a_plot_that_cannot_be_written_is_one_line(clip: Path, tmp_path: Path) -> None:
    ran = asl_edge("bench", clip, "--plot", tmp_path / "nowhere" / "f.png", timeout=100)
    assert ran.returncode == 2
    assert "--plot" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_the_whole_daemon_is_measured_on_a_source_that_goes_on(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    ran = asl_edge("bench", "demo:L", "--daemon", "3", "--config", config, "--json", timeout=100)
    assert ran.returncode == 0, ran.stderr
    daemon = json.loads(ran.stdout)["daemon"]
    assert 3 <= daemon["seconds"] < 6
    assert 2 < daemon["cpu_percent"] < 400, "somebody spells before it all the time"
    assert daemon["rss_mb"] > 60


def test_what_ends_or_fails_before_the_time_is_over_says_so(tmp_path: Path, clip: Path) -> None:
    config = write_config(tmp_path)
    with pytest.raises(InputError, match=r"clip.*: ended before the time was over"):
        measure_daemon(str(clip), config, seconds=60, settle=0)
    with pytest.raises(AslEdgeError, match=r"ended with 2: .*nowhere\.mp4"):
        measure_daemon("nowhere.mp4", config, seconds=60, settle=0)


@pytest.mark.parametrize(
    "arguments",
    [
        ["demo:L", "--daemon", "3"],
        ["--daemon", "-1"],
        ["--daemon", "3", "--scaling"],
        ["--daemon", "3", "--plot", "bench.png"],
        ["--daemon", "3", "--peer", "mediapipe-hands"],
    ],
)
def test_a_daemon_of_two_sources_of_no_time_or_with_what_is_of_clips_is_refused(arguments: list[str]) -> None:
    ran = asl_edge("bench", "demo:L", *arguments)
    assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1), ran.stderr
    assert "--daemon: " in ran.stderr


def test_a_source_that_is_not_there_is_one_line() -> None:
    ran = asl_edge("bench", "nowhere.mp4", timeout=100)
    assert ran.returncode == 2
    assert "nowhere.mp4" in ran.stderr


def test_without_mediapipe_the_peer_is_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="mediapipe does not run"):
        Peer("mediapipe-hands", "/bin/true")


def sensors(folder: Path, **values: float) -> Path:
    for name, value in values.items():
        file = folder / name.replace("__", "/").replace("RAPL", "intel-rapl:0")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value:.0f}\n")
    return folder


def test_a_board_without_sensors_reports_no_energy(tmp_path: Path) -> None:
    assert EnergyMeter(tmp_path).joules() is None


def test_rapl_is_counted_over_its_wrap(tmp_path: Path) -> None:
    sensors(tmp_path, powercap__RAPL__energy_uj=9_000_000, powercap__RAPL__max_energy_range_uj=10_000_000)
    sensors(tmp_path, hwmon__hwmon0__energy1_input=5, hwmon__hwmon0__power1_input=5)
    meter = EnergyMeter(tmp_path)
    assert meter.joules() == 0
    sensors(tmp_path, powercap__RAPL__energy_uj=9_500_000)
    assert meter.joules() == pytest.approx(0.5)
    sensors(tmp_path, powercap__RAPL__energy_uj=1_000_000)
    assert meter.joules() == pytest.approx(2.0)


def test_what_rapl_counts_of_the_whole_board_is_not_counted_twice(tmp_path: Path) -> None:
    package, board = (tmp_path / f"powercap/intel-rapl:{number}" for number in (0, 1))
    for folder, name in ((package, "package-0"), (board, "psys")):
        sensors(folder, energy_uj=1_000_000)
        (folder / "name").write_text(f"{name}\n")
    meter = EnergyMeter(tmp_path)
    sensors(package, energy_uj=3_000_000)
    sensors(board, energy_uj=5_000_000)
    assert meter.joules() == pytest.approx(2.0)


def test_power_is_summed_up_over_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("edge.energy.time.monotonic", lambda: now[0])
    meter = EnergyMeter(sensors(tmp_path, hwmon__hwmon1__power1_input=3_000_000))
    now[0] = 102.0
    assert meter.joules() == pytest.approx(6.0)


def test_a_sensor_for_root_alone_is_left_out(tmp_path: Path) -> None:
    sensors(tmp_path, powercap__RAPL__energy_uj=1)
    (tmp_path / "powercap/intel-rapl:0/energy_uj").write_text("denied")
    assert EnergyMeter(tmp_path).joules() is None
