"""Recordings of every layout into landmark stores: the right hand in the right place, and nothing hidden."""

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.demo import DemoSigner
from edge.errors import InputError
from edge.folder_lock import locked
from edge.types import SIDES, Floats, Image, Side

pytest.importorskip("pyarrow", reason="needs the training extra")
pytest.importorskip("tqdm", reason="needs the training extra")

import pyarrow as pa
import pyarrow.parquet as pq

from training import extract
from training.caching import code_fingerprints, code_hash
from training.consent import book_of
from training.extraction import landmark_files, pictures, work
from training.extraction.item import Item, unmirrored
from training.extraction.labels import named, of_name
from training.extraction.pictures import reader_code
from training.extraction.shards import Shards, parts_of
from training.extraction.timing import even_grid, on_grid
from training.extraction.work import read_all
from training.store import Clip, read_store

SIZE = (320, 240)
FPS = 15
SEEN = 0.12
"""Error in hand sizes below which the drawn hand counts as found; measured 0.03."""


@lru_cache
def drawn(letter: str = "B", side: Side = "right", count: int = 8) -> list[tuple[Image, Floats]]:
    """Frames in which the hand is wholly in the picture, with its (21, 2) truth in store units."""
    signer = DemoSigner(letter, hand=side, fps=FPS, size=SIZE)
    shown = ((frame.image, truth.hand[:, :2]) for frame, truth in signer if truth.letter == letter)
    return [next(shown) for _ in range(count)]


def video(path: Path, frames: list[Image], fps: float = FPS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, frames[0].shape[1::-1])
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def picture(path: Path, image: Image) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)
    return path


def error(clip: Clip, frame: int, truth: Floats, side: Side) -> float:
    """Mean error of a hand over its size; nothing where it was not seen."""
    found = clip.hands[frame, SIDES.index(side), :, :2] * (clip.width, clip.height)
    wanted = truth * (clip.width, clip.height)
    return float(np.linalg.norm(found - wanted, axis=1).mean() / np.ptp(wanted, axis=0).max())


def clips_of(store: Path) -> dict[str, Clip]:
    return {clip.clip: clip for clip in read_store(store)}


def run(*arguments: object) -> int:
    return extract.main([*map(str, arguments), "--workers", "1"])


def test_pictures_and_videos_of_a_folder_show_the_hand_where_it_is(tmp_path: Path) -> None:
    root, store = tmp_path / "mine", tmp_path / "mine.parquet"
    picture(root / "anna/B/1.png", drawn()[0][0])
    picture(root / "ben/b/2.png", drawn("B", "left")[0][0])
    video(root / "anna/thank_you/1.mp4", [image for image, _ in drawn()])
    assert run(root, "--out", store, "--licence", "CC0") == 0
    clips = clips_of(store)
    assert set(clips) == {"mine/anna/B/1.png", "mine/ben/b/2.png", "mine/anna/thank_you/1.mp4"}
    still, left, moving = (
        clips[name] for name in ("mine/anna/B/1.png", "mine/ben/b/2.png", "mine/anna/thank_you/1.mp4")
    )
    assert (still.label, still.kind, still.signer, still.licence) == ("B", "letter", "mine:anna", "CC0")
    assert (left.label, left.signer, left.still, left.fps) == ("B", "mine:ben", True, 0.0)
    assert (moving.label, moving.kind, moving.fps) == ("thankyou", "word", pytest.approx(FPS, abs=0.1))
    assert (moving.width, moving.height, len(moving.hands)) == (*SIZE, len(drawn()))
    assert error(still, 0, drawn()[0][1], "right") < SEEN
    assert error(left, 0, drawn("B", "left")[0][1], "left") < SEEN
    assert error(moving, 4, drawn()[4][1], "right") < SEEN
    assert np.isnan(still.hands[0, SIDES.index("left")]).all(), "a hand that is not there is not invented"


def test_a_mirrored_recording_is_put_right(tmp_path: Path) -> None:
    image, truth = drawn()[0]
    path = picture(tmp_path / "mine/B/1.png", cv2.flip(image, 1).astype(np.uint8))
    assert run(path, "--out", tmp_path / "mine.parquet", "--mirrored") == 0
    (clip,) = read_store(tmp_path / "mine.parquet")
    assert error(clip, 0, truth, "right") < SEEN


