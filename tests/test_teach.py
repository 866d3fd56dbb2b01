"""New signs from a few recordings: known afterwards, kept apart from the bundle, refused in one line, gone again."""

import dataclasses
import json
import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from daemon_tools import ROOT, asl_edge, write_config

pytest.importorskip("pyarrow", reason="needs the teach extra")

import pyarrow as pa
import pyarrow.parquet as pq
from word_store import clip as made_clip

from edge.bundle import MANIFEST, verify_bundle
from edge.config import Config, WordsConfig
from edge.errors import InputError
from edge.landmark_store import Clip
from edge.pipeline import load_words, word_reader
from edge.prototypes import Prototypes, SimilarityCalibration
from edge.taught import taught_dir
from edge.tflite import Network
from edge.types import Emission
from edge.word_reader import WordReader
from training.store import write_store
from training.words.streams import streams


@dataclasses.dataclass(frozen=True)
class Device:
    """A models folder of its own, its configuration, and a store of recordings."""

    models: Path
    config: Path
    store: Path

    def run(self, *arguments: str | Path) -> tuple[int, str, str]:
        """One `asl-edge models` command: exit code, standard output and error."""
        done = asl_edge("models", *arguments, "--config", self.config)
        return done.returncode, done.stdout, done.stderr

    def teach(self, gloss: str, *arguments: str | Path) -> tuple[int, str, str]:
        return self.run("teach", gloss, "--store", self.store, *arguments)

    @property
    def folder(self) -> Path:
        return taught_dir(self.models, "words")

    def reader(self, active: str | None = None) -> WordReader:
        config = Config(words=WordsConfig(active=active))
        return word_reader(config, load_words(config, self.models), self.models)


def recordings(gloss: str, numbers: range, signer: int = 0) -> list[Clip]:
    return [made_clip(gloss, signer, n, "recorded") for n in numbers]


def hands_gone(clip: Clip) -> Clip:
    return dataclasses.replace(clip, hands=np.full_like(clip.hands, np.nan))


@pytest.fixture
def device(tmp_path: Path) -> Device:
    models, store = tmp_path / "models", tmp_path / "mine.parquet"
    shutil.copytree(ROOT / "models" / "words", models / "words")
    short = dataclasses.replace(made_clip("short", 0, 9, "recorded"), hands=recordings("short", range(1))[0].hands[:3])
    short = dataclasses.replace(short, pose=short.pose[:3])
    clips = [
        *recordings("ticket", range(5)),
        *recordings("what is price", range(3)),
        *recordings("like", range(3)),
        *recordings("hello", range(5)),
        *recordings("two", range(2)),
        *[hands_gone(clip) for clip in recordings("gone", range(5))],
        *recordings("mixed", range(3)),
        hands_gone(recordings("mixed", range(9, 10))[0]),
        *recordings("short", range(2)),
        short,
    ]
    write_store(store, clips)
    return Device(models, write_config(tmp_path, extra=f"models_dir: {models}\n"), store)


def said(reader: WordReader, clip: Clip) -> list[Emission]:
    frames = [frame for stream in streams([clip]) for frame in stream.frames]
    return [emission for frame in frames for emission in reader.step(frame)]


def test_a_taught_sign_is_read_and_a_forgotten_one_is_not(device: Device) -> None:
    again = recordings("ticket", range(20, 26))
    assert not [emission for clip in again for emission in said(device.reader(), clip) if emission.label == "ticket"]
    code, told, _ = device.teach("ticket")
    assert code == 0
    assert told.startswith(f"'ticket' is taught from 5 recordings, kept in {device.folder}\n")
    assert "systemctl reload asl-edge" in told
    heard = [said(device.reader(), clip) for clip in again]
    assert [[emission.label for emission in emissions] for emissions in heard] == [["ticket"]] * len(again)
    for (emission,) in heard:
        assert 0.5 < emission.confidence <= 1
        assert emission.alternatives[0] == ("ticket", emission.confidence)
        assert len(emission.alternatives) == 4
    code, told, _ = device.run("forget", "ticket")
    assert (code, told) == (0, "'ticket' is forgotten\n")
    assert not [emission for clip in again for emission in said(device.reader(), clip) if emission.label == "ticket"]


