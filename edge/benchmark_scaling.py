"""What a frame costs at other picture sizes and with more threads, measured in turn on the same frames."""

import dataclasses
import os
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

import cv2

from edge.camera import read_frames
from edge.config import Config
from edge.metrics import percentiles_ms
from edge.paths import models_dir
from edge.pipeline import Pipeline
from edge.types import Frame

WIDTHS = (320, 640, 1280)
_USUAL_WIDTH = 640
_WARM_UP_FRAMES = 3


@dataclass(slots=True)
class _Variant:
    """The pipeline at one picture width and number of threads."""

    width: int
    threads: int
    pipeline: Pipeline
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def step(self, frame: Frame) -> None:
        height, width = frame.image.shape[:2]
        size = (self.width, max(1, round(height * self.width / width)))
        image = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA if self.width < width else cv2.INTER_LINEAR)
        wall, cpu = time.perf_counter(), time.process_time()
        self.pipeline.step(dataclasses.replace(frame, picture=image))  # type: ignore[arg-type] # a uint8 picture still
        self.cpu.append(time.process_time() - cpu)
        self.wall.append(time.perf_counter() - wall)

    def row(self) -> dict[str, Any]:
        cpu = self.cpu[_WARM_UP_FRAMES:] or self.cpu
        return {
            "width_px": self.width,
            "threads": self.threads,
            "cpu_ms_per_frame": round(1000 * statistics.fmean(cpu), 3),
            "latency_ms": percentiles_ms(self.wall[_WARM_UP_FRAMES:]),
        }


def measure_scaling(config: Config, sources: list[str]) -> list[dict[str, Any]]:
    """A row for each picture width with one thread, and for the usual width with more and more threads."""
    most = min(os.cpu_count() or 1, 4)
    variants = [_variant(config, width, 1) for width in WIDTHS]
    variants += [_variant(config, _USUAL_WIDTH, threads) for threads in (2, 4) if threads <= most]
    for source in sources:
        for variant in variants:
            variant.pipeline.reset()
        for index, frame in enumerate(read_frames(source, config.camera)):
            turn = index % len(variants)  # none is always first
            for variant in variants[turn:] + variants[:turn]:
                variant.step(frame)
    return [variant.row() for variant in variants]


def _variant(config: Config, width: int, threads: int) -> _Variant:
    landmarks = dataclasses.replace(config.landmarks, threads=threads)
    return _Variant(width, threads, Pipeline(dataclasses.replace(config, landmarks=landmarks), models_dir(config)))
