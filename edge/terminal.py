"""Events as lines for a person at a terminal."""

import time
from collections.abc import Mapping
from typing import Any

SHOWN = ("letter", "word", "caption")
"""Topics that a person at a terminal wants to see."""


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