def embedding_size(folder: Path) -> int:
    return int(Network(verify_bundle(folder).file()).output_shapes[1][-1])


def test_the_shipped_bundle_stays_as_it_was_and_no_landmark_is_kept(device: Device) -> None:
    before = verify_bundle(device.models / "words").sha256
    assert device.teach("what is price")[0] == 0
    assert verify_bundle(device.models / "words").sha256 == before
    assert [path.name for path in device.folder.iterdir()] == ["what is price.json"], "nothing half written is left"
    content = json.loads((device.folder / "what is price.json").read_text())
    assert set(content) == {"gloss", "network", "examples"}
    assert np.array(content["examples"]).shape == (3, embedding_size(device.models / "words"))
    assert content["network"] == before["model"]


def test_taught_signs_are_listed(device: Device) -> None:
    device.teach("ticket")
    code, told, _ = device.run("list", "--json")
    assert code == 0
    assert json.loads(told)["taught"] == [{"gloss": "ticket", "bundle": "words", "recordings": 5}]
    assert "ticket" in device.run("list")[1]


def test_words_active_may_name_taught_signs(device: Device) -> None:
    device.teach("ticket")
    (clip,) = recordings("ticket", range(20, 21))
    assert [emission.label for emission in said(device.reader("hello, ticket"), clip)] == ["ticket"]
    assert "ticket" not in [emission.label for emission in said(device.reader("hello, yes"), clip)]
    device.run("forget", "ticket")
    with pytest.raises(InputError, match=r"words\.active: 'ticket' is no word of bundle 'words'"):
        device.reader("hello, ticket")


@pytest.mark.parametrize("label", ["lost ticket", "Lost_Ticket"])
def test_a_name_may_be_written_as_the_label_is_or_otherwise(label: str, device: Device) -> None:
    write_store(device.store, recordings(label, range(3)))
    assert device.teach("lost_ticket")[1].startswith("'lost ticket' is taught from 3 recordings, ")
    assert device.teach("lost-ticket")[2].startswith("asl-edge: 'lost ticket' is taught already")
    (device.folder / "lost ticket.json").rename(device.folder / "lost-ticket.json")  # as an earlier version wrote it
    assert device.run("forget", "Lost ticket") == (0, "'lost ticket' is forgotten\n", "")
    assert list(device.folder.iterdir()) == []


def test_a_recording_that_is_given_three_times_counts_once(device: Device) -> None:
    write_store(device.store, [*recordings("ticket", range(2)), *recordings("ticket", range(1)) * 2])
    code, _, complaint = device.teach("ticket")
    assert code == 2
    assert "2 usable recordings of 'ticket' and 2 given twice, too short, still" in complaint


def test_a_sign_that_is_shipped_disabled_can_be_taught(device: Device) -> None:
    assert "like" in verify_bundle(device.models / "words").operating_point["disabled"]
    assert device.teach("like")[0] == 0
    (clip,) = recordings("like", range(20, 21))
    assert [emission.label for emission in said(device.reader(), clip)] == ["like"]


def test_a_letter_is_no_sign(device: Device) -> None:
    write_store(device.store, [dataclasses.replace(clip, kind="letter") for clip in recordings("i", range(3))])
    assert device.teach("i")[2].endswith("no recording of the sign 'i'; it holds the letter i\n")


@pytest.mark.parametrize(
    ("column", "values", "line"),
    [
        ("label", pa.array([1, 2, 3]), "row 0, clip '{}', has no label that can be used (1); write it as text"),
        (
            "fps",
            pa.array(["30", "30", "30"]),
            "row 0, clip '{}', has no fps that can be used (30); write 0 where it is unknown",
        ),
        (
            "fps",
            pa.array([None, 30.0, 30.0]),
            "row 0, clip '{}', has no fps that can be used (None); write 0 where it is unknown",
        ),
        (
            "licence",
            pa.array(["CC0", None, "CC0"]),
            "row 1, clip '{}', has no licence that can be used (None); write 'unknown' where none is stated",
        ),
        (
            "height",
            pa.array([640.0] * 3),
            "row 0, clip '{}', has no height that can be used (640.0); write whole pixels, int32",
        ),
        (
            "width",
            pa.array([640, 0, 640]),
            "row 1, clip '{}', has no width that can be used (0); write whole pixels, int32",
        ),
        (
            "frames",
            pa.array([None, 9, 9]),
            "row 0, clip '{}', has no frames that can be used (None); write how many there are, int32",
        ),
    ],
)
def test_a_store_whose_values_are_none_is_one_line(column: str, values: pa.Array, line: str, device: Device) -> None:
    clips = recordings("ticket", range(3))
    write_store(device.store, clips)
    table = pq.read_table(device.store)
    pq.write_table(table.set_column(table.column_names.index(column), column, values), device.store)
    code, _, complaint = device.teach("ticket")
    named = line.format(clips[int(line[4])].clip)
    assert (code, complaint) == (2, f"asl-edge: {device.store}: {named}\n")


