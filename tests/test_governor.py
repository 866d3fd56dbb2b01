"""The budget is kept: the body is read less often first, then fewer frames; never too few for one who signs."""

import itertools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from daemon_tools import Running, write_config
from mqtt_tools import Listener, Mosquitto, eventually

from edge.config import Config, GovernorConfig
from edge.governor import LEVELS, SIGNING_FPS, Governor
from edge.landmarks import Landmarker
from edge.system import Load

MODELS = Path(__file__).resolve().parent.parent / "models"


def governed(cpu: float | None = 50.0, temperature: float | None = None) -> Governor:
    return Governor(GovernorConfig(cpu_percent=cpu, temperature_celsius=temperature))


def run(
    governor: Governor, load: Callable[[int], float], seconds: int, *, start: int = 0, heat: float | None = None
) -> list[int]:
    """Levels, once a second, of a machine whose load at each level is given."""
    levels = []
    for ts in range(start, start + seconds):
        level = int(governor.stats(ts)["level"] or 0)
        governor.observe_load(float(ts), load(level), heat)
        levels.append(int(governor.stats(ts)["level"] or 0))
    return levels


def frames_read(governor: Governor, fps: float, seconds: float, *, hand: bool, start: float = 0.0) -> float:
    """Frames a second that are read of a camera's."""
    count = 0
    for index in range(round(seconds * fps)):
        ts = start + index / fps
        if governor.admit(ts):
            governor.observe_frame(ts, hand=hand)
            count += 1
    return count / seconds


def test_without_a_budget_everything_is_read() -> None:
    governor = governed(cpu=None)
    assert not governor.on
    assert run(governor, lambda _: 400.0, 100, heat=99.0)[-1] == 0
    assert frames_read(governor, 30, 2, hand=False) == 30


def test_the_body_is_spared_first_then_frames() -> None:
    poses = [rates.pose for rates in LEVELS]
    rates = [rates.fps or 1000 for rates in LEVELS]
    assert poses == sorted(poses)
    assert rates == sorted(rates, reverse=True)
    assert LEVELS[1].fps is None
    assert LEVELS[1].pose > 1


def test_over_the_budget_it_steps_down_until_it_holds_and_stays_there() -> None:
    cost = [80.0, 70.0, 60.0, 45.0, 40.0, 30.0, 10.0]
    levels = run(governed(50), lambda level: cost[level], 600)
    assert levels[20] == 3
    assert all(abs(b - a) <= 1 for a, b in itertools.pairwise(levels))
    assert set(levels[20:]) == {3}, "0.9 of the budget leaves no room to go back"


def test_when_the_load_goes_everything_is_read_again() -> None:
    governor = governed(50)
    assert run(governor, lambda _: 90.0, 30)[-1] == len(LEVELS) - 1
    assert run(governor, lambda _: 10.0, 90, start=30)[-1] == 0


def test_a_level_that_is_too_much_is_tried_ever_less_often() -> None:
    cost = [80.0, 70.0, 60.0, 55.0, 30.0, 20.0, 10.0]  # 3 is too much, 4 leaves room
    levels = run(governed(50), lambda level: cost[level], 1800)
    tries = [second for second in range(1, 1800) if levels[second] < levels[second - 1]]
    assert 3 <= len(tries) <= 12
    assert tries[-1] - tries[-2] > 4 * (tries[1] - tries[0])


def test_a_short_peak_changes_nothing() -> None:
    governor = governed(50)
    for ts in range(60):
        assert not governor.observe_load(float(ts), 100.0 if ts % 10 == 0 else 30.0, None)


def test_heat_counts_more_slowly_than_load() -> None:
    governor = governed(cpu=None, temperature=75.0)
    assert governor.on
    levels = run(governor, lambda _: 10.0, 35, heat=80.0)
    assert levels[8] == 0
    assert levels[-1] == 3
    assert run(governor, lambda _: 10.0, 200, start=35, heat=73.0)[-1] == 3, "within the hysteresis"
    assert run(governor, lambda _: 10.0, 60, start=235, heat=60.0)[-1] == 0


