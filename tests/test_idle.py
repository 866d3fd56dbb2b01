"""An empty room: what is decoded, what it costs, and how soon whoever walks in is seen."""

import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.camera.pictures import Jpeg, mirror, read_jpeg
from edge.config import Config
from edge.demo.signer import DemoSigner
from edge.governor import Governor
from edge.landmarks import Landmarker
from edge.landmarks.motion import MotionDetector
from edge.types import Frame, Image, Packed

MODELS = Path(__file__).parent.parent / "models"
FPS = 15


def packed(image: Image, quality: int = 90) -> Jpeg:
    picture = read_jpeg(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].ravel())
    assert picture is not None
    return picture


def room(size: tuple[int, int], seed: int) -> Image:
    """A wall, a door, a counter, and a camera's noise."""
    width, height = size
    image = np.full((height, width, 3), 150, np.uint8)
    cv2.rectangle(image, (width // 2, height // 4), (3 * width // 4, height), (90, 110, 120), -1)
    cv2.rectangle(image, (0, 3 * height // 4), (width // 3, height), (60, 70, 90), -1)
    noise = np.random.default_rng(seed).normal(0, 3, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Packed]:
    """Every picture that was decoded in full."""
    pictures: list[Packed] = []
    original = Jpeg.decoded

    def counted(self: Jpeg) -> Image:
        pictures.append(self)
        return original(self)

    monkeypatch.setattr(Jpeg, "decoded", counted)
    return pictures


@pytest.fixture
def landmarker() -> Landmarker:
    return Landmarker(Config().landmarks, MODELS)


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (321, 243)])
def test_a_jpeg_says_how_large_it_is_and_shows_an_eighth(size: tuple[int, int]) -> None:
    image = room(size, 0)
    picture = packed(image)
    assert picture.size == image.shape[:2]
    assert picture.small.shape[:2] == (-(-size[1] // 8), -(-size[0] // 8))
    np.testing.assert_allclose(picture.small.mean((0, 1)), image.mean((0, 1)), atol=2)
    assert np.abs(picture.decoded().astype(int) - image).mean() < 3


def test_a_mirrored_jpeg_is_mirrored_whenever_it_is_decoded() -> None:
    picture = packed(room((320, 240), 1))
    other = picture.mirrored()
    np.testing.assert_array_equal(other.small, mirror(picture.small))
    np.testing.assert_array_equal(other.decoded(), mirror(picture.decoded()))
    np.testing.assert_array_equal(other.mirrored().decoded(), picture.decoded())


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_jpeg_that_exif_turns_has_the_size_it_has_when_decoded(orientation: int) -> None:
    content = cv2.imencode(".jpg", room((320, 240), 1))[1].tobytes()
    tiff = b"MM\x00*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    exif = b"Exif\x00\x00" + tiff
    turned = content[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + content[2:]
    picture = read_jpeg(np.frombuffer(turned, np.uint8))
    assert picture is not None
    assert picture.size == picture.decoded().shape[:2] == ((320, 240) if orientation in (6, 8) else (240, 320))
    assert picture.small.shape[:2] == tuple(side // 8 for side in picture.size)


@pytest.mark.parametrize("damage", [lambda d: d[: len(d) // 2], lambda d: d[:12], lambda d: d[::-1], lambda d: d[:0]])
def test_a_damaged_jpeg_is_none(damage: Callable[[np.ndarray], np.ndarray]) -> None:
    content = cv2.imencode(".jpg", room((320, 240), 2))[1].ravel()
    assert read_jpeg(np.ascontiguousarray(damage(content))) is None


def test_a_jpeg_that_claims_an_absurd_size_is_none() -> None:
    content = cv2.imencode(".jpg", room((320, 240), 2))[1].ravel()
    header = content.tobytes().index(b"\xff\xc0")
    content[header + 5 : header + 9] = 0xFF
    assert read_jpeg(content) is None


def test_an_empty_room_is_hardly_ever_decoded(landmarker: Landmarker, decoded: list[Packed]) -> None:
    for index in range(6 * FPS):
        landmarks = landmarker.step(Frame(packed(room((640, 480), index)), index / FPS, index))
        assert not landmarks.presence.any()
        assert (landmarks.width, landmarks.height) == (640, 480)
    assert len(decoded) <= 3, "somebody is looked for though nothing moves, after 2, 4 and then every 8 seconds"


@pytest.mark.parametrize("fps", [15, 30])
def test_of_an_empty_room_a_few_pictures_a_second_are_read(landmarker: Landmarker, fps: int) -> None:
    governor = Governor(Config().governor)
    read_at = []
    for index in range(20 * fps):
        ts = index / fps
        if governor.admit(ts):
            landmarker.step(Frame(packed(room((320, 240), index)), ts, index))
            governor.observe_frame(ts, hand=False, nothing=landmarker.sees_nothing)
            read_at.append(ts)
    late = [ts for ts in read_at if ts > 10]
    assert len(late) <= 8.5 * 10
    assert max(np.diff(late)) <= 0.134, "whoever appears is in the next picture that is read"
    assert governor.skipped == 20 * fps - len(read_at)


def test_where_something_moves_every_picture_is_read(landmarker: Landmarker) -> None:
    governor = Governor(Config().governor)
    for index in range(10 * FPS):
        image = room((320, 240), 0)
        cv2.rectangle(image, (20 + index, 50), (80 + index, 150), (255, 255, 255), -1)
        assert governor.admit(index / FPS)
        landmarker.step(Frame(image, index / FPS, index))
        governor.observe_frame(index / FPS, hand=False, nothing=landmarker.sees_nothing)


@pytest.mark.parametrize("before", [0, 1, 2])
def test_whoever_appears_is_read_in_every_picture_within_150_ms(
    landmarker: Landmarker, decoded: list[Packed], before: int
) -> None:
    signer = [frame.image for frame, truth in DemoSigner("B", fps=FPS, size=(640, 480)) if truth.in_picture]
    empty = np.full_like(signer[0], signer[0][0, 0])
    governor = Governor(Config().governor)
    hands = []
    for index, image in enumerate([empty] * (before + 5 * FPS) + signer):
        if index == before + 5 * FPS:
            decoded.clear()
        if reads := governor.admit(ts := index / FPS):
            landmarks = landmarker.step(Frame(packed(image), ts, index))
            governor.observe_frame(ts, hand=bool(landmarks.presence.any()), nothing=landmarker.sees_nothing)
        hands.append(reads and bool(landmarks.presence.any()))
    first = hands.index(True) - before - 5 * FPS
    assert 0 <= first / FPS <= 0.15
    assert len(decoded) >= len(signer) - first - 1, "from then on every picture is looked at"


def fan(image: Image, index: int) -> Image:
    """One that turns in the corner."""
    turning, (x, y) = image.copy(), (image.shape[1] - 60, 60)
    for blade in range(3):
        angle = 1.3 * index + 2.1 * blade
        tip = (int(x + 45 * np.cos(angle)), int(y + 45 * np.sin(angle)))
        cv2.line(turning, (x, y), tip, (30, 30, 30), 12)
    return turning


def flicker(image: Image, index: int) -> Image:
    """Lamps that beat with the camera."""
    return cv2.convertScaleAbs(image, alpha=1 + 0.08 * (index % 3 - 1))


@pytest.mark.parametrize("moves", [fan, flicker])
def test_what_moves_by_itself_is_no_visitor_and_hides_none(
    landmarker: Landmarker, moves: Callable[[Image, int], Image]
) -> None:
    signer = [frame.image for frame, truth in DemoSigner("B", fps=FPS, size=(640, 480)) if truth.in_picture]
    noise = [np.random.default_rng(seed).normal(0, 2, signer[0].shape) for seed in range(4)]
    empty = np.full_like(signer[0], signer[0][0, 0])
    governor, alone = Governor(Config().governor), 10 * FPS
    read, hands = 0, []
    for index, image in enumerate([empty] * alone + signer):
        seen = False
        if governor.admit(ts := 1.7e9 + index / FPS):
            noisy = np.clip(moves(image, index) + noise[index % 4], 0, 255).astype(np.uint8)
            landmarks = landmarker.step(Frame(noisy, ts, index))
            seen = bool(landmarks.presence.any())
            governor.observe_frame(ts, hand=seen, nothing=landmarker.sees_nothing)
            read += alone // 2 <= index < alone and bool(set(landmarker.seconds) & {"palm", "pose_detector"})
        hands.append(seen)
    assert not any(hands[:alone])
    assert read <= 3, "pictures in which somebody was looked for, in five seconds"
    assert (hands.index(True) - alone) / FPS <= 0.15


def screen(index: int) -> Image:
    """A film of which every picture is another."""
    coarse = np.random.default_rng(index).integers(0, 255, (12, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (280, 480), interpolation=cv2.INTER_NEAREST)


def flickering(share: float) -> MotionDetector:
    """A room in which so much of the picture moves by itself, seen for long."""
    motion, width = MotionDetector(), round(640 * share)
    for index in range(6 * FPS):
        picture = np.full((480, 640, 3), 200, np.uint8)
        picture[:, :width] = cv2.resize(screen(index), (width, 480))
        motion.step(picture)
        motion.learn_background(1 / FPS)
    return motion


def test_where_most_of_the_picture_moves_nothing_is_left_out() -> None:
    assert flickering(0.4).outside([]) < 0.01
    assert flickering(0.7).outside([]) > 0.4
    assert not flickering(0.7).may_hide_person


def test_beside_somebody_whatever_moves_counts() -> None:
    motion = flickering(0.4)
    motion.forget_background()
    assert motion.outside([]) > 0.2


def small_signer() -> tuple[Image, np.ndarray]:
    """The drawn signer at half the size, and which pixels are theirs: those that another wall leaves as they are."""
    one, other = (next(iter(DemoSigner("B", background=wall)))[0].image for wall in ("wall", "green"))
    theirs = (cv2.absdiff(one, other).sum(axis=-1) < 9).astype(np.uint8)
    return cv2.resize(one, (280, 240)), cv2.resize(theirs, (280, 240), interpolation=cv2.INTER_NEAREST) > 0


@pytest.mark.parametrize("before", [0, 8, 15, 21])
def test_whoever_stands_before_a_screen_is_seen_within_a_second(landmarker: Landmarker, before: int) -> None:
    alone, seen = 10 * FPS + before, []
    signer, theirs = small_signer()
    for index in range(alone + 2 * FPS):
        picture = np.full((480, 640, 3), 200, np.uint8)
        picture[:, :280] = screen(index)
        if index >= alone:
            picture[240:, :280][theirs] = signer[theirs]
        landmarks = landmarker.step(Frame(picture, index / FPS, index))
        seen.append(bool(np.isfinite(landmarks.pose).any()))
        if index == alone - 1:
            assert landmarker.sees_nothing, "the screen alone is no visitor"
    assert not any(seen[:alone])
    assert (seen.index(True) - alone) / FPS <= 1.07


def test_packed_pictures_give_the_landmarks_of_whole_ones(landmarker: Landmarker) -> None:
    jpegs = [packed(frame.image) for frame, _ in DemoSigner("L", fps=FPS, size=(640, 480))][: 2 * FPS]

    def seen(pictures: Iterator[Image | Packed]) -> list[int]:
        landmarker.reset()
        return [
            int((landmarker.step(Frame(picture, index / FPS, index)).presence > 0).sum())
            for index, picture in enumerate(pictures)
        ]

    lazy, whole = seen(iter(jpegs)), seen(jpeg.decoded() for jpeg in jpegs)
    assert sum(lazy) > 10
    assert sum(one != other for one, other in zip(lazy, whole, strict=True)) <= 2


def test_an_empty_room_costs_less_than_to_decode_it(landmarker: Landmarker) -> None:
    contents = [packed(room((1280, 720), seed), quality=80).data for seed in range(8)]
    spent = {"step": 0.0, "decoding": 0.0}
    for index in range(10 * FPS):
        content = contents[index % len(contents)]
        started = time.process_time()
        picture = read_jpeg(content)
        assert picture is not None
        landmarker.step(Frame(picture, index / FPS, index))
        between = time.process_time()
        cv2.imdecode(content, cv2.IMREAD_COLOR)
        if index > FPS:
            spent["step"] += between - started
            spent["decoding"] += time.process_time() - between
    assert spent["step"] < spent["decoding"]


def test_light_after_a_black_picture_is_looked_at(landmarker: Landmarker) -> None:
    for index, level in enumerate((0, 0, 150, 150)):
        landmarker.step(Frame(np.full((480, 640, 3), level, np.uint8), index / FPS, index))
    assert landmarker.step(Frame(room((640, 480), 0), 4 / FPS, 4)).brightness > 100
