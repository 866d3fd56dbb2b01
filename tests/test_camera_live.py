"""The live camera: the newest picture, and a source that stalls, breaks, vanishes and comes back."""

import contextlib
import dataclasses
import functools
import itertools
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mjpeg_server import MjpegServer, stamp
from rtsp_server import RtspServer

import edge.camera.live
import edge.camera.session
from edge.camera import Camera, EpochClock
from edge.camera.mailbox import Mailbox
from edge.camera.opencv import Decode, SourceLostError
from edge.camera.pictures import Jpeg
from edge.config import CameraConfig
from edge.errors import InputError
from edge.types import Frame, Image

QUICK = CameraConfig(stall_seconds=0.6, reopen_max_seconds=0.5)


@contextlib.contextmanager
def running(source: str, config: CameraConfig = QUICK) -> Iterator[Camera]:
    camera = Camera(dataclasses.replace(config, source=source))
    camera.start()
    try:
        yield camera
    finally:
        camera.stop()


def until(promise: Callable[[], object], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if promise():
            return True
        time.sleep(0.02)
    return False


def next_frame(camera: Camera, seconds: float = 30.0) -> Frame:
    frame = camera.latest(timeout=seconds)
    assert frame is not None
    return frame


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_network_camera_gives_fresh_frames_stamped_when_grabbed() -> None:
    with MjpegServer() as server, running(server.url) as camera:
        frames = [next_frame(camera) for _ in range(20)]
    delays = [frame.ts - stamp(frame.image) for frame in frames[5:]]
    assert np.median(delays) < 0.5
    assert all(b.ts > a.ts and b.index > a.index for a, b in itertools.pairwise(frames))
    assert abs(frames[-1].ts - time.time()) < 5
    assert all(isinstance(frame.picture, Jpeg) for frame in frames), "decoded though nobody may look at it"
    assert camera.state == "ok"


def test_a_slow_reader_gets_the_newest_frame_and_every_skipped_one_is_counted() -> None:
    with MjpegServer() as server, running(server.url) as camera:
        frames, ages = [], []
        for _ in range(8):
            frames.append(next_frame(camera))
            ages.append(time.time() - stamp(frames[-1].image))
            time.sleep(0.25)
        skipped = camera.dropped
    assert max(ages[2:]) < 0.6, "a reader three times too slow must not fall behind"
    assert frames[-1].index + 1 - len(frames) <= skipped <= frames[-1].index + 1 - len(frames) + 12
    assert skipped > 20


def test_a_stalled_stream_is_opened_again_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with MjpegServer() as server, running(server.url) as camera:
        next_frame(camera)
        server.stalled.set()
        assert until(lambda: camera.state == "lost")
        camera.latest(0.0)  # one from before the loss may still lie there
        time.sleep(1.2)
        assert len(warnings(caplog)) == 1
        assert camera.latest(0.0) is None
        server.stalled.clear()
        frame = next_frame(camera)
        assert time.time() - stamp(frame.image) < 1.0
        assert camera.state == "ok"
        assert server.connections >= 2
    assert any(record.levelno == logging.INFO and record.getMessage().endswith("back") for record in caplog.records)


def test_a_camera_whose_pictures_are_all_damaged_is_lost_until_one_is_whole(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with MjpegServer() as server, running(server.url) as camera:
        next_frame(camera)
        server.damaged.set()
        assert until(lambda: camera.latest(0.1) is None and camera.state == "lost")
        assert "only damaged pictures for 0.6 s; try another cable" in camera.problem
        later = time.monotonic() + 1.5
        while time.monotonic() < later:
            assert camera.latest(0.1) is None
            assert camera.state == "lost"
        assert len(warnings(caplog)) == 1
        server.damaged.clear()
        next_frame(camera)
        assert camera.state == "ok"
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.INFO] == [
        f"camera {camera.name}: back"
    ]


def test_a_camera_that_vanishes_is_found_again_when_it_returns(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with MjpegServer() as first, running(first.url) as camera:
        before = next_frame(camera)
        first.vanish()
        assert until(lambda: camera.state == "lost")
        time.sleep(1.2)
        assert len(warnings(caplog)) == 1
        assert any(record.levelno == logging.DEBUG for record in caplog.records), "later attempts are told at DEBUG"
        with MjpegServer(port=first.port):
            after = next_frame(camera)
            assert after.ts > before.ts
            assert after.index > before.index
            assert camera.state == "ok"


def test_an_rtsp_camera_is_read_and_its_password_never_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with RtspServer() as server, running(f"rtsp://admin:s3cret@127.0.0.1:{server.port}/cam") as camera:
        frames = [next_frame(camera) for _ in range(10)]
        server.vanish()
        assert until(lambda: camera.state == "lost")
    assert frames[0].image.shape == (240, 320, 3)
    assert f"rtsp://***@127.0.0.1:{server.port}/cam" in camera.problem
    assert "s3cret" not in caplog.text + camera.name + camera.problem


def test_a_camera_that_is_not_there_is_looked_for_and_the_problem_is_one_line() -> None:
    with running("/dev/video77") as camera:
        assert until(lambda: camera.state == "lost")
        assert "no such camera; plug it in" in camera.problem
        assert "\n" not in camera.problem
        assert time.monotonic() - camera.alive_at < 1.0


def test_waiting_for_a_lost_camera_counts_as_life_and_its_pauses_grow() -> None:
    pauses = [next(edge.camera.live._pauses(30.0)) for _ in range(50)]
    assert 0.4 <= min(pauses) < max(pauses) <= 0.6
    growing = edge.camera.live._pauses(4.0)
    longest = [next(growing) for _ in range(8)]
    assert longest[1] > longest[0]
    assert all(3.2 <= pause <= 4.8 for pause in longest[4:])


@pytest.mark.parametrize("moment", ["opening", "reading"])
def test_stop_does_not_wait_for_a_read_that_blocks(moment: str) -> None:
    patient = CameraConfig(stall_seconds=20.0)
    with MjpegServer() as server:
        if moment == "opening":
            server.stalled.set()
        with running(server.url, patient) as camera:
            if moment == "reading":
                next_frame(camera)
                server.stalled.set()
                camera.latest(0.1)
            time.sleep(0.4)
            started = time.monotonic()
            camera.stop()
            assert time.monotonic() - started < 3.0


class HangingStream:
    """A driver that never answers."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def read(self) -> Decode | None:
        self.released.wait(30)
        return None

    def close(self) -> None:
        pass


def test_reads_that_hang_for_ever_are_bounded_and_starve_the_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    streams: list[HangingStream] = []

    def open_hanging(*_: object) -> HangingStream:
        streams.append(HangingStream())
        return streams[-1]

    monkeypatch.setattr(edge.camera.session, "open_stream", open_hanging)
    monkeypatch.setattr(edge.camera.live, "_OPENING_SECONDS", 0.0)
    with running("/dev/video0", CameraConfig(stall_seconds=0.1, reopen_max_seconds=0.05)) as camera:
        assert until(lambda: len(streams) == 4)
        time.sleep(0.8)
        assert len(streams) == 4
        assert until(lambda: time.monotonic() - camera.alive_at > 0.5)
        streams[0].released.set()
        assert until(lambda: len(streams) == 5), "when one ends the next may be opened"
    for stream in streams:
        stream.released.set()


# --- exec: -----------------------------------------------------------------------------------------------------------

RAW = "exec:ffmpeg -v error -re -f lavfi -i color={colour}:size=64x48:rate=30 -pix_fmt yuv420p -f rawvideo -"
SMALL = dataclasses.replace(QUICK, width_px=64, height_px=48)


def living(field: int, value: int) -> set[int]:
    """Numbers of the processes, zombies left out, whose field of /proc/N/stat (1 parent, 2 group) is `value`."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[field]) == value and fields[0] != "Z":
                found.add(int(stat.parent.name))
    return found


def children() -> set[int]:
    return living(1, os.getpid())


def test_raw_yuv420_from_a_command_becomes_bgr() -> None:
    before = children()
    with running(RAW.format(colour="red"), SMALL) as camera:
        frame = next_frame(camera)
        assert len(children() - before) == 1
    assert frame.image.shape == (48, 64, 3)
    blue, green, red = (int(value) for value in frame.image[24, 32])
    assert red > 240
    assert max(blue, green) < 15
    assert children() == before, "the child goes when the camera stops"


def test_a_command_that_ends_is_started_again_and_its_last_words_are_told(caplog: pytest.LogCaptureFixture) -> None:
    code = "import sys; sys.stdout.buffer.write(bytes(4608)); sys.exit('no camera on rtsp://me:s3cret@host/')"
    with running(f'exec:{sys.executable} -c "{code}"', SMALL) as camera:
        first = next_frame(camera)
        assert until(lambda: camera.state == "lost")
        assert "exit status 1" in camera.problem
        assert "no camera on rtsp://***@host/" in camera.problem
        assert next_frame(camera).index > first.index
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("size", [{"width_px": 65}, {"height_px": 47}])
def test_a_command_whose_pictures_cannot_have_that_size_is_refused(size: dict[str, int]) -> None:
    camera = Camera(dataclasses.replace(SMALL, source="exec:cat /dev/zero", **size))
    with pytest.raises(InputError, match=r"^camera: \d+x\d+: yuv420 needs even width_px and height_px; change the odd"):
        camera.check()


@pytest.mark.parametrize("program", ["rpicam-vid", "/usr/bin/libcamera-vid"])
def test_a_width_to_which_rpicam_would_add_padding_is_refused(program: str) -> None:
    with pytest.raises(InputError, match=r"^camera: 800x600: rpicam's rows are padded to 64 pixels; choose 640,"):
        Camera(CameraConfig(source=f"exec:{program} -o - --flush", width_px=800, height_px=600)).check()
    Camera(CameraConfig(source=f"exec:{program} -o - --flush", width_px=704, height_px=600)).check()
    Camera(CameraConfig(source="exec:ffmpeg -i rpicam-vid", width_px=800, height_px=600)).check()


def test_rpicam_pictures_keep_their_shadows_lights_and_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = np.zeros((48, 64, 3), np.uint8)
    colours = [(level,) * 3 for level in (0, 8, 16, 128, 240, 255)] + [(40, 60, 160), (200, 60, 40)]
    for column, colour in enumerate(colours):
        drawn[:, 8 * column : 8 * (column + 1)] = colour
    luma, red, blue = cv2.split(cv2.cvtColor(drawn, cv2.COLOR_BGR2YCrCb))  # full range, as in a JPEG
    (tmp_path / "frame").write_bytes(b"".join(plane.tobytes() for plane in (luma, blue[::2, ::2], red[::2, ::2])))
    program = tmp_path / "rpicam-vid"
    program.write_text(f"#!/bin/sh\nwhile cat {tmp_path}/frame; do sleep 0.05; done\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with running("exec:rpicam-vid -t 0 -n --codec yuv420 -o - --flush", SMALL) as camera:
        image = next_frame(camera).image
    assert np.abs(image.astype(int) - drawn).max() <= 2


def test_a_command_that_does_not_exist_is_a_lost_camera() -> None:
    with running("exec:no-such-program --fast", SMALL) as camera:
        assert until(lambda: camera.state == "lost")
        assert "exec:no-such-program --fast: no program 'no-such-program'" in camera.problem


@pytest.mark.parametrize("source", ["/dev/video77", "exec:no-such-program --fast"])
def test_a_required_camera_that_is_away_stops_the_start(source: str) -> None:
    with pytest.raises(InputError, match=r"^[^\n]*; [^\n]+$"):
        Camera(CameraConfig(source=source)).start(required=True)


def test_one_who_left_the_group_and_holds_the_pipe_does_not_hold_up_the_end() -> None:
    before = set(threading.enumerate())
    with running("exec:sh -c 'setsid sleep 6 & exec cat /dev/zero'", SMALL) as camera:
        next_frame(camera)
        started = time.monotonic()
        camera.stop()
        assert time.monotonic() - started < 3.0
        assert until(lambda: not any("asl-camera-" in t.name for t in set(threading.enumerate()) - before), 3.0)


def test_a_stubborn_command_and_what_it_started_are_killed_soon() -> None:
    stubborn = "import os,signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.fork(); time.sleep(60)"
    before = children()
    with running(f'exec:{sys.executable} -c "{stubborn}"', SMALL) as camera:
        assert until(lambda: len(children() - before) == 1)
        (child,) = children() - before
        assert until(lambda: len(living(2, child)) == 2), "it has started another"
        started = time.monotonic()
        camera.stop()
        assert time.monotonic() - started < 3.0
    assert until(lambda: not living(2, child), 3.0), "killed, though a busy machine may let it die later"


def test_a_command_that_falls_silent_is_replaced() -> None:
    code = "import sys,time; sys.stdout.buffer.write(bytes(4608)); sys.stdout.flush(); time.sleep(60)"
    before = children()
    with running(f'exec:{sys.executable} -c "{code}"', SMALL) as camera:
        first = next_frame(camera)
        assert until(lambda: camera.state == "lost")
        assert next_frame(camera).index > first.index
        assert until(lambda: len(children() - before) == 1), "the silent one was ended"


# --- files and the drawn signer --------------------------------------------------------------------------------------


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for number in range(10):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((20, 30, 3), number, np.uint8))
    return tmp_path


def test_a_file_as_camera_plays_at_its_own_pace_and_ends(pictures: Path) -> None:
    with running(str(pictures), CameraConfig(fps=10.0)) as camera:
        started = time.monotonic()
        frames = []
        while not camera.ended and time.monotonic() < started + 20:
            frame = camera.latest(timeout=0.5)
            if frame is not None:
                frames.append(frame)
        took = time.monotonic() - started
    seen = [int(frame.image[0, 0, 0]) for frame in frames]
    assert seen == sorted(set(seen))
    assert len(seen) + camera.dropped == 10, "a busy machine may miss some, and then counts them"
    assert seen[-1] == 9
    assert 0.85 < took < 10.0
    assert frames[-1].ts - frames[0].ts == pytest.approx(0.1 * (9 - seen[0]), abs=0.3)


def test_a_file_may_pause_for_longer_than_a_camera(pictures: Path, caplog: pytest.LogCaptureFixture) -> None:
    for picture in sorted(pictures.iterdir())[3:]:
        picture.unlink()
    with running(str(pictures), CameraConfig(fps=1.0, stall_seconds=0.2)) as camera:
        started, frames = time.monotonic(), []
        while not camera.ended and time.monotonic() < started + 10:
            frame = camera.latest(timeout=0.2)
            if frame is not None:
                frames.append(frame)
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [0, 1, 2]
    assert not warnings(caplog)


def test_a_file_of_jpegs_stays_packed_as_camera(tmp_path: Path) -> None:
    path = tmp_path / "camera.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    for _ in range(5):
        writer.write(np.full((48, 64, 3), 90, np.uint8))
    writer.release()
    with running(str(path)) as camera:
        assert isinstance(next_frame(camera).picture, Jpeg)


def test_a_slow_reader_still_gets_the_last_frame_of_a_file(pictures: Path) -> None:
    with running(str(pictures), CameraConfig(fps=100.0)) as camera:
        time.sleep(0.5)
        assert not camera.ended
        assert int(next_frame(camera).image[0, 0, 0]) == 9
        assert camera.dropped == 9
        assert camera.ended
        assert camera.latest(timeout=5.0) is None


def test_a_file_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("hello")
    camera = Camera(CameraConfig(source=str(tmp_path / "text.mp4")))
    with pytest.raises(InputError, match="not a video"):
        camera.start()
    with pytest.raises(InputError, match="no such file"):
        Camera(CameraConfig(source=str(tmp_path / "nowhere.mp4")))


def test_a_mirrored_live_source_is_flipped_once(tmp_path: Path) -> None:
    image = np.zeros((20, 30, 3), np.uint8)
    image[:, :5] = 255
    cv2.imwrite(str(tmp_path / "left.png"), image)
    with running(str(tmp_path / "left.png"), CameraConfig(mirrored=True)) as camera:
        frame = next_frame(camera)
    assert frame.image[0, -1, 0] == 255
    assert frame.image[0, 0, 0] == 0


def test_the_drawn_signer_is_a_camera_without_end() -> None:
    with running("demo:A", CameraConfig(fps=15.0)) as camera:
        frames = [next_frame(camera) for _ in range(10)]
        assert not camera.ended
    assert frames[0].image.shape == (480, 640, 3)


# --- the parts -------------------------------------------------------------------------------------------------------


class Numbered(HangingStream):
    """A picture every 50 ms that shows its number."""

    reads = 0

    def read(self) -> Decode | None:
        self.reads += 1
        time.sleep(0.05)
        return functools.partial(self.decode, self.reads)

    def decode(self, number: int) -> Image | None:
        return np.full((2, 2, 3), number, np.uint8)


def test_a_damaged_picture_is_passed_over_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    class Flaky(Numbered):
        def decode(self, number: int) -> Image | None:
            return None if number == 1 else super().decode(number)

    monkeypatch.setattr(edge.camera.session, "open_stream", lambda *_: Flaky())
    with running("/dev/video0") as camera:
        frame = next_frame(camera)
    assert frame.index >= 1
    assert camera.dropped >= 1


def test_some_damaged_pictures_are_no_lost_camera(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Flickering(Numbered):
        decodes = 0

        def decode(self, number: int) -> Image | None:
            self.decodes += 1  # counted here: a busy machine looks at fewer than were read
            return super().decode(number) if self.decodes % 3 == 0 else None

    monkeypatch.setattr(edge.camera.session, "open_stream", lambda *_: Flickering())
    patient = dataclasses.replace(QUICK, stall_seconds=2.0)
    with running("/dev/video0", patient) as camera:
        later = time.monotonic() + 1.5 * patient.stall_seconds
        while time.monotonic() < later:
            camera.latest(0.1)
            assert camera.state != "lost"
    assert warnings(caplog) == []
    assert camera.dropped > 5


def test_only_damaged_pictures_for_as_long_as_a_camera_may_stall_are_a_lost_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    camera, now = Camera(dataclasses.replace(QUICK, source="/dev/video0", stall_seconds=10.0)), [100.0]
    monkeypatch.setattr("edge.camera.live.time", SimpleNamespace(monotonic=lambda: now[0]))

    def state_after(seconds: float, picture: Image | None = None) -> str:
        now[0] += seconds
        camera._receive(lambda: picture)
        camera.latest(0.0)
        return camera.state

    whole = np.zeros((2, 2, 3), np.uint8)
    assert state_after(0.0, whole) == "ok"
    assert [state_after(seconds) for seconds in (5.0, 7.0, 2.9, 0.2)] == ["ok", "ok", "ok", "lost"]
    assert state_after(1.0, whole) == "ok"
    assert [state_after(seconds) for seconds in (5.0, 9.9, 0.2)] == ["ok", "ok", "lost"], "counted anew"


def test_a_picture_from_before_the_loss_does_not_bring_the_camera_back(monkeypatch: pytest.MonkeyPatch) -> None:
    class Single(Numbered):
        def read(self) -> Decode | None:
            if self.reads:
                raise SourceLostError("/dev/video0: gone; plug it in")
            return super().read()

    streams = itertools.chain([Single()], itertools.repeat(HangingStream()))
    monkeypatch.setattr(edge.camera.session, "open_stream", lambda *_: next(streams))
    with running("/dev/video0") as camera:
        assert until(lambda: camera.state == "lost")
        assert camera.latest(0.0) is not None
        assert camera.state == "lost"


def test_a_frame_that_is_not_wanted_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []

    class Counted(Numbered):
        def decode(self, number: int) -> Image | None:
            decoded.append(number)
            return super().decode(number)

    monkeypatch.setattr(edge.camera.session, "open_stream", lambda *_: Counted())
    asked: list[float] = []

    def third(ts: float) -> bool:
        asked.append(ts)
        return len(asked) == 3

    with running("/dev/video0") as camera:
        frame = camera.latest(5.0, third)
        assert camera.latest(0.3, lambda _: False) is None
    assert frame is not None
    assert frame.ts == asked[-1]
    assert decoded == [frame.image[0, 0, 0]]


def test_a_mailbox_holds_the_newest_and_counts_the_rest() -> None:
    mailbox: Mailbox[int] = Mailbox()
    for number in range(5):
        mailbox.put(number)
    assert mailbox.take(0.0) == 4
    assert mailbox.dropped == 4
    assert mailbox.take(0.01) is None
    mailbox.close()
    assert mailbox.take(10.0) is None


def test_time_goes_on_when_the_system_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    wall, steady = [1000.0], [0.0]
    monkeypatch.setattr(time, "time", lambda: wall[0])
    monkeypatch.setattr(time, "monotonic", lambda: steady[0])
    clock = EpochClock()
    seen = [clock.now()]
    for step in (1.0, 1.0, -3600.0, 1.0, 86400.0):
        wall[0] += step
        steady[0] += 1.0
        seen.append(clock.now())
    assert seen == [1000.0, 1001.0, 1002.0, 1003.0, 1004.0, 83803.0]
    wall[0] -= 7200.0
    assert (clock.now(), clock.ahead_seconds) == (83803.0, 7200.0)
    clock.follow()
    assert (clock.now(), clock.ahead_seconds) == (76603.0, 0.0)


def test_a_camera_is_lost_and_found_whatever_the_clock_says(monkeypatch: pytest.MonkeyPatch) -> None:
    step, real = [0.0], time.time
    with MjpegServer() as server, running(server.url) as camera:
        monkeypatch.setattr(time, "time", lambda: real() + step[0])
        before = next_frame(camera)
        server.stalled.set()
        step[0] = -3600.0
        camera.clock.follow()
        assert until(lambda: camera.state == "lost")
        server.stalled.clear()
        assert until(lambda: camera.latest(1.0) is not None and camera.state == "ok")
        assert next_frame(camera).ts < before.ts - 3000
