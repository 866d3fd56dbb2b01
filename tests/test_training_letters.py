"""Training runs end to end on a plain CPU: store, samples, float model, cross-validation, int8 bundle, figures."""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from letter_store import clip, hook, write_small_store

from edge.bundle import load_bundle
from edge.config import load_settings
from edge.errors import AslEdgeError, InputError
from edge.features import FEATURES_TAG
from training.command import dispatch
from training.evaluate import COMMANDS as EVALUATE
from training.store import Clip, read_store, write_store
from training.train import COMMANDS as TRAIN

pytest.importorskip("tensorflow", reason="needs the training extra")

import keras

from training.figures import Judgement
from training.letters import crossval, evaluate, quantize, report, train
from training.letters.config import LetterConfig
from training.letters.data import LABELS, LetterData, load_letters
from training.letters.drawings import Drawings
from training.letters.fit import fit
from training.letters.judge import why_skipped
from training.letters.network import build
from training.letters.rounds import Rounds
from training.letters.sampling import Sampler
from training.letters.windows import Samples
from training.parity import check_agreement, check_parity
from training.words.config import WordConfig

CONFIG = """
rounds: 4
round_samples: 6000
passes: 3
batch: 128
learning_rate: 0.004
shape_units: [64]
shape_dropout: 0.0
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Everything made once by the documented commands."""
    folder = tmp_path_factory.mktemp("letters")
    store = write_small_store(folder / "small.parquet", signers=2)
    (folder / "tiny.yaml").write_text(CONFIG)
    common = ["--store", str(store), "--config", str(folder / "tiny.yaml"), "--out", str(folder / "build")]
    assert train.main(common) == 0
    assert evaluate.main([*common, "--leave-one-source-out"]) == 0
    figures = json.loads((folder / "build/crossval.json").read_text())
    figures["parity"]["agreement"] = 1.0  # a network this small and young wavers; the gate has a test of its own
    figures["parity"]["int8_accuracy"] = figures["parity"]["float_accuracy"]
    (folder / "build/crossval.json").write_text(json.dumps(figures))
    assert quantize.main([*common, "--bundle", str(folder / "bundle"), "--version", "3.1.4"]) == 0
    return {"folder": folder, "store": store, "bundle": folder / "bundle", "report": folder / "build/crossval.json"}


def test_the_bundle_loads_and_names_what_it_was_trained_on(run: dict[str, Path]) -> None:
    bundle = load_bundle(run["bundle"], task="letters", features=FEATURES_TAG)
    assert bundle.version == "3.1.4"
    assert {source["name"] for source in bundle.manifest["sources"]} == {"made0", "made1"}
    assert 0.3 <= bundle.operating_point["floors"]["A"] <= 1
    assert "made0" in (run["bundle"] / "CARD.md").read_text()


