"""A real mosquitto to start and kill, and a subscriber that remembers what it saw."""

import contextlib
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

PATIENCE_SECONDS = 30.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def eventually(condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """The first true value of `condition`; fails the test if there is none in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"not seen within {seconds} s")
        time.sleep(0.01)
    return value


class Mosquitto:
    """A mosquitto on loopback that keeps its port across kills and restarts."""

    def __init__(self, folder: Path, *lines: str, websockets: bool = False, anonymous: bool = True) -> None:
        if not shutil.which("mosquitto"):
            pytest.skip("needs mosquitto (apt install mosquitto)")
        self.port = free_port()
        self.websocket_port = free_port() if websockets else None
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._config = folder / "mosquitto.conf"
        listeners = [f"listener {self.port} 127.0.0.1", *lines]
        if self.websocket_port:
            listeners += [f"listener {self.websocket_port} 127.0.0.1", "protocol websockets"]
        allow = "true" if anonymous else "false"
        unlimited = ["max_queued_messages 0", "max_inflight_messages 0"]  # the broker itself drops and reorders nothing
        head = ["user root", f"allow_anonymous {allow}", *unlimited]
        self._config.write_text("\n".join([*head, *listeners, ""]))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Mosquitto":
        self._process = subprocess.Popen(["mosquitto", "-c", self._config], stderr=subprocess.DEVNULL)
        for port in filter(None, (self.port, self.websocket_port)):
            eventually(lambda port=port: _accepts(port))
        return self

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()


class Seen(NamedTuple):
    topic: str
    payload: bytes
    qos: int
    retained: bool

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.payload))


class Listener:
    """A client that subscribes again at each connection, as every display must."""

    def __init__(self, port: int, *topics: str) -> None:
        self.seen: list[Seen] = []
        self._topics = topics or ("asl/#",)
        self._subscribed = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = lambda _c, _u, m: self.seen.append(Seen(m.topic, bytes(m.payload), m.qos, m.retain))
        self.client.reconnect_delay_set(0.05, 0.05)  # type: ignore[arg-type]
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self._subscribed.wait(PATIENCE_SECONDS)

    def on(self, topic: str) -> list[Seen]:
        return [message for message in list(self.seen) if message.topic == topic]

    def wait(self, topic: str, count: int = 1, seconds: float = PATIENCE_SECONDS) -> list[Seen]:
        """At least `count` messages on `topic`."""
        eventually(lambda: len(self.on(topic)) >= count, seconds)
        return self.on(topic)

    def send(self, topic: str, payload: bytes | str = b"", *, qos: int = 1, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos, retain).wait_for_publish(PATIENCE_SECONDS)

    def _on_connect(self, *_: Any) -> None:
        self.client.subscribe([(topic, 1) for topic in self._topics])

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Gate:
    """A TCP relay to a port that can be shut, or wedged: connections stay open, nothing passes."""

    def __init__(self, target: int) -> None:
        self.wedged = False
        self._target = target
        self._listening: socket.socket | None = None
        self._pairs: list[socket.socket] = []
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"

    def open(self) -> "Gate":
        self._listening = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()
        return self

    def shut(self) -> None:
        if self._listening:
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
        for end in self._pairs:
            _hang_up(end)
        self._pairs.clear()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                near, _ = listening.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._pairs += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                while self.wedged:
                    time.sleep(0.01)
                sink.sendall(data)
        except OSError:
            pass
        _hang_up(sink)


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True