def test_a_hand_that_fills_the_picture_is_found_too(tmp_path: Path) -> None:
    image, truth = drawn()[0]
    (left, top), (right, bottom) = (truth * SIZE).min(axis=0) - 3, (truth * SIZE).max(axis=0) + 3
    close = image[max(0, int(top)) : int(bottom), max(0, int(left)) : int(right)]
    path = picture(tmp_path / "mine/B/1.png", cv2.resize(close, None, fx=4, fy=4).astype(np.uint8))
    assert run(path, "--out", tmp_path / "mine.parquet") == 0
    (clip,) = read_store(tmp_path / "mine.parquet")
    there = (truth * SIZE - (max(0, int(left)), max(0, int(top)))) / close.shape[1::-1]
    assert error(clip, 0, there, "right") < 2 * SEEN


def test_bad_recordings_are_named_in_one_line_each_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "mine"
    picture(root / "B/good.png", drawn()[0][0])
    picture(root / "B/empty_wall.png", np.full((240, 320, 3), 120, np.uint8))
    picture(root / "idle/empty_wall.png", np.full((240, 320, 3), 120, np.uint8))
    (root / "B/broken.jpg").write_bytes(b"\xff\xd8 no picture")
    (root / "B/nothing.mp4").write_bytes(b"")
    (root / "B/notes.txt").write_text("not a recording, and not mentioned")
    assert run(root, "--out", tmp_path / "mine.parquet") == 0
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-4] == "training.extract: 3 recordings left out:"
    assert ["broken.jpg" in lines[-3], "empty_wall.png" in lines[-2], "nothing.mp4" in lines[-1]] == [True] * 3
    clips = clips_of(tmp_path / "mine.parquet")
    assert {clip.label for clip in clips.values()} == {"B", "_idle"}, "idle without hands is what idle looks like"


def test_the_exit_code_says_whether_anything_was_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine/B").mkdir(parents=True)
    assert run(tmp_path / "mine", "--out", tmp_path / "s.parquet") == 2
    assert run(tmp_path / "absent", "--out", tmp_path / "s.parquet") == 2
    (tmp_path / "mine/B/broken.jpg").write_bytes(b"\xff\xd8")
    assert run(tmp_path / "mine", "--out", tmp_path / "s.parquet") == 1
    assert not (tmp_path / "s.parquet").exists()
    assert run(tmp_path / "mine", "--out", tmp_path) == 2
    for option, value in (("--size", "wide"), ("--workers", "0")):
        with pytest.raises(SystemExit) as stopped:
            extract.main([str(tmp_path / "mine"), "--out", str(tmp_path / "s.parquet"), option, value])
        assert stopped.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def gislr(root: Path, frames: list[int], sides: dict[str, Floats]) -> Path:
    """A sequence of Kaggle's layout with these frame numbers; parts not in `sides` are not seen."""
    rows = []
    for number, frame in enumerate(frames):
        for name, count in (("face", 2), ("left_hand", 21), ("pose", 33), ("right_hand", 21)):
            points = sides.get(name, np.full((len(frames), count, 3), np.nan))[number]
            for index, (x, y, z) in enumerate(points):
                rows.append(
                    {"frame": frame, "row_id": "", "type": name, "landmark_index": index, "x": x, "y": y, "z": z}
                )
    path = root / "train_landmark_files/7/99.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
    (root / "train.csv").write_text(
        "path,participant_id,sequence_id,sign\n"
        "train_landmark_files/7/99.parquet,7,99,TV\n"
        "train_landmark_files/7/absent.parquet,7,100,TV\n"
    )
    (root / "sign_to_prediction_index_map.json").write_text('{"TV": 0}')
    return root


def test_gislr_is_read_with_its_gaps_and_its_one_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points = np.random.default_rng(0).uniform(0.2, 0.8, (3, 21, 3))
    root = gislr(tmp_path / "kaggle", [20, 21, 24], {"left_hand": points, "pose": np.full((3, 33, 3), 0.5)})
    assert run(root, "--out", tmp_path / "g.parquet") == 0
    (clip,) = read_store(tmp_path / "g.parquet")
    assert (clip.clip, clip.label, clip.signer) == ("gislr/tv/99", "tv", "gislr:7")
    assert (clip.fps, clip.width, clip.height, len(clip.hands)) == (30.0, 360, 480, 5)
    np.testing.assert_allclose(clip.hands[[0, 1, 4], 0], points, atol=1e-6)
    assert np.isnan(clip.hands[2:4]).all(), "frames that were left out are not filled"
    assert np.isnan(clip.hands[:, 1]).all(), "the hand that holds the phone stays unseen"
    assert np.isnan(clip.pose[..., 3]).all(), "a visibility that is not in the data is not made up"
    assert "absent.parquet: cannot be read" in capsys.readouterr().err


