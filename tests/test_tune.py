"""The search over settings: on people nobody trained on, resumable, and honest about what it found."""

import argparse
import dataclasses
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow", reason="needs the training extra")
pytest.importorskip("optuna", reason="needs the training extra")

from letter_store import write_small_store
from word_store import write_small_store as write_small_word_store

from edge.config import load_settings
from edge.errors import InputError
from training import trials as trials_of
from training import tune
from training.letters.config import LetterConfig
from training.store import read_store, write_store
from training.trials import Split, split_of

CONFIG = "{rounds: 9, round_samples: 1500, batch: 128, passes: 1, learning_rate: 0.004, shape_units: [16]}"


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A search of two trials over a small store, then the same command for a third."""
    folder = tmp_path_factory.mktemp("tune")
    store = write_small_store(folder / "small.parquet", signers=4, stills=2)
    (folder / "tiny.yaml").write_text(CONFIG)
    arguments = ["letters", "--store", store, "--config", folder / "tiny.yaml", "--out", folder / "out"]
    arguments += ["--rounds", "1", "--hold-out", "made0", "--trials"]
    assert tune.main([*map(str, arguments), "1"]) == 0
    first = trials(folder / "out")
    assert tune.main([*map(str, arguments), "2"]) == 0
    return {"folder": folder, "store": store, "first": first, "second": trials(folder / "out")}


def trials(out: Path) -> list[tuple[int, str]]:
    with sqlite3.connect(out / "tune.sqlite") as base:
        return base.execute("select trial_id, state from trials order by trial_id").fetchall()


def test_a_search_goes_on_after_the_trials_it_has(searched: dict[str, Any]) -> None:
    assert searched["first"] == [(1, "COMPLETE")]
    assert searched["second"] == [(1, "COMPLETE"), (2, "COMPLETE")]


def test_the_best_settings_are_a_file_that_training_takes(searched: dict[str, Any]) -> None:
    path = searched["folder"] / "out/best.yaml"
    config = load_settings(path, LetterConfig)
    assert (config.rounds, config.round_samples) == (9, 1500), "what the search started from is kept"
    text = path.read_text()
    assert "Searched by: made2." in text
    assert "Confirmed by: made3." in text
    assert "Seen by nothing here: made0." in text


class Seen(Exception):  # noqa: N818 - no error: who is in what a training would have read
    """Sources or signers."""


@pytest.mark.parametrize("task", ["letters", "words"])
def test_a_model_of_the_search_saw_nobody_it_is_judged_by(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "small.parquet"
    write_small_store(store, signers=4, stills=2) if task == "letters" else write_small_word_store(store)
    (tmp_path / "tiny.yaml").write_text("{rounds: 1, round_samples: 800, batch: 128, passes: 1}")
    options = {"store": [store], "config": tmp_path / "tiny.yaml", "licences": "all", "rounds": 1, "hold_out": []}

    def look(draw: Callable[[int], Any], *_: object) -> None:
        samples = draw(0)
        raise Seen(samples.sources if task == "letters" else samples.signers)

    monkeypatch.setattr(f"training.{task}.fit.fit", look)
    searched = trials_of.TASKS[task](argparse.Namespace(out=tmp_path / "out", **options))
    assert searched.split.untrained
    with pytest.raises(Seen) as caught:
        searched.fit(searched.base)
    seen = set(caught.value.args[0].ravel().tolist())
    assert len(seen) > 1
    assert not seen & set(searched.split.untrained)


def test_a_signer_of_two_sources_is_refused(tmp_path: Path) -> None:
    clips = list(read_store(write_small_store(tmp_path / "small.parquet", signers=3, stills=1)))
    write_store(tmp_path / "small.parquet", [*clips, dataclasses.replace(clips[0], source="made2")])
    options = {"store": [tmp_path / "small.parquet"], "config": None, "licences": "all", "rounds": 1, "hold_out": []}
    with pytest.raises(InputError, match="'made0:s1' is in source 'made0' and in 'made2'"):
        trials_of.TASKS["letters"](argparse.Namespace(out=tmp_path / "out", **options))


def test_nobody_is_on_two_sides_of_the_split() -> None:
    groups = [f"s{number}" for number in range(11)]
    split = split_of(groups, ["s3"])
    assert split.held_out == ["s3"]
    parts = [set(split.search), set(split.confirm), {"s3"}]
    assert sum(len(part) for part in parts) == len(set.union(*parts))
    assert len(set(groups) - set.union(*parts)) >= 5
    assert split_of(groups, ["s3"]) == split
    with pytest.raises(InputError, match="not in the stores"):
        split_of(groups, ["s99"])
    with pytest.raises(InputError, match="at least 3"):
        split_of(groups[:2], [])


def test_sources_of_the_same_people_are_on_one_side_of_the_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.sources.SAME_PEOPLE", (frozenset({"s1", "s4"}), frozenset({"s2", "s9"})))
    groups = [f"s{number}" for number in range(10)]
    split = split_of(groups, ["s2"])
    assert split.held_out == ["s2", "s9"]
    for part in (split.search, split.confirm):
        assert ("s1" in part) == ("s4" in part)
    assert {"s1", "s4"} <= set(split.search)


def test_the_first_trial_is_the_settings_as_they_are_and_the_best_one_wins(tmp_path: Path) -> None:
    """The search itself, over a landscape that is known: the nearer the dropout to 0.4 the better."""
    seen: list[LetterConfig] = []

    def scores(config: LetterConfig) -> dict[str, float]:
        seen.append(config)
        return {"search": -abs(config.shape_dropout - 0.4), "confirm": 0.0}

    task = known_task(scores)
    study = tune._open_study(argparse.Namespace(store=[], licences="all", out=tmp_path, task="letters"), task)
    tune.search(study, task, 12)
    assert seen[0] == LetterConfig()
    assert abs(study.best_params["shape_dropout"] - 0.4) < abs(LetterConfig().shape_dropout - 0.4)
    assert {type(config.shape_units) for config in seen} == {tuple}
    again = tune._open_study(argparse.Namespace(store=[], licences="all", out=tmp_path, task="letters"), task)
    assert len(again.trials) == 12
    other = known_task(scores, Split(["a"], ["c"], []))
    assert not tune._open_study(
        argparse.Namespace(store=[], licences="all", out=tmp_path, task="letters"), other
    ).trials


def known_task(scores: Any, split: Split | None = None) -> Any:
    ranges = {"shape_dropout": (0.0, 0.5), "learning_rate": (5e-4, 6e-3), "shape_units": ("192-96", "272-152")}
    fields = {
        "base": LetterConfig(),
        "rounds": 16,
        "ranges": ranges,
        "split": split or Split(["a"], ["b"], []),
        "scores": scores,
    }
    return argparse.Namespace(**fields)


def test_settings_outside_the_ranges_can_be_started_from(tmp_path: Path) -> None:
    task = known_task(lambda config: {"search": config.shape_dropout, "confirm": 0.0})
    task.base = LetterConfig(shape_dropout=0.7, shape_units=(8, 4))
    study = tune._open_study(argparse.Namespace(store=[], licences="all", out=tmp_path, task="letters"), task)
    tune.search(study, task, 1)
    assert study.best_params["shape_dropout"] == 0.7
    assert study.best_params["shape_units"] == "8-4"


def test_a_store_that_is_not_there_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tune.main(["words", "--store", str(tmp_path / "absent"), "--out", str(tmp_path / "o")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_store_of_these_tests_has_the_sources_they_name(searched: dict[str, Any]) -> None:
    assert {clip.source for clip in read_store(searched["store"])} == {"made0", "made1", "made2", "made3"}
