"""Model bundles: a folder with manifest.json, the .tflite files and the labels, checked before use."""

import contextlib
import hashlib
import json
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import InputError, why_unreadable
from edge.labels import NOTHING
from edge.paths import fill_models, shipped

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
UNFITTED_FLOORS = {"letters": 0.6, "words": 0.8}
"""By task, the least probability of a label that is said, if the manifest has no floor."""
_LEAST_TEMPERATURE = 0.01
"""Fitted ones are 0.5 to 3; far smaller ones give no finite probabilities."""
_BY_LABEL = ("floors", "settle_seconds_by_label")
"""The parts of an operating point that are given by label."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose files match its manifest byte for byte."""

    path: Path
    name: str
    version: str
    task: str
    """`letters`, `words`, `hands` or `pose`."""
    features: str
    """Tag of the feature code the model was trained on."""
    labels: tuple[str, ...]
    manifest: dict[str, Any]

    def file(self, role: str = "model") -> Path:
        """Path of the file with a `role` (a key of the manifest's `files`)."""
        try:
            return self.path / str(self.manifest["files"][role]["name"])
        except KeyError:
            raise InputError(f"{self.path / MANIFEST}: files.{role} is missing; quantize the bundle again") from None

    @property
    def operating_point(self) -> dict[str, Any]:
        """The manifest's; for letters and words always with a floor."""
        unfitted = {"floor": UNFITTED_FLOORS[self.task]} if self.task in UNFITTED_FLOORS else {}
        return {**unfitted, **self.manifest.get("operating_point", {})}

    @property
    def sha256(self) -> dict[str, str]:
        """Hash of every file of the bundle, by role."""
        return {role: entry["sha256"] for role, entry in self.manifest["files"].items()}


def load_bundle(path: Path, *, task: str, features: str) -> Bundle:
    """Read and verify a bundle.

    Raises:
        InputError: a file is missing or altered, it was trained for another task or other features, or its labels
            cannot be those of letters or words.
    """
    bundle = verify_bundle(path)
    if bundle.task != task:
        raise InputError(
            f"{path / MANIFEST}: task is '{bundle.task}', wanted '{task}'; name another bundle in the config"
        )
    if bundle.features != features:
        raise InputError(
            f"{path / MANIFEST}: trained on features '{bundle.features}', this program computes '{features}'; "
            "install a bundle made for this version"
        )
    if task in UNFITTED_FLOORS:
        _check_labels(bundle)
    return bundle


def _check_labels(bundle: Bundle) -> None:
    """Refuse labels that cannot be published, spoken, or told from silence."""
    labels, where = bundle.labels, f"{bundle.path}: its labels"
    if NOTHING not in labels:
        raise InputError(f"{where} lack '{NOTHING}', by which silence is judged; train it with that")
    for label in labels:
        if label != label.strip() or not label.isprintable():
            raise InputError(f"{where} have blanks around {label!r}, or what cannot be printed in it; quantize it anew")
        if labels.count(label) > 1:
            raise InputError(f"{where} have '{label}' twice; quantize it anew")


def load_installed(path: Path, *, task: str, features: str) -> Bundle:
    """As `load_bundle`, but falls back, with a warning, from an unusable bundle to the one in force before it.

    Raises:
        InputError: neither can be used; the message says what is wrong with the newer one.
    """
    try:
        return load_bundle(path, task=task, features=features)
    except InputError as error:
        for kept in (aside_of(path), previous_of(path)):
            with contextlib.suppress(InputError):
                bundle = load_bundle(kept, task=task, features=features)
                log.warning("%s; going on with the one before it, version %s", error, bundle.version)
                return bundle
        if not path.exists() and (shipped("models") / path.name).is_dir():
            raise InputError(f"{path}: no such bundle; {fill_models(path.parent)}") from error
        raise


def previous_of(path: Path) -> Path:
    """Where the bundle that `path` replaced is kept."""
    return path.with_name(f".{path.name}.previous")


def aside_of(path: Path) -> Path:
    """Where a bundle is briefly kept while another takes its place, on file systems that cannot exchange the two."""
    return path.with_name(f".{path.name.lstrip('.')}.aside")