def test_a_row_that_cannot_be_used_is_named_and_the_others_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = gislr(tmp_path / "kaggle", [20], {"left_hand": np.full((1, 21, 3), 0.5)})
    with (root / "train.csv").open("a") as file:
        file.write("train_landmark_files/7/99.parquet,7,101,unheard\ntrain_landmark_files/7/99.parquet,,102,TV\nx\n")
    assert run(root, "--out", tmp_path / "g.parquet") == 0
    assert set(clips_of(tmp_path / "g.parquet")) == {"gislr/tv/99"}
    *_, heading, unmapped, nobody, cut, _ = capsys.readouterr().err.strip().splitlines()
    assert heading == "training.extract: 4 recordings left out:"
    assert unmapped.endswith(
        "train.csv:4: sign 'unheard' is not in sign_to_prediction_index_map.json; add it there, or take the line out"
    )
    assert nobody.endswith("train.csv:5: participant_id is missing; add it, or take the line out")
    assert cut.endswith("train.csv:6: participant_id is missing; add it, or take the line out"), "the line is cut off"


@pytest.mark.shared
def test_the_shared_gislr_sample_is_read_as_the_shared_store_has_it(tmp_path: Path, shared_data: Path) -> None:
    assert run(shared_data / "gislr_sample", "--out", tmp_path / "g.parquet") == 0
    ours = clips_of(tmp_path / "g.parquet")
    columns = ["clip", "label", "signer", "hands", "pose"]
    rows = pq.read_table(
        shared_data / "words.parquet", columns=columns, filters=[("source", "==", "gislr")]
    ).to_pylist()
    both = [row for row in rows if row["clip"] in ours]
    assert len(both) == len(ours) == 6
    for row in both:
        clip = ours[row["clip"]]
        assert (clip.label, clip.signer) == (row["label"], row["signer"])
        np.testing.assert_allclose(clip.hands.ravel(), np.array(row["hands"], np.float32), atol=2e-3)
        np.testing.assert_allclose(clip.pose.ravel(), np.array(row["pose"], np.float32), atol=2e-3)


def wlasl(root: Path) -> Path:
    (root / "videos").mkdir(parents=True)
    before = [np.full_like(drawn()[0][0], 90)] * 4
    video(root / "videos/00007.mp4", [*before, *(image for image, _ in drawn()), *before])
    video(root / "videos/00008.mp4", [image for image, _ in drawn()])
    (root / "wlasl_class_list.txt").write_text("0\tbook\n1\tthank you\n")
    split = {name: {"subset": "train", "action": [1, 5, 12]} for name in ("00007", "00008", "00009")}
    (root / "nslt_100.json").write_text(json.dumps(split))
    return root


def test_wlasl_is_read_from_its_split_cut_to_the_sign(tmp_path: Path) -> None:
    root = wlasl(tmp_path / "wlasl")
    assert run(root, "--out", tmp_path / "w.parquet") == 0
    clips = clips_of(tmp_path / "w.parquet")
    assert set(clips) == {"wlasl/thankyou/00007", "wlasl/thankyou/00008"}, "videos that are not there are no error"
    for clip in clips.values():
        assert (clip.label, clip.signer, len(clip.hands)) == ("thankyou", "wlasl:unknown", len(drawn()))
        assert error(clip, 5, drawn()[5][1], "right") < SEEN
    instance = {"video_id": "00008", "signer_id": 12, "frame_start": 1, "frame_end": -1}
    (root / "WLASL_v0.3.json").write_text(json.dumps([{"gloss": "book", "instances": [instance]}]))
    assert run(root / "WLASL_v0.3.json", "--out", tmp_path / "w.parquet") == 0
    (clip,) = read_store(tmp_path / "w.parquet")
    assert (clip.label, clip.signer) == ("book", "wlasl:12")


def test_a_wlasl_video_of_nobody_is_named_and_the_others_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = wlasl(tmp_path / "wlasl")
    frames = {"frame_start": 1, "frame_end": -1}
    instances = [{"video_id": "00007", **frames}, {"video_id": "00008", "signer_id": 0, **frames}]
    instances.append({"video_id": "00010", **frames})
    (root / "WLASL_v0.3.json").write_text(json.dumps([{"gloss": "book", "instances": instances}]))
    assert run(root, "--out", tmp_path / "w.parquet") == 0
    assert {clip.signer for clip in read_store(tmp_path / "w.parquet")} == {"wlasl:0"}
    *_, heading, line = capsys.readouterr().err.strip().splitlines()
    assert heading == "training.extract: 1 recordings left out:", "a video that is not there is not mentioned"
    assert line.endswith("00007.mp4: its signer_id is missing; add it to the split, or say who signs with --signer")
    assert run(root, "--out", tmp_path / "w.parquet", "--signer", "anna") == 0
    assert {clip.signer for clip in read_store(tmp_path / "w.parquet")} == {"wlasl:anna"}
    assert len(clips_of(tmp_path / "w.parquet")) == 2


