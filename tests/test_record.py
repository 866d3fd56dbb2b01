"""Consented recordings: landmarks alone, with the day of consent, and gone again when consent is."""

import dataclasses
import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.config import CameraConfig
from edge.demo import DemoSigner
from edge.errors import AslEdgeError
from edge.folder_lock import locked
from edge.types import SIDES, Landmarks

pytest.importorskip("pyarrow", reason="needs the training extra")

from training import record
from training.consent import WORDS, add
from training.record import Plan, Terminal
from training.sketch import sketch
from training.store import read_store

RIGHT = SIDES.index("right")
QUICK = ["--clips", "2", "--seconds", "0.4", "--pause", "0.2", "--source", "demo:BB"]


def run(store: Path, *arguments: str, label: str = "B", signer: str = "s1") -> int:
    return record.main([label, "--out", str(store), "--signer", signer, *QUICK, *arguments])


@pytest.fixture(autouse=True)
def slow_enough_for_the_drawn_signer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The drawn signer rests between words for as long as several short takes."""
    monkeypatch.setattr(record, "_TAKES", 20)


def test_a_sign_is_recorded_as_landmarks_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "mine.parquet"
    assert run(store, "--consent") == 0
    clips = list(read_store(store))
    assert len(clips) == 2
    assert len({clip.clip for clip in clips}) == 2
    for clip in clips:
        assert (clip.label, clip.kind, clip.signer, clip.source) == ("B", "letter", "recorded:s1", "recorded")
        assert clip.fps == pytest.approx(30, abs=0.5)
        assert 12 <= len(clip.hands) <= 14
        assert clip.hands.shape[0] == clip.pose.shape[0]
        assert not np.isnan(clip.hands[:, RIGHT]).all()
        assert re.fullmatch(r"consented landmark recording, \d{4}-\d\d-\d\d", clip.licence)
    assert {path.name for path in tmp_path.iterdir()} == {"mine.parquet", "mine.parquet.consent.json"}
    said = capsys.readouterr().err
    assert "clip 1 of 2: in 1" in said
    assert re.search(r"clip 2 of 2: \d+ frames, hands in \d+% of them", said)


def test_later_recordings_are_added(tmp_path: Path) -> None:
    store = tmp_path / "mine.parquet"
    assert run(store, "--consent", "--clips", "1") == 0
    assert run(store, "--clips", "1", label="thank you") == 0, "who agreed is not asked twice"
    assert [clip.label for clip in read_store(store)] == ["B", "thankyou"]


@pytest.mark.parametrize(("typed", "code"), [(WORDS, 0), ("i agree", 0), ("no", 1), ("", 1), (None, 2)])
def test_nothing_is_recorded_before_consent(
    typed: str | None, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(question: str) -> str:
        if typed is None:
            raise EOFError
        return typed

    monkeypatch.setattr("builtins.input", answer)
    assert run(tmp_path / "mine.parquet", "--clips", "1") == code
    said = capsys.readouterr()
    assert "No picture and no sound is kept" in said.out
    assert (tmp_path / "mine.parquet").exists() == (code == 0)
    if code == 0:
        book = json.loads((tmp_path / "mine.parquet.consent.json").read_text())
        assert book["recorded:s1"]["how"] == "typed"
    else:
        assert list(tmp_path.iterdir()) == []
        assert said.err.count("\n") == 1


def test_consent_can_be_withdrawn_and_is_asked_for_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "mine.parquet"
    assert run(store, "--consent", "--clips", "1") == 0
    assert run(store, "--consent", "--clips", "1", signer="s2") == 0
    assert record.main(["--withdraw", "--signer", "s1", "--out", str(store)]) == 0
    assert [clip.signer for clip in read_store(store)] == ["recorded:s2"]
    book = json.loads((tmp_path / "mine.parquet.consent.json").read_text())
    assert "withdrawn" in book["recorded:s1"]
    assert "withdrawn" not in book["recorded:s2"]
    monkeypatch.setattr("builtins.input", lambda question: "no")
    assert run(store, "--clips", "1") == 1
    assert record.main(["--withdraw", "--signer", "nobody", "--out", str(store)]) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["B", "--signer", "Anna Smith"], 2, "made-up name"),
        (["--signer", "s1"], 2, "no LABEL"),
        (["B", "--signer", "s1", "--consent", "--source", "/dev/video99"], 2, "no such camera"),
        (["B", "--signer", "s1", "--consent", "--source", "absent.mp4"], 2, "no such file"),
    ],
)
def test_bad_usage_is_one_clear_line(
    arguments: list[str], code: int, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert record.main([*arguments, "--out", str(tmp_path / "mine.parquet")]) == code
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1
    assert not (tmp_path / "mine.parquet").exists()


class Script:
    """A landmarker that gives what it was told, one picture after the other."""

    def __init__(self, seen: list[Landmarks]) -> None:
        self._seen = iter(seen)

    def step(self, frame: object) -> Landmarks:
        return next(self._seen)


def spelled() -> list[Landmarks]:
    """Three seconds of hands in the picture."""
    shown = (landmarks for landmarks, truth in DemoSigner("B", fps=10, hold_seconds=4).landmarks() if truth.in_picture)
    return [next(shown) for _ in range(30)]


def test_a_clip_without_hands_is_taken_again_unless_rest_is_wanted() -> None:
    hands = spelled()
    none = [
        Landmarks(
            *(getattr(one, name) for name in ("ts", "width", "height")),
            one.hands * np.nan,
            one.presence * 0,
            one.pose,
            99.0,
        )
        for one in hands[:8]
    ]
    seen = [*none, *hands[8:]]
    plan = Plan(clips=1, seconds=0.3, pause_seconds=0.3)
    (taken,) = record.record(iter(seen), Script(seen), plan, Terminal(preview=False))  # type: ignore[arg-type]
    assert taken[0].ts > hands[7].ts
    assert all(one.presence.any() for one in taken)
    (rest,) = record.record(
        iter(seen),
        Script(seen),
        Plan(1, 0.3, 0.3, idle=True),
        Terminal(preview=False),  # type: ignore[arg-type]
    )
    assert not any(one.presence.any() for one in rest)


def test_who_is_never_seen_is_told_what_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "_TAKES", 3)
    hands = spelled()
    nothing = [dataclasses.replace(one, hands=one.hands * np.nan, presence=one.presence * 0) for one in hands]
    with pytest.raises(AslEdgeError, match="no hand seen 3 times; sit nearer, or in better light"):
        list(record.record(iter(nothing), Script(nothing), Plan(1, 0.1, 0.1), Terminal(preview=False)))  # type: ignore[arg-type]


def test_a_source_that_ends_too_soon_says_so() -> None:
    hands = spelled()
    with pytest.raises(AslEdgeError, match="ended before it was whole"):
        list(record.record(iter(hands), Script(hands), Plan(9, 1.0, 0.5), Terminal(preview=False)))  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [[], ["--no-preview"]])
def test_a_terminal_shows_a_preview_unless_told_otherwise(
    options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run(tmp_path / "mine.parquet", "--consent", "--clips", "1", *options) == 0
    assert ("\x1b[H" in capsys.readouterr().err) == (not options)


def test_the_preview_draws_the_landmarks_in_place(capsys: pytest.CaptureFixture[str]) -> None:
    one = spelled()[0]
    lines = sketch(one, 60, 20).splitlines()
    assert [len(line) for line in lines] == [60] * 20
    x, y = one.hands[RIGHT, 9, :2]
    assert lines[int(y * 20)][int((1 - x) * 60)] != "\u2800", "the knuckle is on a line of the drawing, as in a mirror"
    plain = sketch(one, 60, 20, braille=False)
    assert set(plain) == {" ", "#", "\n"}
    nobody = Landmarks(0.0, 640, 480, one.hands * np.nan, one.presence * 0, one.pose * np.nan, 99.0)
    assert set(sketch(nobody, 8, 4)) == {"\u2800", "\n"}
    Terminal(preview=True).show("clip 1 of 1: in 3", one)
    assert "clip 1 of 1: in 3" in capsys.readouterr().err


def test_a_live_source_is_read_and_let_go(tmp_path: Path, own_threads: Callable[[], set[str]]) -> None:
    """Through the daemon's own camera: a command that writes raw pictures."""
    program = (
        "import sys,time\nfor n in range(400):\n"
        " sys.stdout.buffer.write(bytes([90]) * (64 * 48 * 3 // 2)); sys.stdout.flush(); time.sleep(0.02)"
    )
    script = tmp_path / "camera.py"
    script.write_text(program)
    frames = record.open_frames(f"exec:{sys.executable} {script}", CameraConfig(width_px=64, height_px=48))
    first, second = next(frames), next(frames)
    assert first.image.shape == (48, 64, 3)
    assert second.ts > first.ts
    frames.close()
    deadline = time.monotonic() + 20
    while own_threads() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert own_threads() == set()