def test_a_store_that_has_a_column_twice_is_one_line(device: Device) -> None:
    write_store(device.store, recordings("ticket", range(3)))
    table = pq.read_table(device.store)
    pq.write_table(table.append_column("label", table["label"]), device.store)
    assert "not a landmark store, column 'label' is missing or there twice" in device.teach("ticket")[2]


def test_who_teaches_lets_the_daemon_read_it(device: Device) -> None:
    before = os.umask(0o077)
    try:
        device.teach("ticket")
    finally:
        os.umask(before)
    assert device.folder.stat().st_mode & 0o777 == 0o755
    assert (device.folder / "ticket.json").stat().st_mode & 0o777 == 0o644


def test_a_folder_that_a_group_shares_stays_the_groups(device: Device) -> None:
    device.folder.mkdir()
    device.folder.chmod(0o2775)
    assert device.teach("ticket")[0] == 0
    assert device.folder.stat().st_mode & 0o7777 == 0o2775


def test_an_accent_may_be_written_in_two_ways(device: Device) -> None:
    write_store(device.store, recordings(unicodedata.normalize("NFD", "café"), range(3)))
    assert device.teach("café")[1].startswith("'café' is taught from 3 recordings, ")


def test_recordings_that_show_nothing_are_left_out_and_told(device: Device) -> None:
    code, told, _ = device.teach("mixed", "--json")
    assert (code, json.loads(told)) == (0, {"gloss": "mixed", "recordings": 3, "unusable": 1})


@pytest.mark.parametrize(
    ("gloss", "line"),
    [
        ("hello", "'hello' is a word of bundle 'words' already; teach the sign under another gloss"),
        ("../ticket", "'../ticket' is no gloss; write it with letters, digits, blanks"),
        ("a, b", "'a, b' is no gloss"),
        ("two", "2 usable recordings of 'two' and 0 given twice, too short"),
        ("short", "2 usable recordings of 'short' and 1 given twice, too short"),
        (
            "gone",
            "0 usable recordings of 'gone' and 5 given twice, too short, still, or without hands or shoulders",
        ),
        ("poetry", "no recording of the sign 'poetry'; it holds gone, hello, like, mixed, short, ticket, two"),
    ],
)
def test_what_cannot_be_taught_is_one_line_and_changes_nothing(gloss: str, line: str, device: Device) -> None:
    code, _, complaint = device.teach(gloss)
    assert code == 2
    assert line in complaint
    assert len(complaint.splitlines()) == 1
    assert not device.folder.exists()


def test_a_taught_sign_is_not_overwritten_unasked(device: Device) -> None:
    device.teach("ticket")
    before = (device.folder / "ticket.json").read_bytes()
    code, _, complaint = device.teach("Ticket ")
    assert code == 2
    assert complaint == "asl-edge: 'ticket' is taught already; run asl-edge models forget 'ticket' first\n"
    assert (device.folder / "ticket.json").read_bytes() == before


def test_what_was_never_taught_cannot_be_forgotten(device: Device) -> None:
    device.teach("ticket")
    code, _, complaint = device.run("forget", "tocket")
    assert (code, complaint) == (2, "asl-edge: 'tocket' was not taught here; taught signs: ticket\n")