def test_a_json_file_that_is_no_split_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wlasl.json").write_text('"text"')
    (tmp_path / "wlasl_class_list.txt").write_text("0\tbook\n")
    assert run(tmp_path / "wlasl.json", "--out", tmp_path / "w.parquet") == 2
    assert "neither WLASL_v0.3.json nor an nslt split" in capsys.readouterr().err


def test_folders_of_numpy_frames_are_read_in_order_with_zeros_as_unseen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    folder = tmp_path / "MP_Data/hello/0"
    folder.mkdir(parents=True)
    frames = rng.uniform(0.1, 0.9, (11, 1662)).astype(np.float32)
    frames[:, 1536:1599] = 0.0  # the left hand
    frames[3, :132] = 0.0
    for number, frame in enumerate(frames):
        np.save(folder / f"{number}.npy", frame)
    (tmp_path / "MP_Data/hello/1").mkdir()
    np.save(tmp_path / "MP_Data/hello/1/0.npy", frames[0, :1600])
    assert run(tmp_path / "MP_Data", "--out", tmp_path / "n.parquet", "--size", "853x480", "--fps", "20") == 0
    (clip,) = read_store(tmp_path / "n.parquet")
    assert (clip.clip, clip.label, clip.fps, clip.width, clip.height) == ("MP_Data/hello/0", "hello", 20.0, 853, 480)
    assert np.isnan(clip.hands[:, 0]).all()
    np.testing.assert_array_equal(clip.hands[:, 1].reshape(11, -1), frames[:, 1599:])
    assert np.isnan(clip.pose[3]).all()
    np.testing.assert_array_equal(clip.pose[10].ravel(), frames[10, :132])
    assert "hello/1/0.npy: (1600,) numbers, wanted (1662,)" in capsys.readouterr().err


def test_a_missing_frame_shows_nothing_and_a_hand_with_a_missing_point_was_not_seen(tmp_path: Path) -> None:
    folder = tmp_path / "MP_Data/hello/0"
    folder.mkdir(parents=True)
    frames = np.random.default_rng(0).uniform(0.1, 0.9, (11, 1662)).astype(np.float32)
    frames[2, 1536 + 5] = np.nan  # of the left hand
    for number in (0, 1, 2, 3, 4, 6, 7, 8, 9, 10):
        np.save(folder / f"{number}.npy", frames[number])
    assert run(tmp_path / "MP_Data", "--out", tmp_path / "n.parquet") == 0
    (clip,) = read_store(tmp_path / "n.parquet")
    assert clip.hands.shape == (11, 2, 21, 3)
    assert np.isnan(clip.hands[5]).all()
    np.testing.assert_array_equal(clip.hands[10, 1].ravel(), frames[10, 1599:])
    assert np.isnan(clip.hands[2, 0]).all(), "a hand is seen whole or not at all"
    assert not np.isnan(clip.hands[2, 1]).any()


