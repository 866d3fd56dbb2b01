"""Sources: what may be trained on is decided in one table, and no source sits on both sides of a split."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from letter_store import clip, write_small_store, zigzag

from edge import landmark_store
from edge.errors import AslEdgeError, InputError
from edge.folder_lock import locked
from training.letters.config import LetterConfig
from training.letters.data import INDEX, load_letters
from training.letters.sampling import Sampler
from training.sources import (
    CLEAR_LICENCES,
    LETTER_SOURCES,
    NEVER_TRAIN,
    WORD_SOURCES,
    SignerSourceCheck,
    evaluation_only,
    licence_is_clear,
    may_train,
    refuse_never_train,
    source_of,
)
from training.store import SCHEMA, read_store, store_hashes, write_store


def test_a_forbidden_source_is_refused_with_its_reason(tmp_path: Path) -> None:
    name, reason = next(iter(NEVER_TRAIN.items()))
    forbidden = clip("A", 0, 0)
    object.__setattr__(forbidden, "source", name)
    write_store(tmp_path / "s.parquet", [forbidden])
    with pytest.raises(InputError, match=name) as error:
        load_letters([tmp_path / "s.parquet"])
    assert reason in str(error.value)
    refuse_never_train(["mariia"])


def test_every_exclusion_says_why_and_names_a_letter() -> None:
    for source in LETTER_SOURCES:
        assert source.licence, source.name
        for label, why in source.exclude.items():
            assert label in INDEX, source.name
            assert len(why) > 5, source.name


def test_no_two_sources_share_a_name() -> None:
    names = [source.name for source in (*LETTER_SOURCES, *WORD_SOURCES)]
    assert len(names) == len(set(names))


def test_clear_licences_are_clear() -> None:
    clear = {source.name for source in LETTER_SOURCES if licence_is_clear(source.licence)}
    assert clear == {"borisgraudt", "longhong", "nejohnson2", "t32rahman"}
    assert not licence_is_clear(source_of("a stranger's recording").licence)
    assert all("GPL" not in licence for licence in CLEAR_LICENCES)


@pytest.mark.parametrize(
    ("licence", "clear"),
    [
        ("MIT (readme)", True),
        ("CC BY 4.0 (as reported)", True),
        ("CC BY-SA 4.0", True),
        ("consented landmark recording, 2026-01-31", True),
        ("CC BY-ND 4.0", False),
        ("CC BY-NC-ND 4.0", False),
        ("CC Attribution-NonCommercial", False),
        ("CC BY, NoDerivatives", False),
        ("MIT repo; origin AGPL-3", False),
        ("consented for evaluation", False),
        ("CC BY-Non Commercial", False),
        ("CC BY 4.0, No Derivatives", False),
        ("CC-BYNC-4.0", False),
        ("CC BY (research use only)", False),
    ],
)
def test_a_licence_is_clear_where_a_model_may_be_given_away(licence: str, clear: bool) -> None:
    assert licence_is_clear(licence) == clear


@pytest.mark.parametrize(
    ("licence", "only"),
    [
        ("copyrighted; evaluation only", True),
        ("Evaluation Only", True),
        ("evaluation-only", True),
        ("for evaluation purposes only, no training", True),
        ("consented for evaluation", True),
        ("consented for evaluation, not for training", True),
        ("no training; evaluation", True),
        ("training and evaluation", False),
        ("none stated", False),
    ],
)
def test_a_licence_for_evaluation_is_known_however_it_is_written(licence: str, only: bool) -> None:
    assert evaluation_only(licence) == only
    assert may_train(replace(clip("A", 0, 0), licence=licence), "all") != only


def test_a_signer_in_two_sources_is_refused_where_one_of_them_may_be_held_out() -> None:
    check = SignerSourceCheck()
    check.add(clip("A", 0, 0))
    check.add(clip("B", 0, 0))
    with pytest.raises(InputError, match="signer 'made0:s1' is in source 'made0' and in 'other'"):
        check.add(replace(clip("A", 0, 0), source="other"))


def test_labels_that_are_no_letter_and_no_control_are_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clips = [replace(clip("A", 0, n), label=label) for n, label in enumerate(["A", "2", "2", "ctl_openhand", "A_left"])]
    write_store(tmp_path / "s.parquet", clips)
    data = load_letters([tmp_path / "s.parquet"])
    assert (data.labels.tolist(), len(data.controls)) == ([INDEX["A"]], 1)
    assert caplog.messages == [
        "'2' is no letter of A to Z: its 2 clips are left out",
        "'A_left' is no letter of A to Z: its 1 clips are left out",
    ]


def test_a_store_is_known_by_its_content(tmp_path: Path) -> None:
    """Extraction writes it anew whenever it runs."""
    store = tmp_path / "s.parquet"
    write_store(store, [clip("A", 0, 0)])
    before = store_hashes([store])
    os.utime(store, (1, 1))
    assert store_hashes([store]) == before
    write_store(store, [clip("A", 1, 0)])
    assert store_hashes([store]) != before


def test_a_disk_that_is_full_is_said_in_one_line_and_leaves_nothing_behind(tmp_path: Path) -> None:
    store = tmp_path / "s.parquet"
    (tmp_path / "s.parquet.partial").symlink_to("/dev/full")
    with pytest.raises(AslEdgeError, match=r"s\.parquet: cannot be written \(No space left on device\); make room"):
        write_store(store, [clip("A", 0, 0)])
    with pytest.raises(AslEdgeError, match=r"absent/s\.parquet: cannot be written \(No such file or directory\)"):
        write_store(tmp_path / "absent/s.parquet", [clip("A", 0, 0)])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with locked(tmp_path, seconds=0), pytest.raises(InputError, match="another run works there"):
        locked(tmp_path, seconds=0).__enter__()
    with locked(tmp_path, seconds=0):
        pass


@pytest.mark.parametrize("part", ["hands", "pose", "fps"])
def test_an_infinite_number_in_a_store_is_named(part: str, tmp_path: Path) -> None:
    bad = clip("A", 0, 7)
    values = np.full((1, 33, 4), np.inf, np.float32) if part == "pose" else bad.hands.copy()
    values[0, 1, 3] = np.inf
    write_store(tmp_path / "s.parquet", [replace(bad, **{part: np.inf if part == "fps" else values})])
    why = "has no fps that can be used" if part == "fps" else "row 0, clip 'made0/A/7', has an infinite landmark"
    with pytest.raises(InputError, match=why):
        list(read_store(tmp_path / "s.parquet"))


def test_a_clip_has_a_pose_for_every_frame_or_none(tmp_path: Path) -> None:
    store, drawn = tmp_path / "s.parquet", clip("Z", 0, 7, zigzag())
    frames = len(drawn.hands)
    whole, short, bare = (replace(drawn, pose=np.zeros((n, 33, 4), np.float32)) for n in (frames, frames - 1, 0))
    write_store(store, [whole, bare])
    assert [len(read.pose) for read in read_store(store)] == [frames, 0]
    write_store(store, [whole, short])
    with pytest.raises(InputError, match=rf"row 1, .* of the wrong length .*\({frames},33,4\)"):
        list(read_store(store))


def test_a_pose_column_that_holds_nothing_is_a_store_without_poses(tmp_path: Path) -> None:
    store = tmp_path / "s.parquet"
    for kind in (pa.null(), SCHEMA.field("pose").type):
        write_store(store, [clip("A", 0, 0), clip("B", 0, 1)])
        table = pq.read_table(store)
        pq.write_table(table.set_column(table.column_names.index("pose"), "pose", pa.nulls(2, kind)), store)
        assert [read.pose.shape for read in read_store(store)] == [(0, 33, 4)] * 2


def test_a_row_that_is_refused_is_named_by_its_place_in_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landmark_store, "_BATCH_ROWS", 2)
    clips = [clip("A", 0, number) for number in range(5)]
    write_store(tmp_path / "s.parquet", [*clips[:4], replace(clips[4], width=0)])
    with pytest.raises(InputError, match=f"row 4, clip '{clips[4].clip}', has no width that can be used"):
        list(read_store(tmp_path / "s.parquet"))


def test_samples_of_a_fold_hold_nothing_of_the_source_left_out(tmp_path: Path) -> None:
    data = load_letters([write_small_store(tmp_path / "s.parquet")])
    samples = Sampler(data, LetterConfig(), 0).samples(2000)
    mixed = (samples.sources[:, 0] != samples.sources[:, 1]).mean()
    assert mixed > 0.02, "some samples are made of two signers"
    fold = samples.without(["made1"])
    assert 0.3 < len(fold.labels) / len(samples.labels) < 0.9
    assert "made1" not in fold.sources


def test_excluded_labels_are_not_trained_on(tmp_path: Path) -> None:
    wrong, right = clip("T", 0, 0), clip("A", 0, 0)
    for each in (wrong, right):
        object.__setattr__(each, "source", "rocketares")
    write_store(tmp_path / "s.parquet", [wrong, right])
    assert load_letters([tmp_path / "s.parquet"]).labels.tolist() == [INDEX["A"]]


def test_a_store_comes_back_as_it_was_written(tmp_path: Path) -> None:
    clips = [clip("A", 0, 0), clip("Z", 1, 1, np.zeros((5, 2), np.float32))]
    write_store(tmp_path / "s.parquet", clips)
    for before, after in zip(clips, read_store(tmp_path / "s.parquet"), strict=True):
        np.testing.assert_array_equal(before.hands, after.hands)
        assert (before.label, before.signer, before.width, before.fps) == (
            after.label,
            after.signer,
            after.width,
            after.fps,
        )


@pytest.mark.parametrize("content", [b"", b"PAR1 is not enough", b"a,b\n1,2\n"])
def test_a_file_that_is_no_store_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"x\.parquet: not a landmark store"):
        list(read_store(tmp_path / "x.parquet"))


@pytest.mark.shared
def test_every_source_of_the_shared_letters_is_in_the_table(shared_data: Path) -> None:
    names = {clip.source for clip in read_store(shared_data / "letters.parquet")}
    assert names == {source.name for source in LETTER_SOURCES}
