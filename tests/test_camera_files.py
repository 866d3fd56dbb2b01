"""Files in a replay: every frame, upright, at its own time; and one clear line for what cannot be read."""

import itertools
import logging
import random
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.camera import SourceKind, parse_source, read_frames, redacted
from edge.camera.pictures import Jpeg
from edge.config import CameraConfig
from edge.errors import InputError

CONFIG = CameraConfig(fps=10.0)
FRAMES = 45


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True, timeout=60)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """45 frames at 30 a second, 320x240, index first so that a cut file still opens."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    test_picture = ["-f", "lavfi", "-i", "testsrc=size=320x240:rate=30", "-frames:v", FRAMES]
    ffmpeg(*test_picture, "-pix_fmt", "yuv420p", "-g", 5, "-movflags", "+faststart", path)
    return path


def picture(path: Path, value: int, shape: tuple[int, ...] = (20, 30, 3)) -> Path:
    assert cv2.imwrite(str(path), np.full(shape, value, np.uint8))
    return path


def test_every_frame_of_a_video_comes_at_the_containers_time(clip: Path) -> None:
    frames = list(read_frames(str(clip), CONFIG))
    assert [frame.index for frame in frames] == list(range(FRAMES))
    assert [frame.ts for frame in frames] == pytest.approx([n / 30 for n in range(FRAMES)], abs=1e-3)
    assert frames[0].image.shape == (240, 320, 3)
    assert frames[0].image.dtype == np.uint8


@pytest.mark.parametrize("suffix", ["mkv", "avi", "webm", "gif", "ts"])
def test_common_containers_lose_no_frame(
    clip: Path, tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"clip.{suffix}"
    ffmpeg("-i", clip, path)
    frames = list(read_frames(str(path), CONFIG))
    assert len(frames) == FRAMES
    assert frames[-1].ts == pytest.approx((FRAMES - 1) / 30, abs=0.011)  # a GIF counts hundredths of a second
    assert not caplog.records


def test_a_variable_frame_rate_keeps_its_uneven_times(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "uneven.mkv"
    ffmpeg("-i", clip, "-vf", "setpts=(N+10*gt(N\\,20))/30/TB", "-fps_mode", "vfr", path)
    times = [frame.ts for frame in read_frames(str(path), CONFIG)]
    assert len(times) == FRAMES
    assert times[21] - times[20] == pytest.approx(11 / 30, abs=2e-3)
    assert times[20] - times[19] == pytest.approx(1 / 30, abs=2e-3)


def test_a_raw_stream_without_times_is_spaced_by_its_frame_rate(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "raw.h264"
    ffmpeg("-i", clip, "-c", "copy", "-bsf:v", "h264_mp4toannexb", path)
    times = [frame.ts for frame in read_frames(str(path), CONFIG)]
    assert times == pytest.approx([n / 30 for n in range(FRAMES)], abs=1e-3)


def test_a_rotation_tag_turns_the_video_upright(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "phone.mp4"
    ffmpeg("-i", clip, "-c", "copy", "-metadata:s:v", "rotate=90", path)
    assert next(read_frames(str(path), CONFIG)).image.shape == (320, 240, 3)


def test_odd_sizes_and_grey_video_are_read(tmp_path: Path) -> None:
    path = tmp_path / "odd.avi"
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=321x243:rate=5", "-frames:v", 3, "-pix_fmt", "gray", "-c:v", "ffv1", path)
    assert [frame.image.shape for frame in read_frames(str(path), CONFIG)] == [(243, 321, 3)] * 3


def test_pictures_of_a_video_that_are_jpegs_stay_packed_and_are_the_same(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "camera.avi"
    ffmpeg("-i", clip, "-c:v", "mjpeg", "-q:v", 2, path)
    packed, plain = list(read_frames(str(path), CONFIG)), list(read_frames(str(clip), CONFIG))
    assert all(isinstance(frame.picture, Jpeg) for frame in packed)
    assert [frame.ts for frame in packed] == pytest.approx([frame.ts for frame in plain], abs=1e-3)
    assert all(one.image.shape == other.image.shape for one, other in zip(packed, plain, strict=True))
    assert np.abs(packed[-1].image.astype(int) - plain[-1].image).mean() < 3


def test_packed_pictures_of_a_mirrored_camera_are_put_right(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "camera.avi"
    ffmpeg("-i", clip, "-c:v", "mjpeg", "-q:v", 2, path)
    plain, flipped = (next(read_frames(str(path), CameraConfig(mirrored=mirrored))) for mirrored in (False, True))
    assert isinstance(flipped.picture, Jpeg)
    np.testing.assert_array_equal(flipped.image, plain.image[:, ::-1])


def with_packets(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change every JPEG of an AVI, which keeps its length."""
    content = bytearray(path.read_bytes())
    start = content.find(b"\xff\xd8\xff")
    while start >= 0:
        end = content.find(b"\xff\xd9", start) + 2
        packet = change(bytes(content[start:end]))
        assert len(packet) == end - start
        content[start:end] = packet
        start = content.find(b"\xff\xd8\xff", end)
    path.write_bytes(content)