def test_frames_that_cannot_be_told_apart_are_no_recording(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a_3.npy", "b_3.npy"):
        npy(tmp_path / "MP_Data/hello/0" / name, FRAME)
    for name in ("0.npy", "1699999999123.npy"):
        npy(tmp_path / "MP_Data/hello/1" / name, FRAME)
    assert run(tmp_path / "MP_Data", "--out", tmp_path / "n.parquet") == 1
    said = capsys.readouterr().err
    assert "hello/0: two frames of number 3; name them 0.npy, 1.npy, ..." in said
    assert "hello/1: frame numbers that cannot be; name them 0.npy, 1.npy, ..." in said


FRAME = np.full(1662, 0.5, np.float32)


def npy(path: Path, values: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.full(1662, "x"), "an array of <U1, wanted numbers"),
        (FRAME.astype(np.complex64), "an array of complex64, wanted numbers"),
        (FRAME.astype([("v", np.float32)]), "wanted numbers"),
        (np.zeros(1662, "datetime64[s]"), "an array of datetime64[s], wanted numbers"),
        (np.full(1662, np.inf), "infinite numbers"),
        (np.full(1662, 1e300), "infinite numbers"),
        (None, "not a numpy array"),
    ],
)
def test_an_array_that_is_no_frame_is_left_out_and_the_others_are_read(
    values: Any, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    npy(tmp_path / "MP_Data/hello/good/0.npy", FRAME)
    npy(tmp_path / "MP_Data/hello/bad/0.npy", values)
    if values is None:
        with (tmp_path / "MP_Data/hello/bad/0.npy").open("wb") as file:
            np.savez(file, FRAME)
    assert run(tmp_path / "MP_Data", "--out", tmp_path / "n.parquet") == 0
    assert set(clips_of(tmp_path / "n.parquet")) == {"MP_Data/hello/good"}
    *_, heading, line = capsys.readouterr().err.strip().splitlines()
    assert heading == "training.extract: 1 recordings left out:"
    assert "hello/bad/0.npy: " in line
    assert why in line


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("x", "left", "not a GISLR sequence"),
        ("x", float("inf"), "infinite numbers"),
        ("frame", None, "rows without frame or landmark_index"),
        ("landmark_index", None, "rows without frame or landmark_index"),
        ("landmark_index", -3, "a left_hand with point -3, wanted 0 to 20"),
        ("landmark_index", 21, "a left_hand with point 21, wanted 0 to 20"),
        ("type", None, "not a GISLR sequence"),
    ],
)
def test_a_damaged_gislr_sequence_is_left_out_and_the_others_are_read(
    column: str, value: Any, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = gislr(tmp_path / "kaggle", [20], {"left_hand": np.full((1, 21, 3), 0.5)})
    good = root / "train_landmark_files/7/99.parquet"
    rows = pq.read_table(good).to_pylist()
    place = next(number for number, row in enumerate(rows) if row["type"] == "left_hand")
    rows[place][column] = value
    if isinstance(value, str):
        rows = [row | {column: value} for row in rows]
    if column == "type":
        rows = [{name: row[name] for name in row if name != column} for row in rows]
    pq.write_table(pa.Table.from_pylist(rows), good.with_name("absent.parquet"))
    assert run(root, "--out", tmp_path / "g.parquet") == 0
    assert set(clips_of(tmp_path / "g.parquet")) == {"gislr/tv/99"}
    *_, heading, line = capsys.readouterr().err.strip().splitlines()
    assert heading == "training.extract: 1 recordings left out:"
    assert "absent.parquet: " in line
    assert why in line


def test_whatever_goes_wrong_with_one_recording_the_others_are_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "training.extraction.work")
    npy(tmp_path / "MP_Data/hello/0/0.npy", FRAME)
    npy(tmp_path / "MP_Data/hello/1/0.npy", FRAME)

    def breaks(item: Item) -> Clip:
        if item.path.name == "0":
            raise RuntimeError("not thought of\nby anybody")
        return landmark_files.read_arrays(item)

    monkeypatch.setattr(work, "read_arrays", breaks)
    assert run(tmp_path / "MP_Data", "--out", tmp_path / "n.parquet") == 0
    assert set(clips_of(tmp_path / "n.parquet")) == {"MP_Data/hello/1"}
    assert capsys.readouterr().err.endswith(
        "MP_Data/hello/0: cannot be read (RuntimeError: not thought of); leave it out\n"
    )
    assert "Traceback" in caplog.text


def test_networks_that_cannot_be_loaded_are_no_fault_of_the_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks() -> None:
        raise InputError("models/hands: no such bundle; install it")

    picture(tmp_path / "mine/B/1.png", drawn()[0][0])
    monkeypatch.setattr(work, "open_landmarker", breaks)
    assert run(tmp_path / "mine", "--out", tmp_path / "s.parquet") == 2
    assert capsys.readouterr().err.endswith("training.extract: models/hands: no such bundle; install it\n")


def test_arrays_that_other_code_read_are_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npy(tmp_path / "MP_Data/hello/0/0.npy", FRAME)
    names = counting(monkeypatch)
    assert run(tmp_path / "MP_Data", "--out", tmp_path / "n.parquet") == 0
    monkeypatch.setattr(extract, "code_hash", lambda path: "another")
    assert run(tmp_path / "MP_Data", "--out", tmp_path / "n.parquet") == 0
    assert names == ["0", "0"]


