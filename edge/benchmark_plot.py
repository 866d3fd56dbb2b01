"""The benchmark as a picture: bars of CPU time by stage, latencies and scaling, beside the peer's."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge.errors import InputError
from edge.types import Image

_WIDTH, _ROW, _MARGIN, _LABELS = 900, 24, 24, 230
_INK, _FAINT = (40, 40, 40), (225, 225, 225)
_OURS, _PEER, _LATE = (170, 110, 40), (60, 110, 210), (120, 160, 60)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a chart: milliseconds with its name."""

    name: str
    value: float
    colour: tuple[int, int, int]


def save_plot(result: dict[str, Any], file: Path) -> None:
    """Write the chart of a benchmark's result; it shows only numbers, never a frame.

    Raises:
        InputError: the file cannot be written.
    """
    check_plot(file)
    if not cv2.imwrite(str(file), chart(result)):
        raise InputError(f"--plot {file}: cannot be written; is there room on the disk?")


def check_plot(file: Path) -> None:
    """Refuse a file that cannot be written, before anything is measured.

    Raises:
        InputError: how to name one.
    """
    if not (cv2.haveImageWriter(file.name) and os.access(file.parent, os.W_OK) and not file.is_dir()):
        raise InputError(f"--plot {file}: cannot be written; name a .png in a folder that is there")


def chart(result: dict[str, Any]) -> Image:
    """Bars of a benchmark's result (the object `--json` prints), group below group, one scale per group."""
    groups = _groups(result)
    rows = sum(len(bars) + 2 for _, bars in groups)
    image = np.full((2 * _MARGIN + rows * _ROW, _WIDTH, 3), 255, np.uint8)
    y = _MARGIN
    for title, bars in groups:
        _text(image, title, _MARGIN, y, bold=True)
        y += _ROW
        longest = max((bar.value for bar in bars), default=0.0) or 1.0
        for bar in bars:
            _draw(image, bar, y, bar.value / longest)
            y += _ROW
        y += _ROW
    return image


def _groups(result: dict[str, Any]) -> list[tuple[str, list[Bar]]]:
    cpu = [Bar(stage, value, _OURS) for stage, value in result["cpu_ms_per_frame"].items()]
    if "peer" in result:
        peer = result["peer"]
        cpu.append(Bar(peer["name"], peer["cpu_ms_per_frame"], _PEER))
    late = [
        Bar(f"{stage} {share}", value, _LATE)
        for stage, values in result["latency_ms"].items()
        for share, value in values.items()
        if share != "p99"
    ]
    groups = [(f"CPU, ms a frame ({result['frames']} frames)", cpu), ("Time of each stage when it runs, ms", late)]
    if "scaling" in result:
        rows = [
            Bar(f"{row['width_px']} px, {row['threads']} threads", row["cpu_ms_per_frame"], _OURS)
            for row in result["scaling"]
        ]
        groups.append(("CPU by picture width and threads, ms a frame", rows))
    return groups


def _draw(image: Image, bar: Bar, y: int, share: float) -> None:
    room = _WIDTH - _LABELS - _MARGIN - 80
    end = _LABELS + max(1, round(room * share))
    cv2.rectangle(image, (_LABELS, y - 14), (_LABELS + room, y + 2), _FAINT, -1)
    cv2.rectangle(image, (_LABELS, y - 14), (end, y + 2), bar.colour, -1)
    _text(image, bar.name, _MARGIN, y)
    _text(image, f"{bar.value:.2f}", _LABELS + room + 8, y)


def _text(image: Image, text: str, x: int, y: int, *, bold: bool = False) -> None:
    cv2.putText(image, text, (x, y), _FONT, 0.5, _INK, 2 if bold else 1, cv2.LINE_AA)
