"""What file and folder names say: label, kind, signer."""

import re
from pathlib import Path

from edge.glosses import gloss_of

IDLE = "_idle"
_IDLE_NAMES = {"idle", "_idle", "no_sign", "nosign"}
_CONTROLS = {"space", "del", "nothing", "ctl"}
"""Prefixes of folders that alphabets have beside the letters: `del`, `space_thumbup`."""
_NUMBER = re.compile(r"[ ._-]*\(?\d+\)?$")


def named(text: str, kind: str) -> tuple[str, str]:
    """(label, kind) of a name; `kind` is the requested one, or `auto`."""
    if kind == "auto":
        kind = _kind(text)
    if kind == "idle":
        return IDLE, kind
    if kind == "letter":
        return (text.upper() if len(text) == 1 else text), kind
    return gloss_of(text), kind


def of_name(path: Path) -> str:
    """The label in a file name: `A12.jpg`, `thank_you_3.mp4`, `hello__7d0a.mp4`, `signer__hello__7d0a.mp4`."""
    parts = path.stem.split("__")
    if len(parts) > 2:
        return parts[1]
    return parts[0] if len(parts) == 2 else _NUMBER.sub("", path.stem) or path.stem


def signer_of_name(path: Path) -> str | None:
    """Who signs, by a name of three parts: `signer__hello__7d0a.mp4`."""
    parts = path.stem.split("__")
    return parts[0] if len(parts) > 2 else None


def is_control(label: str) -> bool:
    """Whether a label is of a sign that alphabets have beside the letters."""
    return label.lower().split("_")[0] in _CONTROLS


def _kind(text: str) -> str:
    if text.lower() in _IDLE_NAMES:
        return "idle"
    if is_control(text) or (len(text) == 1 and text.isascii() and text.isalpha()):
        return "letter"
    return "word"
