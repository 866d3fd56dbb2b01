"""Bundles on a device: swapped in whole, kept to go back to, refused when they are not what they say."""

import contextlib
import errno
import fcntl
import json
import logging
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from daemon_tools import ROOT, asl_edge, write_config

from edge import folder_lock, model_folder, paths
from edge.bundle import MANIFEST, load_installed, sha256, verify_bundle
from edge.cli import main
from edge.errors import InputError
from edge.features import FEATURES_TAG
from edge.model_folder import install, rollback


@pytest.fixture
def root(tmp_path: Path) -> Path:
    models = tmp_path / "models"
    shutil.copytree(ROOT / "models" / "letters", models / "letters")
    return models


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    return changed(tmp_path / "download", lambda manifest: manifest.update(version="9.9.9"))


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """A copy of the shipped letters whose manifest was changed."""
    shutil.copytree(ROOT / "models" / "letters", folder)
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


def version_of(root: Path) -> str:
    return verify_bundle(root / "letters").version


def damage(bundle: Path) -> None:
    network = bundle / "model.tflite"
    network.write_bytes(network.read_bytes()[:-1] + b"?")


@pytest.mark.parametrize("exchanges", [True, False])
def test_install_and_rollback_and_back_again(
    root: Path, newer: Path, exchanges: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchanges:  # an old kernel, or a file system without it
        monkeypatch.setattr(model_folder, "_renamed_in_place", lambda *_: False)
    shipped = version_of(root)
    bundle, replaced = install(newer, root)
    assert (bundle.version, replaced, version_of(root)) == ("9.9.9", shipped, "9.9.9")
    assert rollback("letters", root)[1] == "9.9.9"
    assert version_of(root) == shipped
    rollback("letters", root)
    assert version_of(root) == "9.9.9"
    assert {path.name for path in root.iterdir()} == {"letters", ".letters.previous"}


@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.parametrize("steps", range(5))
def test_wherever_a_rollback_ends_the_good_bundle_is_read(
    steps: int, exchanges: bool, root: Path, newer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = version_of(root)
    install(newer, root)
    damage(root / "letters")
    end_after(steps, exchanges=exchanges, monkeypatch=monkeypatch)
    with contextlib.suppress(KeyboardInterrupt):
        rollback("letters", root)
    assert load_installed(root / "letters", task="letters", features=FEATURES_TAG).version == shipped


@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.parametrize("steps", range(9))
def test_wherever_an_install_ends_two_good_bundles_stay_two(
    steps: int, exchanges: bool, root: Path, newer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(newer, root)
    newest = changed(tmp_path / "newest", lambda manifest: manifest.update(version="10.0.0"))
    end_after(steps, exchanges=exchanges, monkeypatch=monkeypatch)
    with contextlib.suppress(KeyboardInterrupt):
        install(newest, root)
    monkeypatch.undo()
    found = load_installed(root / "letters", task="letters", features=FEATURES_TAG).version
    assert found in ("9.9.9", "10.0.0")
    assert rollback("letters", root)[0].version != found


@pytest.mark.parametrize("again", ["install", "rollback"])
@pytest.mark.parametrize("steps", range(4))
def test_an_install_that_ends_between_two_renames_loses_no_bundle(
    steps: int, again: str, root: Path, newer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = version_of(root)
    end_after(steps, exchanges=False, monkeypatch=monkeypatch)
    with contextlib.suppress(KeyboardInterrupt):
        install(newer, root)
    monkeypatch.undo()
    found = load_installed(root / "letters", task="letters", features=FEATURES_TAG).version
    if again == "install":
        assert install(newer, root)[1] == shipped
    elif found == "9.9.9":
        assert rollback("letters", root)[0].version == shipped
    else:
        with pytest.raises(InputError, match="no earlier bundle"):
            rollback("letters", root)
        assert version_of(root) == found == shipped
    assert not list(root.glob(".*.aside"))


def end_after(steps: int, *, exchanges: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is killed when so many folders were moved or removed."""
    left = [steps]

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed_or_killed(*args: Any) -> Any:
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            return change(*args)

        return changed_or_killed

    renamed = model_folder._renamed_in_place if exchanges else lambda *_: False
    monkeypatch.setattr(model_folder, "_renamed_in_place", counted(renamed) if exchanges else renamed)
    monkeypatch.setattr(model_folder, "_remove", counted(model_folder._remove))
    monkeypatch.setattr(Path, "rename", counted(Path.rename))


def test_the_first_bundle_of_an_empty_folder_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert install(ROOT / "models" / "letters", tmp_path / "empty")[1] is None
    with pytest.raises(InputError, match="no earlier bundle 'letters' is kept"):
        rollback("letters", tmp_path / "empty")


def test_an_empty_folder_is_listed_with_how_to_fill_it(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    listed = asl_edge("models", "list", "--config", write_config(tmp_path, extra=f"models_dir: {tmp_path / 'empty'}\n"))
    assert listed.returncode == 2
    assert (
        f"copy the shipped models there: mkdir -p {tmp_path}/empty && cp -rn {ROOT}/models/. {tmp_path}/empty\n"
        in listed.stderr
    )


@pytest.mark.parametrize("name", ["../letters", "", "nothing"])
def test_a_name_that_is_not_there_is_refused(name: str, root: Path) -> None:
    with pytest.raises(InputError, match="no earlier bundle"):
        rollback(name, root)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [("features", "letters-0", "trained on features 'letters-0'"), ("task", "poetry", "task is 'poetry'"),
     ("name", "../../etc", "has more than a-z")],
)  # fmt: skip
def test_a_bundle_for_something_else_changes_nothing(
    key: str, value: str, words: str, root: Path, tmp_path: Path
) -> None:
    shipped = version_of(root)
    other = changed(tmp_path / "other", lambda manifest: manifest.update({key: value}))
    with pytest.raises(InputError, match=words):
        install(other, root)
    assert version_of(root) == shipped
    assert [path.name for path in root.iterdir()] == ["letters"]


def test_a_network_that_is_none_changes_nothing_though_its_sha256_is_right(root: Path, tmp_path: Path) -> None:
    fake = tmp_path / "fake"
    shutil.copytree(ROOT / "models" / "letters", fake)
    (fake / "model.tflite").write_bytes(b"not a network")
    manifest = json.loads((fake / MANIFEST).read_text())
    manifest["files"]["model"]["sha256"] = sha256(fake / "model.tflite")
    (fake / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"model\.tflite"):
        install(fake, root)
    assert [path.name for path in root.iterdir()] == ["letters"]


@pytest.mark.parametrize("task", ["letters", "words"])
@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda labels: [label.replace("nothing", "none") for label in labels], "lack 'nothing'"),
        (lambda labels: ["\ufeff" + labels[0], *labels[1:]], "what cannot be printed"),
        (lambda labels: [labels[0] + "\x1b[31m", *labels[1:]], "what cannot be printed"),
        (lambda labels: [labels[0] + " ", *labels[1:]], "have blanks around"),
        (lambda labels: [labels[1], *labels[1:]], "twice; quantize it anew"),
    ],
)
def test_labels_that_can_be_none_are_refused_and_the_daemon_goes_on_with_the_bundle_before(
    task: str, change: Callable[[list[str]], list[str]], line: str, tmp_path: Path
) -> None:
    root, bad = tmp_path / "models", tmp_path / "bad"
    shutil.copytree(ROOT / "models" / task, root / task)
    relabelled(ROOT / "models" / task, bad, change)
    with pytest.raises(InputError, match=line):
        install(bad, root)
    (root / task).rename(root / f".{task}.previous")
    bad.rename(root / task)
    features = model_folder.FEATURES[task]
    assert load_installed(root / task, task=task, features=features).path.name == f".{task}.previous"
    with pytest.raises(InputError, match=line):
        model_folder.check(root / task)


def relabelled(source: Path, folder: Path, change: Callable[[list[str]], list[str]]) -> None:
    """A copy of a bundle whose labels were changed, with the sha256 of the new ones."""
    shutil.copytree(source, folder)
    file = folder / "labels.txt"
    file.write_text("\n".join(change(file.read_text("utf-8").split())) + "\n", "utf-8")
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"]["labels"]["sha256"] = sha256(file)
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_a_network_that_gives_no_finite_numbers_is_not_put_in_force(
    newer: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_folder.LetterModel, "probabilities", lambda *_: np.full(27, np.nan, np.float32))
    with pytest.raises(InputError, match="numbers that are none"):
        install(newer, root)


def test_a_bundle_damaged_in_place_gives_way_to_the_one_before(
    root: Path, newer: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shipped = version_of(root)
    install(newer, root)
    damage(root / "letters")
    with caplog.at_level(logging.WARNING):
        bundle = load_installed(root / "letters", task="letters", features=FEATURES_TAG)
    assert bundle.version == shipped
    assert "sha256 differs" in caplog.text
    assert f"going on with the one before it, version {shipped}" in caplog.text


def test_verify_refuses_what_the_daemon_would_and_looks_at_the_kept_one(
    root: Path, newer: Path, tmp_path: Path
) -> None:
    install(newer, root)
    damage(root / ".letters.previous")
    changed(root / "other", lambda manifest: manifest.update(name="other", features="letters-0"))
    config = write_config(tmp_path, extra=f"models_dir: {root}\n")
    verified = asl_edge("models", "verify", "--json", "--config", config)
    problems = json.loads(verified.stdout)["problems"]
    assert verified.returncode == 2
    assert [("letters-0" in line, ".letters.previous" in line) for line in problems] == [(True, False), (False, True)]


def test_the_commands_say_what_they_did(root: Path, newer: Path, tmp_path: Path) -> None:
    shipped = version_of(root)
    config = write_config(tmp_path, extra=f"models_dir: {root}\n")
    told = asl_edge("models", "install", newer, "--config", config)
    assert told.returncode == 0, told.stderr
    assert f"letters 9.9.9 is in force in {root}; " in told.stdout
    assert f"brings version {shipped} back" in told.stdout
    listed = json.loads(asl_edge("models", "list", "--json", "--config", config).stdout)
    assert [bundle["version"] for bundle in listed["bundles"]] == ["9.9.9"], "the kept one is not listed"
    back = json.loads(asl_edge("models", "rollback", "letters", "--json", "--config", config).stdout)
    assert (back["version"], back["replaced"]) == (shipped, "9.9.9")
    refused = asl_edge("models", "install", tmp_path / "nowhere", "--config", config)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize(("own_folder", "options"), [(False, []), (False, ["--json"]), (True, [])])
def test_what_is_installed_where_an_update_replaces_it_is_said_to_last_until_then(
    *,
    own_folder: bool,
    options: list[str],
    root: Path,
    newer: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if not own_folder:
        monkeypatch.setattr(paths, "shipped", lambda _: root)
    config = write_config(tmp_path, extra=f"models_dir: {root}\n" if own_folder else "")
    assert main(["models", "install", str(newer), "--config", str(config), *options]) == 0
    assert version_of(root) == "9.9.9"
    said = "it lasts until asl-edge is installed anew" in capsys.readouterr().out
    assert said == (not own_folder and not options)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"operating_point": None}, "operating_point: must map names to numbers"),
        ({"operating_point": {"floors": {"A": float("nan")}}}, "operating_point: 'floors' must be numbers by label"),
        ({"operating_point": {"floors": [0.5]}}, "operating_point: 'floors' must be numbers by label"),
        ({"operating_point": {"floor": {"A": 0.5}}}, "operating_point: 'floor' must be a number"),
        ({"operating_point": {"temperature": []}}, "operating_point: 'temperature' must be a number"),
        ({"operating_point": {"disabled": [["A"]]}}, "operating_point: 'disabled' must be a list of labels"),
        ({"operating_point": {"taught": {"floor": 0.9}}}, "operating_point: 'taught' must be floor, middle and width"),
        (
            {"operating_point": {"taught": {"floor": 0.9, "middle": 0.8, "width": 0}}},
            "operating_point: 'taught' must be floor, middle and width, which is more than 0",
        ),
        ({"operating_point": {"hold_seconds": 10**400}}, "operating_point: 'hold_seconds' must be a number"),
        ({"texts": {"hello": "\ud800"}}, "has text that cannot be written"),
        ({"version": "1\0"}, "has text that cannot be written"),
        ({"texts": None}, "'texts' must be text by label"),
        ({"texts": {"A": 5}}, "'texts' must be text by label"),
        ({"operating_point": {"temperature": 1e-300}}, "operating_point: temperature must be 0.01 or more"),
        ({"operating_point": {"temperature": 0}}, "operating_point: temperature must be 0.01 or more"),
        ({"name": "hands"}, "'hands' reads letters, the one in"),
        ({"name": ["letters"]}, "'name' must be text"),
    ],
)
def test_a_bundle_that_would_stop_the_daemon_is_not_put_in_force(
    change: dict[str, object], line: str, tmp_path: Path
) -> None:
    root = tmp_path / "models"
    shutil.copytree(ROOT / "models", root)
    bad = changed(tmp_path / "bad", lambda manifest: manifest.update(change))
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match=re.escape(line)):
        install(bad, root)
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_installs_at_once_follow_each_other(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied, most = [0], [0]

    def slowly(source: Path, staged: Path) -> None:
        copied[0] += 1
        most[0] = max(most[0], copied[0])
        copy(source, staged)
        time.sleep(0.1)
        copied[0] -= 1

    copy = model_folder._copy
    monkeypatch.setattr(model_folder, "_copy", slowly)
    versions = ["7", "8", "9"]
    bundles = [changed(tmp_path / one, partial(dict.update, version=one)) for one in versions]
    with ThreadPoolExecutor(len(bundles)) as pool:
        list(pool.map(lambda bundle: install(bundle, root), bundles))
    assert most == [1], "one after the other"
    assert version_of(root) in versions
    assert rollback("letters", root)[0].version in versions


def test_whoever_may_read_the_original_the_daemon_may_read_the_copy(root: Path, newer: Path) -> None:
    (newer / ".git").mkdir()
    for path in newer.iterdir():
        path.chmod(0o500)
    newer.chmod(0o500)
    install(newer, root)
    assert (root / "letters").stat().st_mode & 0o777 == 0o755
    assert {path.stat().st_mode & 0o777 for path in (root / "letters").iterdir()} == {0o644}
    assert not (root / "letters" / ".git").exists(), "the bundle's files alone"


def test_an_install_that_waits_for_another_gives_up(root: Path, newer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_folder, "locked", partial(folder_lock.locked, seconds=0.2))
    with folder_lock.locked(root), pytest.raises(InputError, match="another run works there; wait until it is done"):
        install(newer, root)
    assert version_of(root) != "9.9.9"
    install(newer, root)
    assert version_of(root) == "9.9.9"


def test_a_file_system_that_locks_no_folder_holds_up_no_install(
    root: Path, newer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)
    monkeypatch.setattr(model_folder, "locked", partial(folder_lock.locked, seconds=0.2))
    install(newer, root)
    assert version_of(root) == "9.9.9"


def test_a_link_in_place_of_a_bundle_gives_way(root: Path, newer: Path, tmp_path: Path) -> None:
    (root / "letters").rename(tmp_path / "elsewhere")
    (root / "letters").symlink_to(tmp_path / "elsewhere")
    install(newer, root)
    rollback("letters", root)
    install(newer, root)
    assert install(changed(tmp_path / "ten", partial(dict.update, version="10")), root)[1] == "9.9.9"
    assert verify_bundle(tmp_path / "elsewhere").version not in ("9.9.9", "10"), "what it led to is as it was"


def test_neither_the_same_bundle_again_nor_a_damaged_one_pushes_out_the_last_good_one(tmp_path: Path) -> None:
    root = tmp_path / "models"
    shutil.copytree(ROOT / "models/letters", root / "letters")
    first = verify_bundle(root / "letters").version
    nine = changed(tmp_path / "nine", lambda manifest: manifest.update(version="9"))
    assert install(nine, root)[1] == first
    assert install(nine, root)[1] == first
    with (root / "letters/model.tflite").open("ab") as file:
        file.write(b"x")
    ten = changed(tmp_path / "ten", lambda manifest: manifest.update(version="10"))
    assert install(ten, root)[1] == first
    assert rollback("letters", root)[0].version == first


def test_bundles_are_listed_without_an_interpreter() -> None:
    without = "import sys; sys.modules.update({'ai_edge_litert': None, 'tflite_runtime': None})"
    code = f"{without}; from edge.cli import main; raise SystemExit(main(['models', 'list']))"
    listed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert listed.returncode == 0, listed.stderr
    assert "letters" in listed.stdout