@pytest.mark.parametrize(("content", "line"), [(None, "no such file"), (b"not parquet", "not a landmark store")])
def test_a_store_that_cannot_be_read_is_one_line(
    content: bytes | None, line: str, device: Device, tmp_path: Path
) -> None:
    store = tmp_path / "broken.parquet"
    if content is not None:
        store.write_bytes(content)
    code, _, complaint = device.run("teach", "ticket", "--store", store)
    assert code == 2
    assert f"{store}: {line}" in complaint
    assert len(complaint.splitlines()) == 1


def test_without_pyarrow_teaching_says_what_to_install(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    (device.models / "pyarrow.py").write_text("raise ImportError('none here')\n")
    monkeypatch.setenv("PYTHONPATH", str(device.models))
    code, _, complaint = device.teach("ticket")
    assert code == 1
    assert complaint.endswith("reading a landmark store needs pyarrow; pip install 'asl-edge[teach]'\n")


def other_network(file: Path) -> None:
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"network": "0" * 64}))


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def endless(file: Path) -> None:
    content = json.loads(file.read_text())
    content["examples"][0][0] = float("inf")
    file.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (other_network, "'ticket' was taught to another version of the word bundle; teach it again"),
        (cut_short, "no taught sign can be read from it"),
        (endless, "it holds no embeddings of 'ticket'; run asl-edge models forget 'ticket' and teach it again"),
    ],
)
def test_an_unusable_sign_is_told_and_left_out_and_may_be_taught_again(
    damage: Callable[[Path], None], line: str, device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    device.teach("ticket")
    damage(device.folder / "ticket.json")
    code, _, complaint = device.run("list")
    assert (code, len(complaint.splitlines())) == (2, 1)
    assert line in complaint
    (clip,) = recordings("ticket", range(20, 21))
    for active in (None, "hello, ticket"):
        said_now = [emission.label for emission in said(device.reader(active), clip)]
        assert "ticket" not in said_now, "the others are read on"
    assert line in caplog.text
    assert device.teach("ticket")[0] == 0
    assert [emission.label for emission in said(device.reader(), clip)] == ["ticket"]


def test_a_folder_that_cannot_be_written_is_one_line(device: Device) -> None:
    device.folder.write_text("in the way")
    code, _, complaint = device.teach("ticket")
    assert code == 1
    assert "cannot be written" in complaint
    assert len(complaint.splitlines()) == 1


def test_a_bundle_that_was_never_tested_for_it_says_no_taught_sign(device: Device) -> None:
    manifest = json.loads((device.models / "words" / MANIFEST).read_text())
    del manifest["operating_point"]["taught"]
    (device.models / "words" / MANIFEST).write_text(json.dumps(manifest))
    assert device.teach("ticket")[0] == 0
    (clip,) = recordings("ticket", range(1))
    assert "ticket" not in [emission.label for emission in said(device.reader(), clip)]


def test_the_nearest_example_names_the_sign_and_a_far_one_none() -> None:
    signs = {"up": np.array([[0.0, 1.0], [0.1, 2.0]], np.float32), "right": np.array([[3.0, 0.0]], np.float32)}
    prototypes = Prototypes(signs, SimilarityCalibration(floor=0.9, middle=0.9, width=0.05))
    label, confidence = prototypes.nearest(np.array([5.0, 0.5], np.float32)) or ("", 0.0)
    assert label == "right", "the length of an embedding says nothing"
    assert confidence > 0.8
    assert prototypes.nearest(np.array([1.0, 1.0], np.float32)) is None
    assert prototypes.only(["up"]).nearest(np.array([5.0, 0.5], np.float32)) is None


def test_a_recording_that_stands_still_teaches_nothing(device: Device) -> None:
    still = [
        dataclasses.replace(each, hands=np.repeat(each.hands[10:11], len(each.hands), axis=0))
        for each in recordings("stone", range(5))
    ]
    write_store(device.store, still)
    code, _, complaint = device.teach("stone")
    assert code == 2
    assert "0 usable recordings of 'stone' and 5 given twice, too short, still" in complaint


def test_a_damaged_store_is_one_line(device: Device) -> None:
    content = bytearray(device.store.read_bytes())
    content[200:1200] = bytes(1000)
    device.store.write_bytes(content)
    code, _, complaint = device.teach("ticket")
    assert code == 2
    assert len(complaint.splitlines()) == 1
    assert "damaged" in complaint or "wrong length" in complaint