def verify_bundle(path: Path) -> Bundle:
    """Read a bundle and compare each file's sha256 with the manifest's.

    Raises:
        InputError: what is wrong with it.
    """
    manifest = _read_manifest(path)
    labels: tuple[str, ...] = ()
    for role, entry in _entries(path, manifest).items():
        file = path / entry["name"]
        try:
            altered = sha256(file) != entry["sha256"]
            if role == "labels":
                labels = tuple(file.read_text("utf-8").split("\n"))
        except FileNotFoundError:
            named = f"{role} of bundle '{manifest['name']}'"
            raise InputError(f"{file}: missing ({named}); install the bundle again") from None
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{file}: cannot be read ({why_unreadable(error)}); install the bundle again") from error
        if altered:
            raise InputError(f"{file}: sha256 differs from {MANIFEST}; the file was altered, install the bundle again")
    return Bundle(
        path=path,
        name=manifest["name"],
        version=str(manifest["version"]),
        task=manifest["task"],
        features=manifest["features"],
        labels=tuple(label for label in labels if label),
        manifest=manifest,
    )


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _read_manifest(path: Path) -> dict[str, Any]:
    file = path / MANIFEST
    try:
        manifest = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(f"{file}: no such bundle; see `asl-edge models list`") from None
    except (ValueError, RecursionError, OSError) as error:
        raise InputError(f"{file}: not readable as JSON ({error}); install the bundle again") from error
    if not isinstance(manifest, dict):
        raise InputError(f"{file}: not a JSON object; install the bundle again")
    if not _is_writable(manifest):
        raise InputError(f"{file}: has text that cannot be written; install the bundle again")
    for key in ("name", "version", "task", "features", "files"):
        if key not in manifest:
            raise InputError(f"{file}: key '{key}' is missing; install the bundle again")
    for key in ("name", "task", "features"):
        if not isinstance(manifest[key], str):
            raise InputError(f"{file}: '{key}' must be text; install the bundle again")
    texts = manifest.get("texts", {})
    if not (isinstance(texts, dict) and all(isinstance(text, str) for text in texts.values())):
        raise InputError(f"{file}: 'texts' must be text by label; quantize the bundle again")
    _check_point(manifest.get("operating_point", {}), f"{file}: operating_point")
    return manifest


def _check_point(point: object, where: str) -> None:
    """An operating point has finite numbers, by name or by label, and lists of labels."""
    if not isinstance(point, dict):
        raise InputError(f"{where}: must map names to numbers; quantize the bundle again")
    for name, value in point.items():
        if name == "disabled":
            fits, wanted = _is_list_of_text(value), "a list of labels"
        elif name in _BY_LABEL:
            fits, wanted = isinstance(value, dict) and all(map(_is_number, value.values())), "numbers by label"
        elif name == "taught":
            fits, wanted = _is_likeness(value), "floor, middle and width, which is more than 0"
        else:
            fits, wanted = _is_number(value), "a number"
        if not fits:
            raise InputError(f"{where}: '{name}' must be {wanted}; quantize the bundle again")
    if point.get("temperature", 1.0) < _LEAST_TEMPERATURE:
        raise InputError(f"{where}: temperature must be {_LEAST_TEMPERATURE} or more; quantize the bundle again")


def _is_writable(manifest: dict[str, Any]) -> bool:
    """Whether its text can be printed, published and used in file names."""
    text = json.dumps(manifest, ensure_ascii=False)
    return "\\u0000" not in text and all(not "\ud800" <= each <= "\udfff" for each in text)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) <= sys.float_info.max


def _is_list_of_text(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _is_likeness(value: object) -> bool:
    """Whether these are numbers for `edge.prototypes.SimilarityCalibration`."""
    names = ("floor", "middle", "width")
    return isinstance(value, dict) and all(_is_number(value.get(name)) for name in names) and value["width"] > 0


def _entries(path: Path, manifest: dict[str, Any]) -> dict[str, dict[str, str]]:
    files: dict[str, dict[str, str]] = manifest["files"]
    usable = isinstance(files, dict) and all(
        isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and entry["name"] == Path(entry["name"]).name  # a file of the bundle's own folder
        and isinstance(entry.get("sha256"), str)
        for entry in files.values()
    )
    if not usable:
        raise InputError(f"{path / MANIFEST}: 'files' must map roles to {{name, sha256}}; install the bundle again")
    return files
