"""Sources: what may be trained on is decided in one table, and no source sits on both sides of a split."""

from pathlib import Path

import numpy as np
import pytest
from letter_store import clip, write_small_store

from edge.errors import InputError
from training.letters.config import LetterConfig
from training.letters.data import INDEX, load_letters
from training.letters.sampling import Sampler
from training.sources import (
    CLEAR_LICENCES,
    LETTER_SOURCES,
    NEVER_TRAIN,
    letter_source,
    licence_is_clear,
    refuse_never_train,
)
from training.store import read_store, write_store


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


def test_clear_licences_are_clear() -> None:
    clear = {source.name for source in LETTER_SOURCES if licence_is_clear(source.licence)}
    assert clear == {"borisgraudt", "longhong", "nejohnson2", "t32rahman"}
    assert not licence_is_clear(letter_source("a stranger's recording").licence)
    assert all("GPL" not in licence for licence in CLEAR_LICENCES)


def test_no_source_is_on_both_sides_of_a_split(tmp_path: Path) -> None:
    data = load_letters([write_small_store(tmp_path / "s.parquet")])
    for source in np.unique(data.sources):
        train = data.without([source])
        tracks = [track for track in [*data.tracks, *data.others] if track.source == source]
        unseen = {*data.signers[data.sources == source].tolist(), *(track.signer for track in tracks)}
        assert unseen
        assert not unseen & {*train.signers.tolist(), *(track.signer for track in [*train.tracks, *train.others])}
        assert len(train.poses) == (data.sources != source).sum()


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
