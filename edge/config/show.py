"""The configuration as text: what is in force, and the table of options for the README."""

import dataclasses
import types
import typing
from collections.abc import Iterator
from typing import Any

import yaml

from edge.config.schema import Config

_TYPES = {str: "text", int: "int", float: "number", bool: "true/false"}


def dump_config(config: Config) -> str:
    """YAML that `--config` reads back as the same configuration. Secrets are in the environment, never here."""
    return str(yaml.safe_dump(dataclasses.asdict(config), sort_keys=False, allow_unicode=True))


def options_table() -> str:
    """Markdown table of every option: key, type, default, meaning."""
    rows = ["| option | type | default | meaning |", "|---|---|---|---|"]
    rows += [f"| `{key}` | {kind} | {default} | {doc} |" for key, kind, default, doc in _options(Config, "")]
    return "\n".join(rows)


def meaning_of(key: str) -> str:
    """The schema's text for an option such as `camera.source`."""
    return next(doc for name, _, _, doc in _options(Config, "") if name == key)


def _options(cls: type, prefix: str) -> Iterator[tuple[str, str, str, str]]:
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        hint = hints[field.name]
        if dataclasses.is_dataclass(hint):
            yield from _options(typing.cast(type, hint), f"{prefix}{field.name}.")
        else:
            doc = field.metadata["doc"].replace("|", "\\|")
            kind = " or ".join(field.metadata["choices"]) or _kind(hint)
            yield f"{prefix}{field.name}", kind, _default(field.default), doc


def _kind(hint: Any) -> str:
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return " or ".join("empty" if kind is type(None) else _TYPES[kind] for kind in kinds)


def _default(value: Any) -> str:
    if value is None:
        return "(empty)"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
