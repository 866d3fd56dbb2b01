"""One command from recordings to a bundle: what did not change does not run again, what did does."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from edge.demo import DemoSigner

pytest.importorskip("pyarrow", reason="needs the training extra")
pytest.importorskip("tqdm", reason="needs the training extra")

from letter_store import clip, write_small_store

from edge.errors import InputError
from training import pipeline
from training.caching import code_fingerprints
from training.pipeline import Step, carry_out, check_strangers
from training.store import write_store

COPIER = """
from pathlib import Path
def main(arguments):
    source, target, mark = map(Path, arguments)
    mark.write_text(mark.read_text() + "ran " if mark.exists() else "ran ")
    if source.read_text() == "bad":
        return 1
    if source.read_text() == "slow":
        raise KeyboardInterrupt
    target.write_text(source.read_text().upper())
    return 0
"""


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    """A step that copies a file, and leaves a mark that a later run may go on from."""
    (tmp_path / "copier_of_the_test.py").write_text(COPIER)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "in.txt").write_text("a")
    source, target, mark = (tmp_path / name for name in ("in.txt", "out.txt", "mark.txt"))
    return Step("copy", "copier_of_the_test", [str(source), str(target), str(mark)], [source], [target], (mark.name,))


def runs(folder: Path) -> int:
    """How often the step ran since its leftovers were last cleared."""
    mark = folder / "mark.txt"
    return len(mark.read_text().split()) if mark.exists() else 0


def test_a_step_runs_once_and_says_why_it_is_skipped(
    tmp_path: Path, step: Step, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert carry_out([step], tmp_path) == 0
    assert carry_out([step], tmp_path) == 0
    assert runs(tmp_path) == 1
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == "copy: runs, it never ran"
    assert said[-1].startswith("copy: skipped, nothing that it reads has changed")


def test_changed_content_runs_it_again_from_the_start_and_a_new_time_stamp_does_not(
    tmp_path: Path, step: Step, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    carry_out([step], tmp_path)
    (tmp_path / "in.txt").write_text("a")
    carry_out([step], tmp_path)
    assert runs(tmp_path) == 1
    caplog.clear()
    (tmp_path / "in.txt").write_text("b")
    carry_out([step], tmp_path)
    assert f"copy: runs, changed: {tmp_path / 'in.txt'}" in caplog.messages
    assert (tmp_path / "out.txt").read_text() == "B"
    assert runs(tmp_path) == 1, "what was made with the other input was cleared"


def test_a_step_whose_output_was_altered_runs_again(tmp_path: Path, step: Step) -> None:
    carry_out([step], tmp_path)
    (tmp_path / "out.txt").write_text("touched")
    carry_out([step], tmp_path)
    assert (tmp_path / "out.txt").read_text() == "A"


def test_an_interrupted_step_goes_on_with_what_it_had(tmp_path: Path, step: Step) -> None:
    (tmp_path / "in.txt").write_text("slow")
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            carry_out([step], tmp_path)
    assert runs(tmp_path) == 2, "the second run found what the first had left"


def test_a_failing_step_stops_all_and_is_not_taken_for_done(tmp_path: Path, step: Step) -> None:
    (tmp_path / "in.txt").write_text("bad")
    after = Step("after", step.module, step.arguments, [], [])
    for _ in range(2):
        assert carry_out([step, after], tmp_path) == 1
    assert runs(tmp_path) == 2
    assert "after" not in json.loads((tmp_path / "pipeline.json").read_text())


def test_a_change_of_the_program_runs_it_again_unless_told_otherwise(
    tmp_path: Path, step: Step, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(pipeline, "code_fingerprints", lambda module: {"code copier.py": "1"})
    carry_out([step], tmp_path)
    monkeypatch.setattr(pipeline, "code_fingerprints", lambda module: {"code copier.py": "2"})
    carry_out([step], tmp_path, with_code=False)
    assert caplog.messages[-1].startswith("copy: skipped")
    carry_out([step], tmp_path)
    assert "copy: runs, changed: code copier.py" in caplog.messages


def test_a_steps_code_is_all_that_it_imports_of_ours() -> None:
    code = {name.removeprefix("code ") for name in code_fingerprints("training.letters.train")}
    assert {"training/letters/train.py", "training/letters/fit.py", "edge/features.py", "training/store.py"} <= code
    assert "training/extract.py" not in code
    assert not any("mqtt" in name for name in code)


@pytest.mark.parametrize(
    "arguments",
    [
        ["letters", "--out", "{folder}/o"],
        ["letters", "--out", "{folder}/o", "--in", "{folder}/absent"],
        ["words", "--out", "{folder}/o", "--store", "{folder}/absent.parquet"],
    ],
)
def test_bad_usage_is_said_in_one_line(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pipeline.main([argument.format(folder=tmp_path) for argument in arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_recordings_and_a_store_become_a_bundle_with_figures_and_again_in_no_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorflow", reason="needs the training extra")
    from training.letters import quantize  # noqa: PLC0415

    for gate in ("check_agreement", "check_parity"):  # a network this young wavers; the gates have a test of their own
        monkeypatch.setattr(quantize, gate, lambda _: None)
    caplog.set_level(logging.INFO)
    (tmp_path / "drawn/B").mkdir(parents=True)
    shown = (frame.image for frame, truth in DemoSigner("B", fps=10) if truth.letter == "B")
    assert cv2.imwrite(str(tmp_path / "drawn/B/1.png"), next(shown))
    store = write_small_store(tmp_path / "small.parquet", signers=2)
    others = tmp_path / "others.parquet"
    write_store(others, [clip(letter, 7, number) for letter in "ABC" for number in range(2)])
    config = tmp_path / "tiny.yaml"
    config.write_text(
        "{rounds: 2, round_samples: 3000, batch: 128, learning_rate: 0.004, shape_units: [48], shape_dropout: 0.0}"
    )
    out = tmp_path / "out"
    command = [
        "letters",
        "--in",
        tmp_path / "drawn",
        "--store",
        store,
        "--test",
        others,
        "--config",
        config,
        "--out",
        out,
    ]
    arguments = [*map(str, command), "--licences", "clear", "--licence", "CC0", "--workers", "1"]
    assert pipeline.main(arguments) == 0
    figures = json.loads((out / "figures.json").read_text())
    assert figures["n"] == 6
    sources = {entry["name"] for entry in json.loads((out / "bundle/manifest.json").read_text())["sources"]}
    assert sources == {"drawn", "made0", "made1"}
    caplog.clear()
    assert pipeline.main(arguments) == 0
    assert [message.split(",")[0] for message in caplog.messages if "skipped" in message] == [
        "train: skipped",
        "cross-validate: skipped",
        "quantize: skipped",
        "evaluate: skipped",
    ]


def test_a_test_store_that_is_not_there_is_said_before_anything_is_done(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = ["--store", str(tmp_path / "none.parquet"), "--test", str(tmp_path / "gone.parquet"), "--out", str(tmp_path)]
    assert pipeline.main(["letters", *out]) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_bundle_is_not_replaced_by_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "models/letters").mkdir(parents=True)
    (tmp_path / "s.parquet").touch()
    command = ["letters", "--store", tmp_path / "s.parquet", "--out", tmp_path / "o", "--bundle", tmp_path / "models"]
    assert pipeline.main([*map(str, command)]) == 2
    assert "models: there is something else than a bundle; name a new folder" in capsys.readouterr().err
    assert (tmp_path / "models/letters").is_dir()


def test_figures_are_not_taken_of_people_who_were_trained_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = {
        name: tmp_path / f"{name}.parquet" for name in ("mine", "other_source", "other_signer", "others", "evaluated")
    }
    write_store(stores["mine"], [clip("A", 0, 0), replace(clip("A", 2, 0), licence="evaluation only")])
    write_store(stores["other_source"], [replace(clip("A", 0, 1), source="elsewhere")])
    write_store(stores["other_signer"], [replace(clip("A", 1, 0), source="made0")])
    write_store(stores["others"], [clip("A", 1, 0)])
    write_store(stores["evaluated"], [clip("A", 2, 1)])
    command = ["letters", "--store", str(stores["mine"]), "--out", str(tmp_path / "o"), "--test"]
    for test, who in (
        ("mine", "signer 'made0:s1'"),
        ("other_source", "signer 'made0:s1'"),
        ("other_signer", "source 'made0'"),
    ):
        assert pipeline.main([*command, str(stores[test])]) == 2
        assert f"{who} is trained on, in {stores['mine']}; take other people" in capsys.readouterr().err
    for test in ("others", "evaluated"):
        check_strangers([stores[test]], [stores["mine"]], "all")
    monkeypatch.setattr("training.sources.SAME_PEOPLE", (frozenset({"made0:s1", "made1"}),))
    with pytest.raises(InputError, match="one of made0:s1, made1, who may be the same people, is trained on"):
        check_strangers([stores["others"]], [stores["mine"]], "all")
