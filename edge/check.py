"""`asl-edge check`: which piece is missing, and how to mend it."""

import argparse
import dataclasses
import json
import logging
import time
from collections.abc import Callable

import numpy as np

from edge.camera import Camera, parse_source, why_absent
from edge.clock_sync import clock_problem
from edge.config import CameraConfig, Config, MqttConfig, add_config_arguments, config_of
from edge.display import PORT_HINT, device_of_page
from edge.errors import AslEdgeError, InputError
from edge.loopback import LOOPBACK, listen
from edge.mqtt import ConnectionLostError, fetch_retained, parse_endpoint
from edge.mqtt.broker import EmbeddedBroker
from edge.paths import models_dir
from edge.running import Running, running_behind, running_daemon
from edge.speech import speech_problem
from edge.types import Frame

_CAMERA_SECONDS = 12.0
"""Longer than a camera may take to give its first picture."""
_TURN_SECONDS = 0.1


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """One piece and its condition."""

    name: str
    ok: bool
    detail: str
    mend: str = ""
    needed: bool = True
    """The daemon cannot run without it, as it can without sound or the right time."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_config_arguments(parser, overrides=True)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    logging.disable(logging.WARNING)  # the report gives each finding once
    try:
        checks = run_checks(config_of(args))
    except InputError as error:
        if not args.json:
            raise
        checks = [_missing("config", error)]
    finally:
        logging.disable(logging.NOTSET)
    able = all(check.ok for check in checks if check.needed)
    if args.json:
        print(json.dumps({"ok": able, "checks": [dataclasses.asdict(check) for check in checks]}))
    else:
        for check in checks:
            print(_line(check))
    return 0 if able else InputError.exit_code


def run_checks(config: Config) -> list[Check]:
    """Try every piece for real: open the camera, run the networks, connect to the broker.

    What a daemon with this device name holds on this machine cannot be tried, and counts as fine.
    """
    daemon = running_daemon(config)
    return [
        _try("camera", lambda: _camera(config.camera, daemon)),
        _try("models", lambda: _models(config)),
        _try("broker", lambda: _broker(config)),
        _try("display", lambda: _display(config)),
        _warn(
            "audio", speech_problem(config.speech), "can speak" if config.speech.enabled else "speech is switched off"
        ),
        _warn("clock", clock_problem(), "set by the network"),
    ]


def _try(name: str, piece: Callable[[], str]) -> Check:
    try:
        return Check(name, ok=True, detail=piece())
    except AslEdgeError as error:
        return _missing(name, error)


def _missing(name: str, error: AslEdgeError, *, needed: bool = True) -> Check:
    return Check(name, ok=False, detail=error.what, mend=error.mend, needed=needed)


def _warn(name: str, problem: str | None, good: str) -> Check:
    if problem is None:
        return Check(name, ok=True, detail=good, needed=False)
    return _missing(name, AslEdgeError(problem), needed=False)


def _camera(config: CameraConfig, daemon: Running | None) -> str:
    source = parse_source(config.source)
    if daemon is not None and daemon.camera == source.digest and why_absent(source) is None:
        return f"{source.name} is held by the asl-edge that runs and gives it pictures"
    camera = Camera(config)
    camera.start(required=True)
    try:
        deadline = time.monotonic() + _CAMERA_SECONDS
        while time.monotonic() < deadline and camera.state != "lost":
            frame = camera.latest(_TURN_SECONDS)
            if frame is not None:
                height, width = frame.image.shape[:2]
                return f"{camera.name} gives pictures of {width}x{height}"
    finally:
        camera.stop()
    raise InputError(camera.problem or f"{camera.name}: no picture within {_CAMERA_SECONDS:g} s; is it switched on?")


def _models(config: Config) -> str:
    from edge.pipeline import Pipeline  # noqa: PLC0415 - a missing interpreter is a finding, not the end of the check

    folder = models_dir(config)
    pipeline = Pipeline(config, folder)
    nothing = np.zeros((config.camera.height_px, config.camera.width_px, 3), np.uint8)
    pipeline.step(Frame(nothing, 0.0, 0))
    return f"{', '.join(bundle.name for bundle in pipeline.bundles)} in {folder} are whole and run"


def _broker(config: Config) -> str:
    url = config.mqtt.url
    if url is None:
        return _embedded_broker(config.mqtt, config.device)
    try:
        fetch_retained(parse_endpoint(url, config.mqtt.ca_file))
    except ConnectionLostError as error:
        mend = "" if "; " in str(error) else "; start that broker or change mqtt.url"  # one that refuses is running
        raise InputError(f"{url} {error}{mend}") from error
    return f"{url} lets us in"


def _embedded_broker(config: MqttConfig, device: str) -> str:
    """Start one, on the ports that no running daemon's holds."""
    ports = {"mqtt": config.embedded_port, "ws": config.embedded_websocket_port}
    urls = {scheme: f"{scheme}://{LOOPBACK}:{port}" for scheme, port in ports.items()}
    held = {scheme for scheme, url in urls.items() if running_behind(url, device)}
    broker = EmbeddedBroker(*(0 if scheme in held else port for scheme, port in ports.items()))
    broker.start()
    broker.stop()
    tried = {"mqtt": broker.url, "ws": broker.websocket_url}
    said = " and ".join(urls[scheme] if scheme in held else url for scheme, url in tried.items())
    return f"embedded, {said}" + (", held by the asl-edge that runs" if held else "")


def _display(config: Config) -> str:
    if not config.display.enabled:
        return "switched off"
    if device_of_page(config.display.port) == config.device:
        return f"http://{LOOPBACK}:{config.display.port} is held by the asl-edge that runs"
    with listen("display.port", config.display.port, PORT_HINT) as listening:
        return f"http://{LOOPBACK}:{listening.getsockname()[1]} is free for the caption page"


def _line(check: Check) -> str:
    mark = "ok" if check.ok else "MISSING" if check.needed else "warning"
    return f"{mark:8} {check.name:8} {check.detail}" + (f"; {check.mend}" if check.mend else "")