def half_a_picture(jpeg: bytes) -> bytes:
    """With a header of half the height, as of one of two fields."""
    size = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:size] + (120).to_bytes(2, "big") + jpeg[size + 2 :]


def without_its_end(jpeg: bytes) -> bytes:
    return jpeg[:-2] + b"\0\0"


@pytest.mark.parametrize(("change", "least"), [(without_its_end, FRAMES), (half_a_picture, FRAMES // 2)])
def test_jpegs_that_are_no_whole_pictures_are_left_to_ffmpeg(
    clip: Path, tmp_path: Path, change: Callable[[bytes], bytes], least: int
) -> None:
    """FFmpeg makes one picture of two fields."""
    path = tmp_path / "camera.avi"
    ffmpeg("-i", clip, "-c:v", "mjpeg", path)
    with_packets(path, change)
    frames = list(read_frames(str(path), CONFIG))
    assert len(frames) >= least
    assert all(isinstance(frame.picture, np.ndarray) and frame.size == (240, 320) for frame in frames)


def test_jpegs_of_a_video_that_is_to_be_turned_are_turned(clip: Path, tmp_path: Path) -> None:
    path, turned = tmp_path / "packed.mov", tmp_path / "turned.mov"
    ffmpeg("-i", clip, "-c:v", "mjpeg", path)
    ffmpeg("-i", path, "-c", "copy", "-metadata:s:v", "rotate=90", turned)
    assert isinstance(next(read_frames(str(path), CONFIG)).picture, Jpeg)
    assert next(read_frames(str(turned), CONFIG)).image.shape == (320, 240, 3)


def test_a_damaged_jpeg_in_a_video_is_passed_over(clip: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "camera.avi"
    ffmpeg("-i", clip, "-c:v", "mjpeg", path)
    numbers = itertools.count()
    with_packets(path, lambda jpeg: jpeg if next(numbers) != 3 else b"\0\0" + jpeg[2:])
    assert len(list(read_frames(str(path), CONFIG))) == FRAMES - 1
    assert "damaged; only" in caplog.text


def test_a_mirrored_camera_is_put_right(tmp_path: Path) -> None:
    image = np.zeros((20, 30, 3), np.uint8)
    image[:, :5] = 255
    cv2.imwrite(str(tmp_path / "left.png"), image)
    (frame,) = read_frames(str(tmp_path / "left.png"), CameraConfig(mirrored=True))
    assert frame.image[0, -1].tolist() == [255] * 3
    assert frame.image[0, 0].tolist() == [0] * 3


def test_a_file_name_with_colon_and_percent_is_only_a_name(clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "http:at 5%03d.mp4"
    path.write_bytes(clip.read_bytes())
    assert len(list(read_frames(str(path), CONFIG))) == FRAMES


def test_a_folder_is_played_in_natural_order_at_the_configured_rate(tmp_path: Path) -> None:
    for number in (10, 9, 2, 1):
        picture(tmp_path / f"frame{number}.png", number)
    (tmp_path / "notes.txt").write_text("not a picture")
    frames = list(read_frames(str(tmp_path), CONFIG))
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [1, 2, 9, 10]
    assert [frame.ts for frame in frames] == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_an_unreadable_picture_in_a_folder_is_named_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    picture(tmp_path / "1.jpg", 1)
    (tmp_path / "2.jpg").write_text("hello")
    (tmp_path / "3.png").write_bytes(picture(tmp_path / "4.png", 4, (200, 200, 3)).read_bytes()[:60])
    frames = list(read_frames(str(tmp_path), CONFIG))
    assert [frame.index for frame in frames] == [0, 3]
    assert frames[1].ts == pytest.approx(0.3)
    assert [Path(record.getMessage().split(":")[0]).name for record in caplog.records] == ["2.jpg", "3.png"]


@pytest.mark.parametrize(
    ("name", "shape", "dtype"),
    [("grey.png", (8, 12), np.uint8), ("alpha.png", (8, 12, 4), np.uint8), ("deep.png", (8, 12), np.uint16)],
)
def test_grey_transparent_and_deep_pictures_become_bgr(
    tmp_path: Path, name: str, shape: tuple[int, ...], dtype: type
) -> None:
    cv2.imwrite(str(tmp_path / name), np.full(shape, 200, dtype))
    (frame,) = read_frames(str(tmp_path / name), CONFIG)
    assert frame.image.shape == (8, 12, 3)
    assert frame.image.dtype == np.uint8


def test_exif_orientation_is_honoured(tmp_path: Path) -> None:
    jpeg = cv2.imencode(".jpg", np.zeros((40, 80, 3), np.uint8))[1].tobytes()
    turned_right = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0) + bytes(4)
    marker = b"\xff\xe1" + struct.pack(">H", len(turned_right) + 2) + turned_right
    (tmp_path / "phone.jpg").write_bytes(jpeg[:2] + marker + jpeg[2:])
    (frame,) = read_frames(str(tmp_path / "phone.jpg"), CONFIG)
    assert frame.image.shape == (80, 40, 3)


def bad_inputs(folder: Path, clip: Path) -> dict[str, str]:
    """Every kind of unreadable input, and a word its message must have."""
    plain = folder / "plain.mp4"
    ffmpeg("-i", clip, "-c", "copy", plain)  # index last: cutting it makes the file unreadable
    (folder / "cut.mp4").write_bytes(plain.read_bytes()[:3000])
    (folder / "text.mp4").write_text("this is no video\n")
    (folder / "text.jpg").write_text("this is no picture\n")
    (folder / "cut.jpg").write_bytes(picture(folder / "whole.jpg", 9, (99, 99, 3)).read_bytes()[:300])
    picture(folder / "long.png", 9, (1, 32767, 3))
    (folder / "zero.mp4").touch()
    (folder / "empty").mkdir()
    (folder / "broken").mkdir()
    (folder / "broken" / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    ffmpeg("-f", "lavfi", "-i", "sine=duration=0.2", folder / "sound.mp4")
    return {
        "nowhere.mp4": "no such file",
        "zero.mp4": "empty file",
        "cut.mp4": "not a video",
        "text.mp4": "not a video",
        "text.jpg": "not a readable picture",
        "cut.jpg": "not a readable picture",
        "long.png": "not a readable picture",
        "sound.mp4": "not a video",
        "empty": "without pictures",
        "broken": "none of its 1 pictures",
    }


def test_bad_inputs_give_one_line_that_names_file_and_fault(clip: Path, tmp_path: Path) -> None:
    for name, fault in bad_inputs(tmp_path, clip).items():
        with pytest.raises(InputError) as caught:
            list(read_frames(str(tmp_path / name), CONFIG))
        message = str(caught.value)
        assert message.startswith(str(tmp_path / name))
        assert fault in message
        assert "\n" not in message
        assert ";" in message, "the line must say how to mend it"


def test_libraries_add_nothing_to_the_one_line(clip: Path, tmp_path: Path) -> None:
    """OpenCV, FFmpeg, libjpeg and libpng write to stderr on their own; a child process shows what a user sees."""
    code = (
        "import logging, sys; from edge.camera import read_frames; from edge.config import CameraConfig\n"
        "from edge.errors import InputError; logging.disable()\n"
        "for path in sys.argv[1:]:\n"
        "    try: list(read_frames(path, CameraConfig()))\n"
        "    except InputError: print('refused')\n"
    )
    paths = [str(tmp_path / name) for name in bad_inputs(tmp_path, clip)]
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["refused"] * len(paths)
    assert done.stderr == ""


def test_a_video_cut_short_gives_what_it_holds_and_one_warning(
    clip: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = clip.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    frames = list(read_frames(str(tmp_path / "cut.mp4"), CONFIG))
    assert 5 < len(frames) < FRAMES - 5
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.parametrize("suffix", ["mkv", "webm", "mp4"])
def test_a_whole_video_with_longer_sound_is_not_called_damaged(
    clip: Path, tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"talk.{suffix}"
    ffmpeg("-i", clip, "-f", "lavfi", "-i", "sine=duration=4", path)
    frames = list(read_frames(str(path), CONFIG))
    assert len(frames) == FRAMES
    said = [record.getMessage().removeprefix(f"{path}: ") for record in caplog.records]
    unsure = "only 45 pictures, up to 1.5 of 4.0 s, could be read; cut short, unless its sound is longer"
    assert said == ([] if suffix == "mp4" else [unsure])


@pytest.mark.parametrize(("seconds", "warned"), [(1.9, False), (2.1, True)])
def test_half_a_second_less_than_the_container_says_is_no_reason_for_a_warning(
    clip: Path, tmp_path: Path, seconds: float, *, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The last picture is at 1.5 s; Matroska tells the length of the sound."""
    ffmpeg("-i", clip, "-f", "lavfi", "-i", f"sine=duration={seconds}", tmp_path / "talk.mkv")
    assert len(list(read_frames(str(tmp_path / "talk.mkv"), CONFIG))) == FRAMES
    assert bool(caplog.records) == warned


def test_a_video_damaged_in_the_middle_goes_on_after_the_damage(
    clip: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = bytearray(clip.read_bytes())
    start = len(data) // 3
    data[start : 2 * start] = random.Random(1).randbytes(start)
    (tmp_path / "hurt.mp4").write_bytes(data)
    frames = list(read_frames(str(tmp_path / "hurt.mp4"), CONFIG))
    times = [frame.ts for frame in frames]
    assert len(frames) < FRAMES
    assert times[-1] > 1.2
    assert times == sorted(set(times))
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0", SourceKind.DEVICE),
        ("/dev/v4l/by-id/usb-046d_C270-video-index0", SourceKind.DEVICE),
        ("http://camera/stream", SourceKind.URL),
        ("rtsp://user:word@camera:554/1", SourceKind.URL),
        ("exec:rpicam-vid -t 0 -n --codec yuv420 -o - --flush", SourceKind.EXEC),
        ("demo", SourceKind.DEMO),
        ("demo:HELLO", SourceKind.DEMO),
    ],
)
def test_a_source_text_says_its_kind(text: str, kind: SourceKind) -> None:
    assert parse_source(text).kind is kind


@pytest.mark.parametrize(
    "text", ["", "exec:", "exec:  ", "exec:say 'unclosed", "ftp://host/x", "http://", "/proc/nothing", "a" * 300]
)
def test_a_source_that_is_none_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"^[^\n]+$"):
        parse_source(text)


def test_a_gif_under_another_name_is_still_a_video(clip: Path, tmp_path: Path) -> None:
    ffmpeg("-i", clip, tmp_path / "clip.gif")
    (tmp_path / "clip.gif").rename(tmp_path / "clip.dat")
    assert len(list(read_frames(str(tmp_path / "clip.dat"), CONFIG))) == FRAMES


def test_a_camera_cannot_be_replayed() -> None:
    with pytest.raises(InputError, match="only files"):
        read_frames("http://camera/stream", CONFIG)


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin:s3cret@10.0.0.5:554/stream1",
        "http://10.0.0.5/video?user=admin&pwd=s3cret",
        "exec:ffmpeg -i rtsp://admin:s3cret@10.0.0.5/1 -f rawvideo -",
        "http://admin:s3c@s3cret@host/",
    ],
)
def test_passwords_are_not_shown(text: str) -> None:
    assert "s3c" not in redacted(text)
    assert "10.0.0.5" in redacted(text) or "host" in redacted(text)
    assert "s3c" not in parse_source(text).name