def counting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the recordings that are really read."""
    names: list[str] = []
    read = extract.read_all

    def listening(work: list[tuple[object, str]], workers: int) -> Iterator[object]:
        for result in read(work, workers):  # type: ignore[arg-type]
            names.append(result[0].path.name)
            yield result

    monkeypatch.setattr(extract, "read_all", listening)
    return names


def test_a_run_goes_on_where_it_stopped_and_reads_what_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, store = tmp_path / "mine", tmp_path / "mine.parquet"
    for name in ("1.png", "2.png", "3.png"):
        picture(root / "B" / name, drawn()[int(name[0])][0])
    names = counting(monkeypatch)
    (root / "B/broken.jpg").write_bytes(b"\xff\xd8")

    def stops(work: list[tuple[object, str]], workers: int) -> Iterator[object]:
        for number, result in enumerate(listening(work, workers)):
            if number == 2:
                raise KeyboardInterrupt
            yield result

    listening = extract.read_all
    monkeypatch.setattr(extract, "read_all", stops)
    assert run(root, "--out", store) == 1
    assert not store.exists(), "a store is whole or not there"
    monkeypatch.setattr(extract, "read_all", listening)
    names.clear()
    assert run(root, "--out", store) == 0
    assert names == ["3.png", "broken.jpg"]
    first = store.read_bytes()
    names.clear()
    assert run(root, "--out", store) == 0
    assert names == []
    assert store.read_bytes() == first
    picture(root / "B/broken.jpg", drawn()[4][0])
    (root / "B/1.png").unlink()
    assert run(root, "--out", store) == 0
    assert names == ["broken.jpg"]
    assert set(clips_of(store)) == {"mine/B/2.png", "mine/B/3.png", "mine/B/broken.jpg"}


def test_other_landmark_code_reads_pictures_anew_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    root, store = tmp_path / "mine", tmp_path / "mine.parquet"
    picture(root / "B/1.png", drawn()[0][0])
    arrays = tmp_path / "MP_Data/hello/0"
    arrays.mkdir(parents=True)
    np.save(arrays / "0.npy", np.full(1662, 0.5, np.float32))
    names = counting(monkeypatch)
    assert run(root, tmp_path / "MP_Data", "--out", store) == 0
    assert sorted(names) == ["0", "1.png"]
    tracker = "code edge/landmarks/tracker.py"
    monkeypatch.setattr(pictures, "code_fingerprints", lambda module: {**code_fingerprints(module), tracker: "another"})
    names.clear()
    assert run(root, tmp_path / "MP_Data", "--out", store) == 0
    assert names == ["1.png"], "no network read the arrays"
    assert f"{store}.parts: 2 recordings were read by other landmark networks or code" in caplog.text
    caplog.clear()
    assert run(root, tmp_path / "MP_Data", "--out", store) == 0
    assert "other landmark" not in caplog.text


def test_what_reads_pictures_is_the_tracker_and_not_the_options_table() -> None:
    code = {name.removeprefix("code ") for name in reader_code()}
    assert {"edge/landmarks/tracker.py", "edge/signer.py", "edge/tflite.py", "pictures.py", "timing.py"} <= code
    assert not any(name.startswith("edge/config") for name in code)


def test_a_comment_changes_no_code(tmp_path: Path) -> None:
    plain, remarked, other = (tmp_path / f"{name}.py" for name in ("plain", "remarked", "other"))
    plain.write_text("def f(x):\n    return x + 1\n")
    remarked.write_text('"""What it does."""\n\n\ndef f(x):  # why\n    """More."""\n    return (x + 1)\n')
    other.write_text("def f(x):\n    return x + 2\n")
    assert code_hash(plain) == code_hash(remarked) != code_hash(other)


def test_a_shard_cut_off_while_it_was_written_does_not_count(tmp_path: Path) -> None:
    root, store = tmp_path / "mine", tmp_path / "mine.parquet"
    picture(root / "B/1.png", drawn()[0][0])
    assert run(root, "--out", store) == 0
    (listing,) = (tmp_path / "mine.parquet.parts").glob("*.json")
    listing.unlink()
    listing.with_suffix(".parquet").write_bytes(b"PAR1 torn")
    assert run(root, "--out", store) == 0
    assert len(clips_of(store)) == 1


def test_workers_side_by_side_give_the_store_of_one(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    for number in range(3):
        picture(root / f"B/{number}.png", drawn()[number][0])
    assert run(root, "--out", tmp_path / "one.parquet") == 0
    command = [
        sys.executable,
        "-m",
        "training.extract",
        str(root),
        "--out",
        str(tmp_path / "two.parquet"),
        "--workers",
        "2",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert "3 clips (3 letter) of 1 labels by 1 signers" in done.stdout
    assert (tmp_path / "two.parquet").read_bytes() == (tmp_path / "one.parquet").read_bytes()


class Killer(Item):
    """A recording that crashes whatever reads it, as a damaged video may crash a decoder."""

    def clip_of(self, *arguments: object) -> Clip:
        os._exit(9)


def test_a_recording_that_kills_its_worker_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    np.save(tmp_path / "0.npy", np.ones(1662, np.float32))
    fine = Item("a", "hello", "word", "s", "s", "CC0", tmp_path, "arrays", size=SIZE)
    killer = Killer("b", "hello", "word", "s", "s", "CC0", tmp_path, "arrays", size=SIZE)
    results = [result[2] for result in read_all([(fine, "1"), (killer, "2"), (fine, "3")], 2)]
    assert [isinstance(result, Clip) for result in results] == [True, False, True]
    assert "kills the process that reads it" in str(results[1])


def test_squeezed_pixels_are_made_square(tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("needs ffmpeg to write such a video")
    plain = video(tmp_path / "plain.mp4", [image for image, _ in drawn()])
    squeezed = tmp_path / "mine/B/squeezed.mp4"
    squeezed.parent.mkdir(parents=True)
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", plain, "-vf", "scale=240:240,setsar=4/3", squeezed], check=True, timeout=60
    )
    assert run(squeezed, "--out", tmp_path / "s.parquet") == 0
    (clip,) = read_store(tmp_path / "s.parquet")
    assert (clip.width, clip.height) == SIZE
    assert error(clip, 5, drawn()[5][1], "right") < SEEN


def test_frames_that_came_unevenly_are_put_on_an_even_grid() -> None:
    even = even_grid([n / 30 + 0.001 * (n % 2) for n in range(30)])
    assert even.fps == pytest.approx(30, abs=0.1)
    assert even.frames.tolist() == list(range(30))
    lost = even_grid([0.0, 0.1, 0.2, 0.4, 0.5])
    assert lost.fps == pytest.approx(10)
    assert lost.frames.tolist() in ([0, 1, 2, 2, 3, 4], [0, 1, 2, 3, 3, 4])
    long_gap = even_grid([0.0, 0.1, 0.2, 1.2, 1.3])
    rows = on_grid(np.arange(5, dtype=np.float32)[:, None], long_gap)[:, 0]
    assert len(rows) == 14
    assert np.isnan(rows[4:11]).all(), "a hand does not stand still for a second because frames were lost"
    assert even_grid([0.0]).fps == 0.0


@pytest.mark.parametrize(
    ("name", "kind", "wanted"),
    [
        ("a", "auto", ("A", "letter")),
        ("del_pinch", "auto", ("del_pinch", "letter")),
        ("Thank_You", "auto", ("thankyou", "word")),
        ("I love you", "auto", ("iloveyou", "word")),
        ("good-morning", "auto", ("good morning", "word")),
        ("idle", "auto", ("_idle", "idle")),
        ("walking", "idle", ("_idle", "idle")),
        ("j", "word", ("j", "word")),
    ],
)
def test_names_become_labels(name: str, kind: str, wanted: tuple[str, str]) -> None:
    assert named(name, kind) == wanted


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("A12.jpg", "A"),
        ("thank_you_3.mp4", "thank_you"),
        ("hello (2).mp4", "hello"),
        ("signer__hello__7d0a.mp4", "hello"),
        ("hello__7d0a.mp4", "hello"),
        ("7.mp4", "7"),
    ],
)
def test_file_names_say_labels(name: str, label: str) -> None:
    assert of_name(Path(name)) == label


def test_one_labels_folder_alone_is_no_source_of_its_own(tmp_path: Path) -> None:
    for letter in "BL":
        picture(tmp_path / "mine" / letter / "1.png", drawn(letter)[0][0])
    assert run(tmp_path / "mine/B", tmp_path / "mine/L", "--out", tmp_path / "s.parquet") == 0
    assert {(clip.clip, clip.signer) for clip in read_store(tmp_path / "s.parquet")} == {
        ("mine/B/1.png", "mine:s1"),
        ("mine/L/1.png", "mine:s1"),
    }


def test_putting_a_mirrored_clip_right_twice_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    hands, pose = rng.uniform(size=(4, 2, 21, 3)).astype(np.float32), rng.uniform(size=(4, 33, 4)).astype(np.float32)
    once = unmirrored(hands, pose)
    assert not np.allclose(once[0], hands)
    np.testing.assert_allclose(once[1][:, 11, 0], 1 - pose[:, 12, 0])
    for back, before in zip(unmirrored(*once), (hands, pose), strict=True):
        np.testing.assert_allclose(back, before, atol=1e-6)


@pytest.mark.shared
def test_extraction_agrees_with_the_shared_stills(tmp_path: Path, shared_data: Path) -> None:
    """Measured on all 2,271 that match: 1.2 % of the hand's size median, 6.7 % at the 95th percentile."""
    root = tmp_path / "images/mariia"
    for letter in "BLW":
        (root / letter).mkdir(parents=True)
        for file in sorted((shared_data / "images/mariia" / letter).iterdir())[:3]:
            (root / letter / file.name).symlink_to(file)
    assert run(root, "--out", tmp_path / "s.parquet") == 0
    table = pq.read_table(
        shared_data / "letters.parquet", columns=["clip", "hands"], filters=[("source", "==", "mariia")]
    )
    theirs = {tuple(row["clip"].split("/")[1::3]): row["hands"] for row in table.to_pylist()}
    errors = []
    for clip in read_store(tmp_path / "s.parquet"):
        hands = theirs.get((clip.label, Path(clip.clip).name))
        if hands is not None:
            truth = np.array(hands, np.float32).reshape(2, 21, 3)[SIDES.index("right"), :, :2]
            errors.append(error(clip, 0, truth, "right"))
    assert len(errors) >= 3
    assert np.median(errors) < 0.05


