"""The outward parts: those that a reload does not change go on, one that fails changes none, none holds up a step."""

import contextlib
import dataclasses
import logging
import os
import select
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import cv2
import numpy as np
import pytest
from daemon_tools import ROOT
from mqtt_tools import Listener, Mosquitto, eventually, free_port

from edge.config import Config, DisplayConfig, MqttConfig, SpeechConfig
from edge.errors import AslEdgeError
from edge.outputs import Outputs
from edge.standard_streams import UnstalledHandler
from edge.types import Event

Begin = Callable[[Config], Outputs]


def configured(**changes: Any) -> Config:
    quiet = Config(device="till", display=DisplayConfig(enabled=False), speech=SpeechConfig(enabled=False))
    return dataclasses.replace(quiet, **changes)


@pytest.fixture
def begin() -> Iterator[Begin]:
    begun: list[Outputs] = []

    def started(config: Config) -> Outputs:
        begun.append(Outputs(config))
        return begun[-1]

    yield started
    for outputs in begun:
        outputs.stop()


def arrives(outputs: Outputs, listener: Listener, text: str, device: str = "till") -> None:
    outputs.send(Event("caption", 1.0, {"type": "caption", "text": text, "final": False}))
    eventually(lambda: text in [seen.json["text"] for seen in listener.on(f"asl/{device}/caption")])


def statuses(listener: Listener) -> list[bytes]:
    return [seen.payload for seen in listener.on("asl/till/status")]


def page(port: int) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/settings.json") as answer:
        return bytes(answer.read())


def test_another_voice_hangs_up_on_nobody(begin: Begin) -> None:
    mqtt = MqttConfig(embedded_port=free_port(), embedded_websocket_port=0)
    outputs = begin(configured(mqtt=mqtt))
    listener = Listener(mqtt.embedded_port)
    eventually(lambda: statuses(listener))
    outputs.reconfigure(configured(mqtt=mqtt, speech=SpeechConfig(enabled=False, words_per_minute=120)))
    arrives(outputs, listener, "AFTER")
    assert set(statuses(listener)) == {b"online"}
    listener.close()


def test_a_port_that_is_taken_changes_nothing_and_subscribers_hear_on(begin: Begin) -> None:
    ports = {"embedded_port": free_port(), "embedded_websocket_port": 0}
    outputs = begin(configured(mqtt=MqttConfig(**ports)))
    listener = Listener(ports["embedded_port"])
    eventually(lambda: statuses(listener))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        display = DisplayConfig(port=taken.getsockname()[1])
        wanted = configured(mqtt=MqttConfig(url="mqtt://127.0.0.1:1"), display=display)
        with pytest.raises(AslEdgeError, match=rf"display\.port: port {display.port} on 127\.0\.0\.1 is taken"):
            outputs.reconfigure(wanted)
    arrives(outputs, listener, "AFTER")
    assert set(statuses(listener)) == {b"online"}
    listener.close()


def test_what_a_refused_reload_had_begun_is_ended(begin: Begin) -> None:
    outputs = begin(configured(mqtt=MqttConfig(embedded_port=0, embedded_websocket_port=0)))
    mqtt = MqttConfig(embedded_port=free_port(), embedded_websocket_port=free_port())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        display = DisplayConfig(port=taken.getsockname()[1])
        with pytest.raises(AslEdgeError, match="is taken"):
            outputs.reconfigure(configured(mqtt=mqtt, display=display))
    for port in (mqtt.embedded_port, mqtt.embedded_websocket_port):
        socket.create_server(("127.0.0.1", port)).close()


def test_what_changes_beside_a_port_keeps_the_port(begin: Begin) -> None:
    ports = {"embedded_port": free_port(), "embedded_websocket_port": free_port()}
    display = DisplayConfig(port=free_port())
    outputs = begin(configured(mqtt=MqttConfig(**ports), display=display))
    before = page(display.port)
    ports["embedded_websocket_port"] = free_port()
    outputs.reconfigure(configured(mqtt=MqttConfig(**ports), display=display))
    assert page(display.port) != before
    assert str(ports["embedded_websocket_port"]).encode() in page(display.port)
    listener = Listener(ports["embedded_port"])
    arrives(outputs, listener, "AFTER")
    listener.close()


def test_a_device_that_is_renamed_leaves_nothing_behind_but_that_it_is_offline(
    begin: Begin, mosquitto: Mosquitto
) -> None:
    outputs = begin(configured(mqtt=MqttConfig(url=mosquitto.url)))
    old = Listener(mosquitto.port)
    for topic in ("info", "state"):
        outputs.send(Event(topic, 1.0, {}))  # type: ignore[arg-type]
        old.wait(f"asl/till/{topic}")
    outputs.reconfigure(configured(device="desk", mqtt=MqttConfig(url=mosquitto.url)))
    arrives(outputs, old, "AFTER", "desk")
    late = Listener(mosquitto.port, "#")
    eventually(lambda: late.on("homeassistant/device/asl_desk/config"))
    kept = {seen.topic for seen in late.seen if seen.retained and "till" in seen.topic}
    assert kept == {"asl/till/status"}
    assert late.on("asl/till/status")[0].payload == b"offline"
    old.close()
    late.close()


