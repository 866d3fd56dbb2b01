"""A device's models folder: a new bundle is swapped in whole, and the one before is kept for rollback."""

import contextlib
import ctypes
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edge.bundle import Bundle, aside_of, load_bundle, previous_of, verify_bundle
from edge.errors import InputError, unwritable
from edge.features import FEATURE_SIZE, FEATURES_TAG
from edge.folder_lock import locked
from edge.landmarks.crop import covering_square
from edge.landmarks.hands import HANDS_TAG, HandNetworks
from edge.landmarks.pose import POSE_TAG, PoseNetworks
from edge.letters import LetterModel
from edge.paths import MODELS_UNWRITABLE_HINT
from edge.types import Floats
from edge.word_features import CHANNELS, WORD_FEATURES_TAG, WORD_GRID_STEPS
from edge.words import WordModel

FEATURES = {"letters": FEATURES_TAG, "words": WORD_FEATURES_TAG, "hands": HANDS_TAG, "pose": POSE_TAG}
"""The tasks of this program, each with the tag of the features that its models take."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
"""linux/fcntl.h, linux/fs.h."""


def install(source: Path, root: Path) -> tuple[Bundle, str | None]:
    """Install a copy of the bundle at `source` under `root`; the bundle it replaces becomes the previous one.

    The copy is verified and its networks are opened before anything is swapped, so a bad bundle changes nothing.

    Returns:
        The installed bundle, and the version that `rollback` would restore, if any.

    Raises:
        InputError: `source` is not a bundle that this program can use.
        AslEdgeError: `root` cannot be written.
    """
    new = check(source)
    current = root / new.name
    with _locked(root):
        _recover(current)
        old = _usable(current)
        if old is not None and old.task != new.task:
            why = f"'{new.name}' reads {new.task}, the one in {root} {old.task}"
            raise InputError(f"{source}: {why}; rename the bundle")
        staged = root / f".{new.name}.new"
        _remove(staged)
        try:
            _copy(source, staged)
            check(staged)  # the copy, not the original
            _sync(staged)
        except (OSError, InputError):
            _remove(staged)
            raise
        _swap(staged, current, previous_of(current), keep=_is_worth_keeping(old, new))
        return verify_bundle(current), _version(previous_of(current))


def rollback(name: str, root: Path) -> tuple[Bundle, str | None]:
    """Restore the previous bundle `name`; the present one becomes the previous, so doing it twice changes nothing.

    Returns:
        The bundle now in force, and the version that another `rollback` would restore, if any.

    Raises:
        InputError: there is no usable previous bundle.
        AslEdgeError: `root` cannot be written.
    """
    current, previous = root / name, previous_of(root / name)
    with _locked(root):
        nameable = _NAME.fullmatch(name) is not None
        if nameable:
            _recover(current)
        if not (nameable and previous.is_dir()):
            raise InputError(f"{root}: no earlier bundle '{name}' is kept; `asl-edge models install PATH` keeps one")
        check(previous)
        if current.is_dir():
            _exchange(previous, current)
        else:
            previous.rename(current)
        return verify_bundle(current), _version(previous)


def check(path: Path) -> Bundle:
    """The bundle, if its files match the manifest, its features are ours, and its networks suit its task."""
    bundle = verify_bundle(path)
    if not _NAME.fullmatch(bundle.name):
        raise InputError(f"{path}: the bundle's name '{bundle.name}' has more than a-z, 0-9, - and _; quantize it anew")
    if bundle.task not in FEATURES:
        raise InputError(f"{path}: task is '{bundle.task}', this program reads {', '.join(FEATURES)}")
    load_bundle(path, task=bundle.task, features=FEATURES[bundle.task])
    try:
        _try(bundle)
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"{path}: its networks are none of task '{bundle.task}' ({error}); quantize it anew"
        ) from error
    return bundle


def _try(bundle: Bundle) -> None:
    """Run each network once.

    Raises:
        InputError: what it gives for a letter or a word is not finite.
    """
    given: tuple[Floats, ...] = ()
    if bundle.task == "letters":
        given = (LetterModel(bundle).probabilities(np.zeros(FEATURE_SIZE, np.float32)),)
    elif bundle.task == "words":
        given = WordModel(bundle).mean(np.zeros((1, WORD_GRID_STEPS, CHANNELS), np.float32))
    else:
        picture = np.zeros((64, 64, 3), np.uint8)
        networks = HandNetworks(bundle) if bundle.task == "hands" else PoseNetworks(bundle)
        networks.find(picture)
        networks.read(picture, covering_square(picture))
    if not all(np.isfinite(each).all() for each in given):
        raise InputError(f"{bundle.path}: its network gives numbers that are none; quantize it anew")


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Keep other processes from swapping bundles in the folder meanwhile.

    Raises:
        AslEdgeError: instead of any OSError inside.
    """
    try:
        with locked(root):
            yield
    except OSError as error:
        raise unwritable(root, error, MODELS_UNWRITABLE_HINT) from error


def _copy(source: Path, staged: Path) -> None:
    """Copy the bundle's own files, readable by every user: the daemon is another one than the installer."""
    staged.mkdir()
    staged.chmod(0o755)
    for file in source.iterdir():
        if file.is_file():
            try:
                content = file.read_bytes()
            except OSError as error:
                raise InputError(f"{file}: cannot be read ({error.strerror}); copy the bundle again") from error
            (staged / file.name).write_bytes(content)
            (staged / file.name).chmod(0o644)


def _swap(staged: Path, current: Path, previous: Path, *, keep: bool) -> None:
    """Make `staged` `current` in one step, and the old `current` `previous` if it is to be kept."""
    if not current.is_dir():
        staged.rename(current)
        return
    _exchange(staged, current)
    if keep and not previous.is_dir():
        staged.rename(previous)
        return
    if keep:
        _exchange(staged, previous)
    _remove(staged)


def _exchange(one: Path, other: Path) -> None:
    """Swap two folders so that neither is ever missing, even if the process dies midway."""
    if _renamed_in_place(one, other):
        return
    aside = aside_of(other)  # the file system cannot: `other` is missing for a moment, see `_recover`
    other.rename(aside)
    one.rename(other)
    aside.rename(one)


def _recover(current: Path) -> None:
    """Put back what a process that died in the middle of `_exchange` left aside."""
    previous = previous_of(current)
    for folder in (current, previous):
        aside = aside_of(folder)
        if not aside.is_dir():
            continue
        if not folder.is_dir():
            aside.rename(folder)
        elif folder == current and _is_worth_keeping(_usable(aside), _usable(current)):
            _remove(previous)
            aside.rename(previous)
        else:
            _remove(aside)


def _is_worth_keeping(old: Bundle | None, new: Bundle | None) -> bool:
    """A bundle that is damaged or unchanged must not displace the last good one."""
    return old is not None and (new is None or old.manifest != new.manifest)


def _renamed_in_place(one: Path, other: Path) -> bool:
    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):
        return False
    return int(rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)) == 0


def _sync(folder: Path) -> None:
    """Write to disk: a power cut after the swap must not leave empty files."""
    for path in (*folder.iterdir(), folder):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def _usable(path: Path) -> Bundle | None:
    try:
        return verify_bundle(path)
    except InputError:
        return None


def _version(path: Path) -> str | None:
    bundle = _usable(path)
    return bundle.version if bundle is not None else None


def _remove(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
