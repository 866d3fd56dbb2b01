"""`asl-edge replay`: runs files through the daemon's own pipeline, as fast as it goes."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from edge.camera import read_frames
from edge.config import Config, add_config_arguments, config_of
from edge.errors import AslEdgeError, InputError
from edge.events import Stamper, to_json
from edge.paths import models_dir
from edge.pipeline import Pipeline, with_latency
from edge.terminal import SHOWN, describe, source_time
from edge.types import Event


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="video file, image folder, picture or demo[:TEXT]")
    parser.add_argument("--json", action="store_true", help="one JSON object a line: the MQTT payload and its source")
    add_config_arguments(parser)


def run(args: argparse.Namespace) -> int:
    config = config_of(args)
    models = models_dir(config)
    failed = False
    for source in args.sources:
        try:
            for payload in replay(source, config, models):
                line = to_json(payload) if args.json else describe(payload, source_time(payload["ts"]))
                print(line, flush=True)
        except AslEdgeError as error:
            print(f"asl-edge: {error}", file=sys.stderr)
            failed = True
    return InputError.exit_code if failed else 0


def replay(source: str, config: Config, models: Path) -> Iterator[dict[str, Any]]:
    """Events of one source as MQTT payloads, with `source` added; `latency_ms` is the deciding step's compute time.

    Raises:
        InputError: the source cannot be read, or a bundle cannot be used.
    """
    stamper = Stamper(config.device)

    def timed(step: Callable[[], list[Event]]) -> Iterator[dict[str, Any]]:
        started = time.perf_counter()
        events = step()
        latency_ms = (time.perf_counter() - started) * 1000
        for event in events:
            if event.topic in SHOWN:
                yield stamper.payload(with_latency(event, latency_ms)) | {"source": source}

    pipeline: Pipeline | None = None
    ts = 0.0
    for frame in read_frames(source, config.camera):
        pipeline = pipeline or Pipeline(config, models)
        ts = frame.ts
        yield from timed(partial(pipeline.step, frame))
    if pipeline:
        yield from timed(partial(pipeline.finish, ts))