def test_another_way_to_the_same_broker_takes_nothing_back(begin: Begin, mosquitto: Mosquitto) -> None:
    outputs = begin(configured(mqtt=MqttConfig(url=mosquitto.url)))
    listener = Listener(mosquitto.port, "#")
    outputs.send(Event("info", 1.0, {}))
    topics = ("asl/till/info", "homeassistant/device/asl_till/config")
    for topic in topics:
        listener.wait(topic)
    outputs.reconfigure(configured(mqtt=MqttConfig(url=mosquitto.url, keepalive_seconds=20)))
    arrives(outputs, listener, "AFTER")
    assert all(seen.payload for topic in topics for seen in listener.on(topic))
    listener.close()


def test_discovery_switched_off_is_taken_back(begin: Begin, mosquitto: Mosquitto) -> None:
    outputs = begin(configured(mqtt=MqttConfig(url=mosquitto.url)))
    topic = "homeassistant/device/asl_till/config"
    listener = Listener(mosquitto.port, topic)
    listener.wait(topic)
    outputs.reconfigure(configured(mqtt=MqttConfig(url=mosquitto.url, discovery=False)))
    eventually(lambda: listener.on(topic)[-1].payload == b"")
    listener.close()


def test_ports_are_exchanged_in_one_reload(begin: Begin) -> None:
    tcp, websocket, http = (free_port() for _ in range(3))
    mqtt = MqttConfig(embedded_port=tcp, embedded_websocket_port=websocket)
    outputs = begin(configured(mqtt=mqtt, display=DisplayConfig(port=http)))
    for ports in ((websocket, http, tcp), (http, tcp, websocket)):
        mqtt = MqttConfig(embedded_port=ports[0], embedded_websocket_port=ports[1])
        outputs.reconfigure(configured(mqtt=mqtt, display=DisplayConfig(port=ports[2])))
        assert str(ports[1]).encode() in page(ports[2])
        listener = Listener(ports[0])
        arrives(outputs, listener, "AFTER")
        listener.close()


@pytest.mark.parametrize("broker_changes", [True, False])
def test_no_two_parts_share_a_port(begin: Begin, broker_changes: bool) -> None:
    ports = {"embedded_port": free_port(), "embedded_websocket_port": 0}
    outputs = begin(configured(mqtt=MqttConfig(**ports), display=DisplayConfig(port=free_port())))
    if broker_changes:
        ports["embedded_websocket_port"] = free_port()
    with pytest.raises(AslEdgeError, match=r"display\.port: port \d+ on 127\.0\.0\.1 is taken"):
        outputs.reconfigure(configured(mqtt=MqttConfig(**ports), display=DisplayConfig(port=ports["embedded_port"])))


def test_a_broker_that_ended_is_begun_anew(begin: Begin) -> None:
    config = configured(mqtt=MqttConfig(embedded_port=free_port(), embedded_websocket_port=0))
    outputs = begin(config)
    dead = outputs._parts.broker
    assert dead is not None
    dead.stop()
    outputs.reconfigure(config)
    listener = Listener(config.mqtt.embedded_port)
    arrives(outputs, listener, "AFTER")
    listener.close()


@pytest.fixture
def full_pipe() -> Iterator[tuple[int, TextIO]]:
    """The reading end, and a stream that would wait for somebody to read there."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 64)
    os.set_blocking(writing, True)
    with os.fdopen(writing, "w") as full:
        yield reading, full
    os.close(reading)


def drain(reading: int) -> None:
    while b"x" in os.read(reading, 65536) and select.select([reading], [], [], 0)[0]:
        pass


def test_a_terminal_that_nobody_reads_holds_up_nobody(
    begin: Begin, full_pipe: tuple[int, TextIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    outputs = begin(configured(mqtt=MqttConfig(embedded_port=0, embedded_websocket_port=0)))
    reading, full = full_pipe
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", full)
        outputs.send(Event("caption", 1.0, {"type": "caption", "text": "LEFT OUT", "final": False}))
        drain(reading)
        outputs.send(Event("caption", 2.0, {"type": "caption", "text": "READ", "final": False}))
        assert b"READ" in os.read(reading, 65536), "what follows is shown again"


def test_a_log_that_nobody_reads_holds_up_nobody(full_pipe: tuple[int, TextIO]) -> None:
    reading, full = full_pipe
    handler = UnstalledHandler(full)
    logging_one = threading.Thread(target=handler.emit, args=(logging.makeLogRecord({"msg": "left out"}),), daemon=True)
    logging_one.start()
    logging_one.join(10)
    stuck = logging_one.is_alive()
    drain(reading)
    assert not stuck
    handler.emit(logging.makeLogRecord({"msg": "read"}))
    assert os.read(reading, 65536) == b"read\n", "what follows is shown again"


def test_a_command_whose_log_nobody_reads_comes_to_its_end(full_pipe: tuple[int, TextIO], tmp_path: Path) -> None:
    (tmp_path / "1.png").write_text("no picture, which is a warning")
    cv2.imwrite(str(tmp_path / "2.png"), np.full((48, 64, 3), 90, np.uint8))
    _, full = full_pipe
    command = [sys.executable, "-m", "edge", "replay", tmp_path]
    assert subprocess.run(command, cwd=ROOT, stderr=full, timeout=120, check=False).returncode == 0