def test_a_board_without_a_sensor_is_not_governed_by_heat() -> None:
    assert run(governed(cpu=None, temperature=75.0), lambda _: 99.0, 60, heat=None)[-1] == 0


@pytest.mark.parametrize("camera", [15.0, 24.0, 25.0, 30.0, 60.0])
def test_one_who_signs_is_read_at_least_twelve_times_a_second(camera: float) -> None:
    governor = governed(50)
    run(governor, lambda _: 200.0, 60)
    governor.observe_frame(60.0, hand=True)
    signing = frames_read(governor, camera, 10, hand=True, start=60.0)
    assert SIGNING_FPS - 0.2 <= signing <= SIGNING_FPS + 0.3
    nobody = frames_read(governor, camera, 20, hand=False, start=80.0)
    assert nobody < 7.5
    assert frames_read(governor, camera, 5, hand=True, start=110.0) > SIGNING_FPS - 1.0, "back at once"


def test_who_put_the_hand_down_is_read_as_often_for_a_moment_more() -> None:
    governor = governed(50)
    run(governor, lambda _: 200.0, 60)
    governor.observe_frame(60.0, hand=True)
    assert frames_read(governor, 30, 1.5, hand=False, start=60.0) > SIGNING_FPS - 1.5
    assert frames_read(governor, 30, 5, hand=False, start=63.0) == pytest.approx(6.0, abs=0.5)


@pytest.mark.parametrize("cpu", [None, 50.0])
def test_an_empty_room_is_looked_at_a_few_times_a_second_budget_or_not(cpu: float | None) -> None:
    governor = governed(cpu)
    counts = []
    for second in range(8):
        before = governor.skipped
        for index in range(30):
            ts = second + index / 30
            if governor.admit(ts):
                governor.observe_frame(ts, hand=False, nothing=True)
        counts.append(30 - governor.skipped + before)
    assert counts[0] == 30, "nobody may have turned away for a second"
    assert counts[5:] == [pytest.approx(8, abs=1)] * 3
    assert governor.rates(8.0).pose == 1, "the body is looked for as ever"
    governor.observe_frame(8.0, hand=False)
    assert governor.rates(8.0).fps is None, "something moves: every frame from now on"
    governor.observe_frame(8.1, hand=False, nothing=True)
    assert governor.rates(9.0).fps is None, "and another two seconds of nothing before it is empty again"


def test_an_empty_room_is_looked_at_no_more_often_than_the_budget_allows() -> None:
    governor = governed(50)
    run(governor, lambda _: 200.0, 60)
    governor.observe_frame(60.0, hand=False, nothing=True)
    assert governor.rates(70.0) == LEVELS[-1]


@pytest.mark.parametrize(("load", "steps"), [(49.0, False), (55.0, True)])
def test_a_load_over_the_budget_for_a_few_seconds_is_one_step(load: float, *, steps: bool) -> None:
    governor = governed(50)
    levels = run(governor, lambda _: load, 6)
    assert levels[2] == 0, "a look around is no overload"
    assert levels[5] == (1 if steps else 0)


def test_half_the_room_is_not_enough_to_give_back() -> None:
    """Steps back cost up to a fifth: at nine tenths of the budget the next level would be too much."""
    governor = governed(50)
    level = run(governor, lambda _: 90.0, 9)[-1]
    assert level >= 1
    assert run(governor, lambda _: 42.0, 100, start=9)[-1] >= level
    given = run(governor, lambda _: 35.0, 30, start=109)
    assert given[5] >= level, "not at once"
    assert given[-1] < given[0]