def test_evaluation_prints_the_figures_of_the_contract(run: dict[str, Path]) -> None:
    command = [sys.executable, "-m", "training.evaluate", "letters", "--store", str(run["store"]), "--json"]
    done = subprocess.run([*command, "--bundle", str(run["bundle"])], capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    keys = "n accuracy macro_accuracy top5 per_label per_signer per_source confusion coverage accuracy_covered"
    assert {*keys.split(), "wrong_confident", "ece", "skipped"} <= set(report)
    assert report["n"] == 2 * (24 * 4 + 2 * 3)
    assert report["skipped"] == 0
    assert report["accuracy"] > 0.5, "two signers that the model was trained on"
    assert report["others"]["idle"]["clips"] == 2


def test_evaluation_needs_neither_tensorflow_nor_keras() -> None:
    code = (
        "import sys; from training.letters import evaluate; "
        "assert not {'tensorflow', 'keras'} & set(sys.modules), 'heavy import'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_cross_validation_judges_only_unseen_sources(run: dict[str, Path]) -> None:
    report = json.loads(run["report"].read_text())
    assert report["folds"] == 2
    assert set(report["per_source"]) == {"made0", "made1"}
    assert report["n"] == 2 * (24 * 4 + 2 * 3)


def test_a_stopped_training_goes_on_where_it_was(run: dict[str, Path], tmp_path: Path) -> None:
    config = load_settings(run["folder"] / "tiny.yaml", LetterConfig)
    rounds = Rounds([run["store"]], "all", config, run["folder"] / "build")
    drawn: list[int] = []

    def draw(number: int) -> Samples:
        if number == 2 and drawn == [0, 1]:
            raise KeyboardInterrupt
        drawn.append(number)
        return rounds(number)

    with pytest.raises(KeyboardInterrupt):
        fit(draw, config, tmp_path)
    drawn.append(-1)
    fit(draw, config, tmp_path)
    assert drawn == [0, 1, -1, 2, 3]


def test_another_training_does_not_end_as_the_one_before(run: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(CONFIG.replace("0.004", "0.001"))
    out = ["--store", str(run["store"]), "--out", str(run["folder"] / "build")]
    with pytest.raises(InputError, match="trained with other config; train again, or name those"):
        quantize.main([*out, "--config", str(tmp_path / "other.yaml"), "--bundle", str(tmp_path / "bundle")])
    before = keras.models.load_model(run["folder"] / "build/float.keras").get_weights()
    elsewhere = ["--store", str(run["store"]), "--out", str(tmp_path)]
    assert train.main([*elsewhere, "--config", str(run["folder"] / "tiny.yaml")]) == 0
    assert train.main([*elsewhere, "--config", str(tmp_path / "other.yaml")]) == 0
    after = keras.models.load_model(tmp_path / "float.keras").get_weights()
    assert max(float(np.abs(a - b).max()) for a, b in zip(before, after, strict=True)) > 0.05


def test_what_a_source_emits_is_decided_by_the_other_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def points(surest: float) -> dict[str, dict[str, Any]]:
        folds = []
        for number, source in enumerate(("made0", "made1", "made2")):
            rng = np.random.default_rng(number)
            truth = rng.integers(len(LABELS) - 1, size=200)
            sure = rng.uniform(0.4, 1.0, 200) if number else np.full(200, surest)
            others = np.repeat((1 - sure)[:, None] / (len(LABELS) - 1), len(LABELS), axis=1)
            table = others.astype(np.float32)
            table[np.arange(200), truth] = sure
            verdicts = [Judgement(LABELS[k], source, source, row) for k, row in zip(truth, table, strict=True)]
            folds.append(crossval.Fold(source, verdicts, verdicts, [True] * len(verdicts)))
        monkeypatch.setattr(report, "leave_one_source_out", lambda *_: folds)
        for name in ("noise_of_folds", "other_people"):
            monkeypatch.setattr(report, name, lambda *_: {})
        rounds: Any = SimpleNamespace(licences="all", settings_digest="0")
        return dict(report.cross_validate(rounds, [], LetterConfig(), tmp_path)["points_of_folds"])

    unsure, sure = points(0.5), points(0.999)
    assert unsure["made0"] == sure["made0"]
    assert unsure["made1"] != sure["made1"]


def test_clips_for_evaluation_alone_set_no_threshold() -> None:
    def fold(source: str, sure: float, *, fits: bool) -> crossval.Fold:
        row = np.full(len(LABELS), (1 - sure) / (len(LABELS) - 1), np.float32)
        row[0] = sure
        verdicts = [Judgement(label, source, source, row) for label in "AAAB"]
        return crossval.Fold(source, verdicts, verdicts, [fits] * len(verdicts))

    ours = [fold("made0", 0.9, fits=True), fold("made1", 0.8, fits=True)]
    wanted = report._operating_point(ours)
    assert report._operating_point([*ours, fold("made2", 0.99, fits=False)]) == wanted
    assert report._operating_point([*ours, fold("made2", 0.99, fits=True)]) != wanted


class Seen(Exception):  # noqa: N818 - no error: whose windows a training would have read
    """Sources."""


def test_nobody_is_on_both_sides_of_a_fold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(draw: Callable[[int], Samples], config: LetterConfig) -> None:
        raise Seen(set(draw(0).sources.ravel().tolist()))

    monkeypatch.setattr(crossval, "fit", look)
    store = write_small_store(tmp_path / "small.parquet", stills=2)
    clips = list(read_store(store))
    signers = {
        source: {clip.signer for clip in clips if clip.source == source} for source in ("made0", "made1", "made2")
    }
    config = LetterConfig(round_samples=1000)
    rounds = Rounds([store], "all", config, tmp_path)
    for source, unseen in signers.items():
        with pytest.raises(Seen) as caught:
            crossval._train_fold(source, rounds, config, tmp_path / "fold")
        (trained,) = caught.value.args
        assert trained - {""} == set(signers) - {source}
        assert not unseen & set().union(*(signers[name] for name in trained - {""}))
    twice = named(clips[0], source="made1")
    write_store(store, [*clips, twice])
    with pytest.raises(InputError, match="'made0:s1' is in source 'made0' and in 'made1'"):
        crossval.leave_one_source_out(Rounds([store], "all", config, tmp_path), [store], config, tmp_path)


def test_a_source_of_the_same_people_is_held_out_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(draw: Callable[[int], Samples], _: LetterConfig) -> None:
        raise Seen(set(draw(0).sources.ravel().tolist()))

    monkeypatch.setattr(crossval, "fit", look)
    monkeypatch.setattr("training.sources.SAME_PEOPLE", (frozenset({"made0", "made2"}),))
    config = LetterConfig(round_samples=1000)
    rounds = Rounds([write_small_store(tmp_path / "small.parquet", stills=2)], "all", config, tmp_path)
    with pytest.raises(Seen) as caught:
        crossval._train_fold("made0", rounds, config, tmp_path / "fold")
    assert caught.value.args[0] - {""} == {"made1"}


def test_the_hand_before_a_letter_is_of_a_source_that_the_window_names() -> None:
    """A fold drops windows by their sources: whoever has a part in one must be named."""
    count, far = 200, 100.0
    sources = np.array(["near", "far"])[np.arange(count) % 2]
    poses = np.random.default_rng(0).normal(size=(count, 21, 3)).astype(np.float32)
    poses[sources == "far", 1:] += far
    data = LetterData(poses, np.arange(count) // 2 % 24, sources, sources)
    windows = Sampler(data, LetterConfig(), seed=0)._transitions(2000)
    near = windows.frames[(windows.sources == "near").all(axis=1)]
    assert len(near) > 100
    assert np.abs(near).max() < far / 4


@pytest.mark.parametrize("rounds", ["training.letters.rounds", "training.words.rounds"])
def test_samples_drawn_by_other_code_are_other_samples(
    rounds: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exclusion that is added to the table of sources takes effect: what was drawn before is not read again."""
    store = write_small_store(tmp_path / "small.parquet", stills=2)
    module = importlib.import_module(rounds)
    config = LetterConfig() if "letters" in rounds else WordConfig()
    before = module.Rounds([store], "all", config, tmp_path).digest
    monkeypatch.setattr(module, "code_fingerprints", lambda _: {"code training/sources.py": "changed"})
    assert module.Rounds([store], "all", config, tmp_path).digest != before
    monkeypatch.undo()
    assert module.Rounds([store], "all", config, tmp_path).digest == before
    assert "code training/sources.py" in module.code_fingerprints(rounds.replace("rounds", "sampling"))


def test_sources_for_evaluation_alone_are_too_few_to_leave_one_out(tmp_path: Path) -> None:
    store = tmp_path / "s.parquet"
    write_store(store, [clip("A", 0, 0), named(clip("A", 1, 0), licence="evaluation only")])
    rounds = Rounds([store], "all", LetterConfig(), tmp_path)
    with pytest.raises(InputError, match="made0, made1: leaving one source out takes two sources or more that may be"):
        crossval.leave_one_source_out(rounds, [store], LetterConfig(), tmp_path)


def test_a_round_that_cannot_be_written_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    store = write_small_store(tmp_path / "small.parquet", signers=1, stills=1)
    rounds = Rounds([store], "all", LetterConfig(round_samples=1000), tmp_path)
    (folder,) = tmp_path.glob("letter-rounds-*")
    (folder / "0.npz.partial").symlink_to("/dev/full")
    with pytest.raises(AslEdgeError, match=r"0\.npz: cannot be written \(No space left on device\); make room"):
        rounds(0)
    assert list(folder.iterdir()) == []


def test_an_unfaithful_int8_model_is_refused() -> None:
    """Three tenths of a point of accuracy, up or down, and one decision in a hundred."""
    faithful = {"float_accuracy": 0.93, "int8_accuracy": 0.9271, "agreement": 0.9901}
    check_parity(faithful)
    check_parity(faithful | {"int8_accuracy": 0.9329})
    for worse in ({"int8_accuracy": 0.9269}, {"int8_accuracy": 0.9331}, {"agreement": 0.9899}):
        with pytest.raises(AslEdgeError, match="not faithful"):
            check_parity(faithful | worse)
    check_agreement(0.99)
    with pytest.raises(AslEdgeError, match="agrees with float on 98"):
        check_agreement(0.989)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("roundz: 3", "c.yaml:1: roundz: unknown key; did you mean 'rounds'?"),
        ("rounds: many", "c.yaml:1: rounds: expected a whole number, got 'many'"),
        ("[1, 2]", "c.yaml:1: the file: expected keys and values, got a list"),
    ],
)
def test_a_wrong_config_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, message: str
) -> None:
    (tmp_path / "c.yaml").write_text(content)
    command = ["letters", "--config", str(tmp_path / "c.yaml"), "--out", str(tmp_path)]
    assert dispatch("train", TRAIN, command) == 2
    assert message in capsys.readouterr().err


def test_missing_stores_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch("evaluate", EVALUATE, ["letters", "--store", str(tmp_path / "none.parquet")]) == 2
    said = capsys.readouterr().err
    assert "none.parquet: no such file; name a landmark store" in said
    assert said.count("\n") == 1


def test_labels_of_other_stores_are_spelled_as_ours_before_they_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = clip("A", 0, 0)
    clips = [named(plain, label="a"), named(plain, kind="Letter"), named(plain, label="J"), named(plain, label="%")]
    write_store(tmp_path / "s.parquet", [*clips, named(plain, hands=plain.hands[:0])])
    assert dispatch("evaluate", EVALUATE, ["letters", "--json", "--store", str(tmp_path / "s.parquet")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report["per_label"]) == {"A"}
    reasons = {"unknown kind 'Letter'": 1, "still of a motion letter": 1, "unknown label": 1, "no frames": 1}
    assert (report["skipped_because"], report["skipped"]) == (reasons, 4)
    write_store(tmp_path / "s.parquet", clips[1:])
    assert dispatch("evaluate", EVALUATE, ["letters", "--json", "--store", str(tmp_path / "s.parquet")]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["accuracy"] is None
    assert said.err.startswith(f"training.evaluate: {tmp_path / 's.parquet'}: no letter to judge (unknown kind")
    assert said.err.count("\n") == 1


def test_small_letters_are_trained_on_as_letters(tmp_path: Path) -> None:
    write_store(tmp_path / "s.parquet", [named(clip("A", 0, 0), label="a")])
    data = load_letters([tmp_path / "s.parquet"])
    assert ([LABELS[k] for k in data.labels], len(data.controls)) == (["A"], 0)


@pytest.mark.parametrize(("argument", "code"), [("digits", 2), ("-h", 0), ("--help", 0)])
def test_an_unknown_task_shows_the_usage(argument: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch("evaluate", EVALUATE, [argument]) == code
    said = capsys.readouterr()
    assert "usage: python -m training.evaluate {letters,words} [--debug]" in (said.err if code else said.out)


def test_the_traceback_is_shown_where_it_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        dispatch("evaluate", EVALUATE, ["letters", "--debug", "--store", str(tmp_path / "none.parquet")])


@pytest.mark.parametrize("source", ["webcam_mahesh8T", "signingsavvy"])
def test_nothing_is_not_taught_by_sources_that_may_not_be_trained_on(tmp_path: Path, source: str) -> None:
    slow = np.cumsum(np.full((40, 2), 0.02, np.float32), axis=0)
    idle, stranger = clip("idle", 0, 0, slow, kind="word"), clip("idle", 1, 0, slow, kind="word")
    write_store(tmp_path / "s.parquet", [named(idle, source=source), stranger])
    assert {track.source for track in load_letters([tmp_path / "s.parquet"]).others} == {stranger.source}


def test_only_a_still_of_a_motion_letter_is_no_test_of_it() -> None:
    drawn, held = clip("I", 0, 0, hook()), clip("I", 0, 1, hook() * 0.1)
    assert why_skipped(named(drawn, label="J"), LABELS) is None
    assert why_skipped(named(held, label="J"), LABELS) is None, "whatever a sequence shows"
    still = named(held, fps=0.0, hands=held.hands[:1])
    assert why_skipped(named(still, label="J"), LABELS) == "still of a motion letter"
    assert why_skipped(still, LABELS) is None
    lost = named(drawn, label="J", hands=np.full_like(drawn.hands, np.nan))
    assert why_skipped(lost, LABELS) is None, "a hand that was not found is a mistake"


def test_numbered_stills_of_a_drawing_become_a_sequence() -> None:
    drawings = Drawings()
    whole = clip("I", 0, 0, np.repeat(hook(), 2, axis=0))
    missing = 20
    for number in range(8, 37):
        still = named(whole, clip=f"x/J_{number}.jpg", label="J", source="mariia", fps=0.0, hands=whole.hands[[number]])
        if number != missing:
            drawings.add(still)
    (sequence,) = drawings.clips()
    assert sequence.hands.shape == (29, 2, 21, 3)
    assert np.isnan(sequence.hands[missing - 8]).all()
    assert not sequence.still
    assert why_skipped(sequence, LABELS) is None


def test_sources_that_training_may_not_read_share_one_model(
    run: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"made0": "longhong", "made1": "t32rahman", "made2": "stranger", "made3": "another"}
    clips = list(read_store(write_small_store(tmp_path / "small.parquet", signers=4, stills=2)))
    stated = {"stranger": "none stated", "another": "evaluation only"}
    clips = [named(each, source=names[each.source], signer=names[each.source]) for each in clips]
    clips = [named(each, licence=stated.get(each.source, "CC0")) for each in clips]
    write_store(tmp_path / "s.parquet", clips)
    config = load_settings(run["folder"] / "tiny.yaml", LetterConfig)
    seen: list[set[str]] = []

    def untrained(draw: Callable[[int], Samples], config: LetterConfig) -> object:
        seen.append(set(draw(0).sources.ravel().tolist()) - {""})
        return build(config)

    monkeypatch.setattr(crossval, "fit", untrained)
    stores = [tmp_path / "s.parquet"]
    rounds = Rounds(stores, "clear", config, tmp_path)
    folds = crossval.leave_one_source_out(rounds, stores, config, tmp_path)
    assert {fold.source for fold in folds} == set(names.values())
    assert {fold.source for fold in folds if any(fold.fits)} == set(names.values()) - {"another"}
    assert seen == [{"longhong", "t32rahman"}, {"t32rahman"}, {"longhong"}]


def named(original: Clip, **changes: object) -> Clip:
    return Clip(**{name: getattr(original, name) for name in Clip.__slots__} | changes)  # type: ignore[arg-type]