def test_consented_recordings_are_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    npy(tmp_path / "MP_Data/hello/0/0.npy", FRAME)
    store = tmp_path / "mine.parquet"
    store.write_bytes(b"recorded")
    book_of(store).write_text("{}")
    assert run(tmp_path / "MP_Data", "--out", store) == 2
    assert "mine.parquet: holds recordings of training.record" in capsys.readouterr().err
    assert store.read_bytes() == b"recorded"


def test_nor_are_those_that_were_made_while_it_ran(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    npy(tmp_path / "MP_Data/hello/0/0.npy", FRAME)
    store = tmp_path / "mine.parquet"

    def recorded_meanwhile(shards: Shards) -> None:
        flush(shards)
        store.write_bytes(b"recorded")
        book_of(store).write_text("{}")

    flush = Shards.flush
    monkeypatch.setattr(Shards, "flush", recorded_meanwhile)
    assert run(tmp_path / "MP_Data", "--out", store) == 2
    assert "mine.parquet: holds recordings of training.record" in capsys.readouterr().err
    assert store.read_bytes() == b"recorded"


def test_two_runs_do_not_work_on_one_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    npy(tmp_path / "MP_Data/hello/0/0.npy", FRAME)
    arguments = (tmp_path / "MP_Data", "--out", tmp_path / "s.parquet")
    with locked(parts_of(tmp_path / "s.parquet"), seconds=0):
        assert run(*arguments) == 2
    assert "s.parquet.parts: another run works there" in capsys.readouterr().err
    assert run(*arguments) == 0


def test_names_that_cannot_be_used_are_said_and_the_others_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "MP_Data"
    for folder in (os.fsencode(root / "hello") + b"/b\xffd", root / "hello/good", root / "___/0"):
        npy(Path(os.fsdecode(folder)) / "0.npy", FRAME)
    npy(tmp_path / "elsewhere/0/0.npy", FRAME)
    (root / "help").symlink_to(tmp_path / "elsewhere")
    assert run(root, "--out", tmp_path / "s.parquet") == 0
    assert set(clips_of(tmp_path / "s.parquet")) == {"MP_Data/hello/good"}
    *_, heading, nameless, linked, strange = capsys.readouterr().err.strip().splitlines()
    assert heading == "training.extract: 3 recordings left out:"
    assert nameless.endswith("MP_Data/___/0: its label is empty; rename it")
    assert "MP_Data/help: a link to a folder" in linked
    assert "d: cannot be read (its name is not UTF-8 text, or has a NUL in it)" in strange


def test_a_damaged_table_or_sign_map_of_gislr_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = gislr(tmp_path / "kaggle", [20], {"left_hand": np.full((1, 21, 3), 0.5)})
    with (root / "train.csv").open("a") as file:
        file.write("train_landmark_files/7/9\0.parquet,7,101,TV\n")
    assert run(root, "--out", tmp_path / "g.parquet") == 0
    assert "cannot be read (its name is not UTF-8 text, or has a NUL in it)" in capsys.readouterr().err
    (root / "sign_to_prediction_index_map.json").write_text("3")
    assert run(root, "--out", tmp_path / "g.parquet") == 2
    assert "index_map.json: no signs with their numbers" in capsys.readouterr().err


def test_an_option_that_is_no_number_is_said_to_be_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, "--out", tmp_path / "s.parquet", "--fps", "abc")
    assert "argument --fps: 'abc' is no number;" in capsys.readouterr().err


def test_the_traceback_is_shown_where_it_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        run(tmp_path / "absent", "--out", tmp_path / "s.parquet", "--debug")
