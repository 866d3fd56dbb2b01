"""The models folder of a device: a new bundle is swapped in whole, and the one before it is kept to go back to."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
from pathlib import Path

from edge.bundle import Bundle, load_bundle, previous_of, verify_bundle
from edge.errors import AslEdgeError, InputError
from edge.features import FEATURES_TAG
from edge.landmarks.hands import HANDS_TAG
from edge.landmarks.pose import POSE_TAG
from edge.tflite import Network
from edge.word_features import WORD_FEATURES_TAG

FEATURES = {"letters": FEATURES_TAG, "words": WORD_FEATURES_TAG, "hands": HANDS_TAG, "pose": POSE_TAG}
"""The tasks this program reads, and the tag of what it feeds to their models."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
"""linux/fcntl.h, linux/fs.h."""


def install(source: Path, root: Path) -> tuple[Bundle, str | None]:
    """Copy the bundle at `source` in force under `root`; the bundle it replaces becomes the previous one.

    The copy is verified and its networks are opened before anything is swapped, so a bad bundle changes nothing.

    Returns:
        The installed bundle, and the version it replaced, if any.

    Raises:
        InputError: `source` is no bundle that this program can use.
        AslEdgeError: `root` cannot be written.
    """
    _check(source)
    name = verify_bundle(source).name
    staged, current = root / f".{name}.new", root / name
    try:
        _remove(staged)
        shutil.copytree(source, staged)
        _check(staged)  # what was copied, not what was there before the copy
        _sync(staged)
        replaced = _swap(staged, current, previous_of(current))
    except OSError as error:
        raise AslEdgeError(_unwritable(root, error)) from error
    return verify_bundle(current), replaced


def rollback(name: str, root: Path) -> tuple[Bundle, str | None]:
    """Put the previous bundle `name` back in force; the present one becomes the previous, so that twice is as before.

    Returns:
        The bundle now in force, and the version it replaced, if any.

    Raises:
        InputError: there is no usable previous bundle.
        AslEdgeError: `root` cannot be written.
    """
    current = root / name
    previous = previous_of(current)
    if not (_NAME.fullmatch(name) and previous.is_dir()):
        raise InputError(f"{root}: no earlier bundle '{name}' is kept; `asl-edge models install PATH` keeps one")
    _check(previous)
    try:
        staged = root / f".{name}.new"
        _remove(staged)
        previous.rename(staged)
        replaced = _swap(staged, current, previous)
    except OSError as error:
        raise AslEdgeError(_unwritable(root, error)) from error
    return verify_bundle(current), replaced


def _check(path: Path) -> None:
    """The files are the manifest's, the features are ours, and the interpreter takes every network."""
    bundle = verify_bundle(path)
    if not _NAME.fullmatch(bundle.name):
        raise InputError(f"{path}: the bundle's name '{bundle.name}' has more than a-z, 0-9, - and _; quantize it anew")
    if bundle.task not in FEATURES:
        raise InputError(f"{path}: task is '{bundle.task}', this program reads {', '.join(FEATURES)}")
    load_bundle(path, task=bundle.task, features=FEATURES[bundle.task])
    for role in bundle.sha256:
        if bundle.file(role).suffix == ".tflite":
            Network(bundle.file(role))


def _swap(staged: Path, current: Path, previous: Path) -> str | None:
    """`staged` becomes `current` in one step, and what `current` was becomes `previous`."""
    if not current.is_dir():
        staged.rename(current)
        return None
    replaced = _version(current)
    if not _exchange(staged, current):  # a file system without it: for a moment there is only the previous one
        _remove(previous)
        current.rename(previous)
        staged.rename(current)
    else:
        _remove(previous)
        staged.rename(previous)
    return replaced


def _exchange(one: Path, other: Path) -> bool:
    """Swap two paths so that at no time either is missing; False where the system cannot."""
    try:
        rename = ctypes.CDLL(None).renameat2
    except (OSError, AttributeError):
        return False
    return int(rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)) == 0


def _sync(folder: Path) -> None:
    """A power cut after the swap must not find empty files."""
    for path in (*folder.iterdir(), folder):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def _version(path: Path) -> str:
    try:
        return verify_bundle(path).version
    except InputError:
        return "that was broken"


def _remove(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)


def _unwritable(root: Path, error: OSError) -> str:
    return f"{root}: cannot be written ({error.strerror}); run as root, or set models_dir to a folder of your own"
