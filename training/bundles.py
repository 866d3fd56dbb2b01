"""Writing a model bundle; `edge.bundle` reads it."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.bundle import MANIFEST, Bundle, load_bundle, sha256
from edge.errors import InputError


def check_replaceable(folder: Path) -> None:
    """Refuse a place whose content would be wiped out by writing a bundle there.

    Raises:
        InputError: it is a file, or a folder with files that is not a bundle.
    """
    if (folder.is_dir() and ((folder / MANIFEST).is_file() or not any(folder.iterdir()))) or not folder.exists():
        return
    raise InputError(f"--bundle {folder}: there is something else than a bundle; name a new folder, or a bundle's")


@dataclass(frozen=True, slots=True)
class Kind:
    """What all bundles of a task have in common."""

    task: str
    features: str
    """Tag of the feature code."""
    input: tuple[int, ...]
    """Shape of the network's input."""

    def open(self, folder: Path) -> Bundle:
        """A bundle of this task made for this feature code.

        Raises:
            InputError: as `load_bundle`.
        """
        return load_bundle(folder, task=self.task, features=self.features)

    def next_version(self, folder: Path) -> str:
        """The version after that of the bundle to be replaced; 1.0.0 where none has a number."""
        try:
            first, second, third = (int(part) for part in self.open(folder).version.split("."))
        except (InputError, ValueError):
            return "1.0.0"
        return f"{first}.{second}.{third + 1}"

    def write(
        self,
        folder: Path,
        model: bytes,
        labels: tuple[str, ...],
        operating_point: Mapping[str, Any],
        facts: Mapping[str, Any] | None = None,
        version: str = "0",
    ) -> Bundle:
        """Write a bundle beside `folder`, then put it in its place.

        Raises:
            InputError: as `check_replaceable`.
        """
        check_replaceable(folder)
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        (partial / "model.tflite").write_bytes(model)
        (partial / "labels.txt").write_text("\n".join(labels) + "\n", "utf-8")
        manifest = {
            "name": self.task,
            "version": version,
            "task": self.task,
            "features": self.features,
            "input": list(self.input),
            "files": {
                role: {"name": name, "sha256": sha256(partial / name)}
                for role, name in (("model", "model.tflite"), ("labels", "labels.txt"))
            },
            "operating_point": dict(operating_point),
            **(facts or {}),
        }
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
        return self.open(folder)
