"""Events as lines for a person at a terminal."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Mapping
from typing import Any

SHOWN = ("letter", "word", "caption")
"""Topics a person at a terminal wants to see."""


def describe(body: Mapping[str, Any], when: str) -> str:
    """One line for a letter, word or caption; a finished caption stands out."""
    if body["type"] != "caption":
        return f"{when}  {body['type']:7}  {body['label']}  {body['confidence']:.2f}"
    read = f"  (read: {body['spelled']})" if body.get("spelled", body["text"]) != body["text"] else ""
    return f"{when}  {'CAPTION' if body['final'] else 'caption'}  {body['text']}{read}"


def source_time(ts: float) -> str:
    return f"{ts:8.2f} s"


def clock_time(ts: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(ts))


def output_is_stalled() -> bool:
    """Nobody reads standard output on, and a line more would wait for them."""
    return not select.select([], [sys.stdout], [], 0)[1]


def open_standard_streams() -> None:
    """Give the null device to those that whoever started us had closed: files would take their numbers."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)  # the lowest free number, so mostly this one
            setattr(sys, name, os.fdopen(number, mode))


def close_output() -> None:
    """Let what is still written to standard output vanish: nobody reads it, or its disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
