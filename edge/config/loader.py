"""Reads YAML into frozen dataclasses; a mistake becomes one line with file, line, key and expected type."""

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from edge.config.schema import TOPIC_PART, Config
from edge.errors import InputError, why_unreadable

_GREATEST = 1e9
_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


T = TypeVar("T")


def load_config(path: Path | None, overrides: dict[str, Any] | None = None) -> Config:
    """The configuration in force: the schema's defaults, then the file, then `overrides` ("camera.source": value).

    Raises:
        InputError: as `load_settings`, or options contradict each other.
    """
    config = load_settings(path, Config)
    for key, value in (overrides or {}).items():
        config = _override(config, key.split("."), value)
    _check_controls(config, path)
    return config


def load_settings(path: Path | None, cls: type[T]) -> T:
    """A frozen dataclass's defaults, overridden by a file if there is one.

    Raises:
        InputError: the file cannot be read, has an unknown key or a value of the wrong type.
    """
    if path is None:
        return cls()
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({why_unreadable(error)}); give --config a YAML file") from error
    return parse_settings(text, str(path), cls)


def parse_settings(text: str, origin: str, cls: type[T]) -> T:
    """Parse YAML text; `origin` names it in errors."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{origin}:{mark.line + 1}" if mark else origin
        raise InputError(f"{where}: not valid YAML ({getattr(error, 'problem', error)}); mend that line") from error
    except RecursionError:
        raise InputError(f"{origin}: nested too deeply; write keys and values") from None
    return cls() if root is None else typing.cast(T, _build(cls, root, origin, ""))


def _build(cls: type, node: yaml.Node, origin: str, prefix: str) -> Any:
    where = f"{origin}:{node.start_mark.line + 1}"
    if not isinstance(node, yaml.MappingNode):
        raise InputError(f"{where}: {prefix.rstrip('.') or 'the file'}: expected keys and values, got {_given(node)}")
    hints = typing.get_type_hints(cls)
    limits = {field.name: field.metadata for field in dataclasses.fields(cls)}
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        where = f"{origin}:{key_node.start_mark.line + 1}"
        if key not in hints:
            raise InputError(f"{where}: {prefix}{key}: unknown key; {_suggest(key, list(hints))}")
        if key in values:
            raise InputError(f"{where}: {prefix}{key}: given twice; keep one of them")
        if dataclasses.is_dataclass(hints[key]):
            empty = isinstance(value_node, yaml.ScalarNode) and value_node.value in ("", "null", "~")
            if not empty:
                values[key] = _build(typing.cast(type, hints[key]), value_node, origin, f"{prefix}{key}.")
        else:
            values[key] = _scalar(hints[key], value_node, f"{where}: {prefix}{key}")
            _check_limits(values[key], limits[key], f"{where}: {prefix}{key}")
    return cls(**values)


def _scalar(hint: Any, node: yaml.Node, where: str) -> Any:
    try:
        value = yaml.SafeLoader("").construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError) as error:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        raise InputError(f"{where}: {_given(node)} cannot be read as {kind}; put it in quotes") from error
    return _checked(hint, value, where)


def _checked(hint: Any, value: Any, where: str) -> Any:
    if typing.get_origin(hint) is tuple:
        return _tuple(typing.get_args(hint), value, where)
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if type(None) in kinds and value in (None, ""):
        return None
    for kind in kinds:
        if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
            if abs(value) > _GREATEST or value != value:  # noqa: PLR0124 - NaN
                raise InputError(f"{where}: {str(value)[:20]} is no number to work with; write a smaller one")
            return float(value)
        if kind is str and isinstance(value, int) and not isinstance(value, bool):
            return str(value)  # `source: 0` reads as a number and means a camera index
        if type(value) is kind:
            if kind is str and "\0" in value:
                raise InputError(f"{where}: has a NUL character in it; write it anew")
            return value
    wanted = " or ".join("empty" if kind is type(None) else _NAMES[kind] for kind in kinds)
    raise InputError(f"{where}: expected {wanted}, got {value!r}")


def _tuple(kinds: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    """A list from the file, of any length if `kinds` ends in `...`."""
    any_length = kinds[-1] is Ellipsis
    if not isinstance(value, list) or not (any_length or len(value) == len(kinds)):
        raise InputError(f"{where}: expected a list{'' if any_length else f' of {len(kinds)}'}, got {value!r}")
    kinds = kinds[:1] * len(value) if any_length else kinds
    return tuple(_checked(kind, each, f"{where}[{k}]") for k, (kind, each) in enumerate(zip(kinds, value, strict=True)))


def _check_limits(value: Any, limits: Mapping[str, Any], where: str) -> None:
    if value is None or not limits:
        return
    if limits["choices"] and value not in limits["choices"]:
        raise InputError(f"{where}: expected one of {', '.join(limits['choices'])}, got {value!r}")
    if limits["above"] is not None and not value > limits["above"]:
        raise InputError(f"{where}: must be more than {limits['above']}, got {value}")
    if limits["at_least"] is not None and not value >= limits["at_least"]:
        raise InputError(f"{where}: must be at least {limits['at_least']}, got {value}")
    if limits["at_most"] is not None and not value <= limits["at_most"]:
        raise InputError(f"{where}: must be at most {limits['at_most']}, got {value}")
    if limits["topic"] and not TOPIC_PART.fullmatch(value):
        raise InputError(f"{where}: {value!r} cannot stand in an MQTT topic; use letters, digits, '-' and '_'")


def _check_controls(config: Config, origin: Path | None) -> None:
    """Gestures need the letter model: they are looked for where it sees no letter."""
    named = [key for key, gesture in dataclasses.asdict(config.controls).items() if gesture]
    if named and not config.letters.enabled:
        raise InputError(f"{origin}: controls.{named[0]}: needs letters.enabled: true; set that or leave it empty")


def _override(config: Any, path: list[str], value: Any) -> Any:
    name, *rest = path
    hint = typing.get_type_hints(type(config))[name]
    new = _override(getattr(config, name), rest, value) if rest else _checked(hint, value, name)
    return dataclasses.replace(config, **{name: new})


def _suggest(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"known keys: {', '.join(sorted(known))}"


def _given(node: yaml.Node) -> str:
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "keys and values" if isinstance(node, yaml.MappingNode) else repr(node.value)