@pytest.mark.parametrize(("who", "kept"), [("s1", ["s2", "s2"]), ("s2", ["s1"])])
def test_who_withdraws_while_somebody_is_recorded_is_not_put_back(
    who: str, kept: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Be it another one, or the very one who is being recorded."""
    store = tmp_path / "mine.parquet"
    assert run(store, "--consent", "--clips", "1") == 0
    takes = record.record

    def interrupted(*arguments: object) -> Iterator[list[Landmarks]]:
        yield from takes(*arguments)  # type: ignore[arg-type]
        if who == "s2":
            add(store, "recorded:s2", [])
        assert record.main(["--withdraw", "--signer", who, "--out", str(store)]) == 0

    monkeypatch.setattr(record, "record", interrupted)
    assert run(store, "--consent", signer="s2") == (1 if who == "s2" else 0)
    assert [clip.signer.removeprefix("recorded:") for clip in read_store(store)] == kept


def test_recordings_are_added_one_after_the_other(tmp_path: Path) -> None:
    store = tmp_path / "mine.parquet"
    waiting = threading.Thread(target=add, args=(store, "s1", []))
    with locked(tmp_path):
        waiting.start()
        waiting.join(0.2)
        assert not store.exists()
    waiting.join(10)
    assert store.exists()


@pytest.mark.parametrize("label", ["", "___"])
def test_a_sign_without_a_name_is_not_recorded(label: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "mine.parquet", "--consent", label=label) == 2
    assert f"LABEL '{label}': names no sign" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
