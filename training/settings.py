"""Settings of a training run: a YAML file over the defaults of a frozen dataclass."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

import yaml

from edge.errors import InputError

T = TypeVar("T")


def read_settings(path: Path | None, defaults: T, documented: str) -> T:
    """Read a YAML file over `defaults`; `documented` names the file that lists the options.

    Raises:
        InputError: the file cannot be read, or names an option that does not exist.
    """
    if path is None:
        return defaults
    try:
        values = yaml.safe_load(path.read_text("utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: not readable as YAML ({str(error).splitlines()[0]})") from error
    settings: T = _over(defaults, values, str(path), documented)
    return settings


def digest(values: object) -> str:
    """A short name for what was made with exactly these settings."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12]


def _over(base: Any, values: object, where: str, documented: str) -> Any:
    """A copy of a frozen dataclass with some fields set."""
    if not isinstance(values, dict):
        raise InputError(f"{where}: expected options with values, found {values!r}")
    changes = {}
    for name, value in values.items():
        if name not in {f.name for f in dataclasses.fields(base)}:
            raise InputError(f"{where}: unknown option '{name}'; see {documented}")
        current = getattr(base, name)
        if dataclasses.is_dataclass(current):
            changes[name] = _over(current, value, f"{where}: {name}", documented)
        elif isinstance(current, tuple) and isinstance(value, list):
            changes[name] = tuple(value)
        elif isinstance(current, str) and isinstance(value, str):
            changes[name] = value
        elif isinstance(value, int | float) and not isinstance(current, str | tuple):
            changes[name] = type(current)(value)
        else:
            raise InputError(f"{where}: '{name}' must be like {current!r}, found {value!r}")
    return dataclasses.replace(base, **changes)