def test_heat_takes_when_the_cpu_has_room_and_the_cpu_when_it_is_cool() -> None:
    assert run(governed(50.0, 75.0), lambda _: 10.0, 35, heat=80.0)[-1] >= 2
    assert run(governed(50.0, 75.0), lambda _: 90.0, 35, heat=40.0)[-1] >= 2
    assert run(governed(50.0, 75.0), lambda _: 10.0, 35, heat=40.0)[-1] == 0
    warm = governed(50.0, 75.0)
    level = run(warm, lambda _: 90.0, 20, heat=40.0)[-1]
    assert run(warm, lambda _: 10.0, 100, start=20, heat=74.0)[-1] == level, "room of the CPU alone gives nothing back"


def test_the_load_told_is_that_of_the_last_seconds() -> None:
    governor = governed(50)
    governor.observe_load(0.0, 20.0, None)
    assert governor.stats(0.0)["cpu_percent"] == 20.0, "the first is all there is"
    governor.observe_load(1.0, 80.0, None)
    assert 35 < float(governor.stats(1.0)["cpu_percent"] or 0) < 50
    for ts in range(2, 12):
        governor.observe_load(float(ts), 80.0, None)
    assert float(governor.stats(12.0)["cpu_percent"] or 0) == pytest.approx(80, abs=1)
    governor.observe_load(5.0, 10.0, None)
    assert governor.stats(5.0)["cpu_percent"] == 10.0, "a clock set back begins anew"


def test_a_measurement_says_whether_the_rates_changed() -> None:
    governor = governed(50)
    for ts in range(60):
        before = governor.stats(float(ts))["level"]
        assert governor.observe_load(float(ts), 200.0, None) == (governor.stats(float(ts))["level"] != before)
    assert not governor.observe_load(61.0, 200.0, None), "there is no level below the last one"


def test_a_slow_camera_loses_no_frame() -> None:
    governor = governed(50)
    run(governor, lambda _: 200.0, 60)
    governor.observe_frame(60.0, hand=True)
    assert frames_read(governor, 10, 10, hand=True, start=60.0) == 10


def test_a_clock_that_jumps_does_not_stop_the_reading() -> None:
    governor = governed(50)
    run(governor, lambda _: 200.0, 60)
    for start in (1e9, 5.0, 2e9):
        assert frames_read(governor, 30, 2, hand=True, start=start) > 5


def test_the_landmarker_reads_bodies_as_seldom_as_told() -> None:
    landmarker = Landmarker(Config().landmarks, MODELS)
    landmarker.set_pose_interval_times(4)
    (place,) = landmarker._people.places
    assert place.body.interval == pytest.approx(4 * Config().landmarks.pose_interval_seconds)


def test_the_load_of_a_busy_process_is_seen() -> None:
    load = Load()
    assert not load.due(60.0)
    while not load.due(0.2):
        sum(range(1000))
    assert load.cpu_percent() > 5.0, "100 on a machine of its own"


@pytest.fixture
def daemon(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Running]:
    config = write_config(tmp_path, mosquitto.url, stats=1.0, extra="governor:\n  cpu_percent: 0.5\n")
    running = Running("--config", config, "--source", "demo:HELLO HELLO HELLO", log=tmp_path / "log")
    yield running
    running.kill()


def test_the_daemon_keeps_to_its_budget_and_says_so(daemon: Running, mosquitto: Mosquitto) -> None:
    heard = Listener(mosquitto.port)
    try:
        stats = [seen.json for seen in heard.wait("asl/test/stats", count=1, seconds=30)]
        assert stats[0]["governor"]["level"] >= 0
        eventually(lambda: any(s.json["governor"]["skipped"] > 0 for s in heard.on("asl/test/stats")), 60)
        said = [seen.json["governor"] for seen in heard.on("asl/test/stats")]
        assert said[-1]["pose_interval_times"] >= 4
        assert said[-1]["fps_limit"] is not None
        assert said[-1]["cpu_percent"] > 0.5
    finally:
        heard.close()
    daemon.signal(signal.SIGTERM)
    assert daemon.process.wait(timeout=20) == 0
