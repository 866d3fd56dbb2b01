"""The embedded broker: enough for a first run, on loopback only, and gone within a second."""

import contextlib
import logging
import socket
import struct
import time
from collections.abc import Callable, Iterator

import paho.mqtt.client as paho
import psutil
import pytest
from mqtt_tools import PATIENCE_SECONDS, Listener, eventually
from paho.mqtt.enums import CallbackAPIVersion
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from edge.config import MqttConfig
from edge.errors import AslEdgeError
from edge.events import Stamper
from edge.mqtt import Command, EmbeddedBroker, Publisher, amqtt_server
from edge.types import Event


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    embedded = EmbeddedBroker(0, 0)
    embedded.start()
    yield embedded
    embedded.stop()


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def test_it_carries_events_to_tcp_and_websocket_subscribers_and_commands_back(broker: EmbeddedBroker) -> None:
    commands: list[Command] = []
    publisher = Publisher(MqttConfig(), Stamper("kiosk"), broker.url, commands.append)
    publisher.start()
    listener = Listener(port_of(broker.url))
    display = paho.Client(CallbackAPIVersion.VERSION2, transport="websockets")
    shown: list[str] = []
    display.on_message = lambda _c, _u, message: shown.append(message.topic)
    display.on_connect = lambda *_: display.subscribe("asl/kiosk/#", 1)
    display.connect("127.0.0.1", port_of(broker.websocket_url))
    display.loop_start()
    eventually(lambda: "asl/kiosk/status" in shown)
    publisher.publish(Event("caption", 1.0, {"text": "HELLO"}))
    assert listener.wait("asl/kiosk/caption")[0].json["text"] == "HELLO"
    eventually(lambda: "asl/kiosk/caption" in shown)
    display.publish("asl/kiosk/cmd/pause/set", "ON", 1)
    eventually(lambda: commands == [Command("pause", True)])
    publisher.stop()
    eventually(lambda: listener.on("asl/kiosk/status")[-1].payload == b"offline")
    display.disconnect()
    display.loop_stop()
    listener.close()


def test_the_publisher_may_use_its_websocket_too(broker: EmbeddedBroker) -> None:
    publisher = Publisher(MqttConfig(), Stamper("kiosk"), broker.websocket_url, lambda _: None)
    publisher.start()
    listener = Listener(port_of(broker.url))
    for number in range(200):
        publisher.publish(Event("caption", 1.0, {"number": number}))
    captions = listener.wait("asl/kiosk/caption", 200)
    assert [message.json["number"] for message in captions] == list(range(200))
    publisher.stop()
    listener.close()


def test_retained_topics_wait_for_a_late_subscriber_and_events_do_not(broker: EmbeddedBroker) -> None:
    publisher = Publisher(MqttConfig(), Stamper("kiosk"), broker.url, lambda _: None)
    publisher.start()
    publisher.publish(Event("caption", 1.0, {"text": "HELLO"}))
    publisher.publish(Event("state", 1.0, {"caption": "HELLO"}))
    eventually(lambda: publisher.counters()["waiting"] == 0 and publisher.counters()["connected"])
    late = Listener(port_of(broker.url))
    assert late.wait("asl/kiosk/state")[0].retained
    assert late.on("asl/kiosk/caption") == []
    publisher.stop()
    late.close()


def test_a_subscriber_gets_what_it_asked_for_and_not_what_others_did(broker: EmbeddedBroker) -> None:
    publisher = Publisher(MqttConfig(), Stamper("kiosk"), broker.url, lambda _: None)
    publisher.start()
    status = Listener(port_of(broker.url), "asl/kiosk/status")
    status.wait("asl/kiosk/status")
    letters = Listener(port_of(broker.url), "asl/kiosk/letter")
    publisher.publish(Event("letter", 1.0, {"label": "H"}))
    letters.wait("asl/kiosk/letter")
    assert [message.topic for message in letters.seen] == ["asl/kiosk/letter"]
    publisher.stop()
    status.close()
    letters.close()


@pytest.mark.parametrize("asked", [0, 1, 2])
def test_a_message_comes_with_the_lesser_qos_of_publisher_and_subscriber(asked: int, broker: EmbeddedBroker) -> None:
    seen: list[tuple[bytes, int, bool]] = []
    subscribed: list[object] = []
    display = paho.Client(CallbackAPIVersion.VERSION2)
    display.on_message = lambda _c, _u, message: seen.append((message.payload, message.qos, message.retain))
    display.on_subscribe = lambda *_: subscribed.append(True)
    sender = Listener(port_of(broker.url), "nothing")
    for qos in (0, 1, 2):
        sender.send(f"kept/{qos}", f"kept {qos}", qos=qos, retain=True)
    eventually(lambda: sender.send("nothing") or sender.on("nothing"))  # what was sent before it is kept by now
    display.on_connect = lambda *_: display.subscribe([("live/#", asked), ("kept/#", asked)])
    display.connect("127.0.0.1", port_of(broker.url))
    display.loop_start()
    eventually(lambda: subscribed and len(seen) == 3)
    for qos in (0, 1, 2):
        sender.send(f"live/{qos}", f"live {qos}", qos=qos)
    eventually(lambda: len(seen) == 6)
    wanted = [
        (f"{kind} {qos}".encode(), min(qos, asked), kind == "kept") for kind in ("kept", "live") for qos in range(3)
    ]
    assert sorted(seen) == wanted
    display.disconnect()
    display.loop_stop()
    sender.close()


@pytest.mark.parametrize("option", ["mqtt.embedded_port", "mqtt.embedded_websocket_port"])
def test_a_taken_port_is_one_clear_line(option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        broker = EmbeddedBroker(taken, 0) if option == "mqtt.embedded_port" else EmbeddedBroker(0, taken)
        with pytest.raises(AslEdgeError, match=f"{option}: port {taken} on 127.0.0.1 is taken; ") as refusal:
            broker.start()
    assert "\n" not in str(refusal.value)
    broker.stop()


def test_it_listens_on_loopback_only(broker: EmbeddedBroker) -> None:
    for url in (broker.url, broker.websocket_url):
        with socket.socket() as other:
            other.bind(("127.0.0.2", port_of(url)))  # free, or this fails: 0.0.0.0 would hold it


@pytest.mark.parametrize("origin", ["https://example.com", "http://127.0.0.1.example.com", "null"])
def test_a_page_from_elsewhere_cannot_read_along(broker: EmbeddedBroker, origin: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        connect(broker.websocket_url, origin=Origin(origin), subprotocols=[Subprotocol("mqtt")])


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8080", "http://localhost", None])
def test_a_page_of_this_machine_can(broker: EmbeddedBroker, origin: str | None) -> None:
    page = Origin(origin) if origin else None
    connect(broker.websocket_url, origin=page, subprotocols=[Subprotocol("mqtt")]).close()


def test_it_stops_within_a_second_with_clients_connected_and_frees_the_port(
    own_threads: Callable[[], set[str]], broker: EmbeddedBroker, caplog: pytest.LogCaptureFixture
) -> None:
    listeners = [Listener(port_of(broker.url)) for _ in range(3)]
    silent = socket.create_connection(("127.0.0.1", port_of(broker.url)))  # never says CONNECT
    websocket = connect(broker.websocket_url, subprotocols=[Subprotocol("mqtt")])
    started = time.monotonic()
    broker.stop()
    assert time.monotonic() - started < 3.0
    assert "asl-broker" not in own_threads()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
    again = EmbeddedBroker(port_of(broker.url), port_of(broker.websocket_url))
    again.start()
    again.stop()
    for listener in listeners:
        listener.close()
    silent.close()
    websocket.close()


def test_it_ends_quietly_and_hangs_up_though_a_client_leaves_at_the_same_moment(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(8):  # a race in amqtt, nearly every other time
        broker = EmbeddedBroker(0, 0)
        broker.start()
        publisher = Publisher(MqttConfig(), Stamper("kiosk"), broker.url, lambda _: None)
        publisher.start()
        listener, peer = Listener(port_of(broker.url)), subscribe(broker)
        socket.create_connection(("127.0.0.1", port_of(broker.url))).close()  # a port probe
        eventually(lambda publisher=publisher: publisher.counters()["connected"])
        publisher.publish(Event("caption", 0.0))
        publisher.stop()
        broker.stop()
        assert received(peer) > 0
        listener.close()
    assert [record.message for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_client_of_a_newer_mqtt_goes_away_quietly(
    broker: EmbeddedBroker, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "edge.mqtt.amqtt_server")

    def come_and_go() -> bool:
        """A reset may overtake what was sent before it, and the broker read nothing: then it is for the next one."""
        with socket.create_connection(("127.0.0.1", port_of(broker.url))) as newer:
            newer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            newer.sendall(b"\x10\x0f\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x02hi")
        return "hung up on" in caplog.text

    eventually(come_and_go)
    Listener(port_of(broker.url)).close()  # whatever else the broker had to say, it has said it
    assert [record.message for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_subscriber_that_stops_reading_is_cut_off_and_holds_up_nobody(
    broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amqtt_server, "_SLOW_PEER_SECONDS", 2.0)  # a busy machine keeps nobody waiting so long
    stuck = subscribe(broker)
    publisher = Publisher(MqttConfig(outbox_messages=500), Stamper("kiosk"), broker.url, lambda _: None)
    publisher.start()
    listener = Listener(port_of(broker.url))
    for number in range(400):  # 20 MB, far more than the sockets hold
        publisher.publish(Event("caption", 1.0, {"number": number, "padding": "x" * 50_000}))
    listener.wait("asl/kiosk/caption", 400, seconds=120)
    eventually(lambda: not served(stuck))
    assert received(stuck) < 400 * 50_000
    publisher.stop()
    listener.close()


def test_a_page_that_stops_reading_is_cut_off_too(broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amqtt_server, "_SLOW_PEER_SECONDS", 2.0)
    stuck = connect(broker.websocket_url, subprotocols=[Subprotocol("mqtt")], max_queue=1)
    stuck.send(b"\x10\x10\0\4MQTT\4\2\0\0\0\4page" + b"\x82\x0a\0\1\0\5asl/#\0")
    publisher = Publisher(MqttConfig(outbox_messages=500), Stamper("kiosk"), broker.url, lambda _: None)
    publisher.start()
    listener = Listener(port_of(broker.url))
    for number in range(400):
        publisher.publish(Event("caption", 1.0, {"number": number, "padding": "x" * 50_000}))
    listener.wait("asl/kiosk/caption", 400, seconds=120)
    eventually(lambda: not served(stuck.socket))
    publisher.stop()
    listener.close()
    stuck.close()


def test_a_namesake_that_comes_and_goes_leaves_nobody_deaf(broker: EmbeddedBroker) -> None:
    """`asl-edge run --mqtt URL` beside a running daemon of the same device name."""
    commands: list[Command] = []
    first = Publisher(MqttConfig(), Stamper("kiosk"), broker.url, commands.append)
    first.start()
    listener = Listener(port_of(broker.url))
    listener.wait("asl/kiosk/status")
    second = Publisher(MqttConfig(), Stamper("kiosk"), broker.url, lambda _: None)
    second.start()
    eventually(lambda: len(listener.on("asl/kiosk/status")) > 2)
    second.stop()

    def obeyed() -> bool:  # what is sent while the first is on its way back is lost
        listener.send("asl/kiosk/cmd/pause/set", "ON")
        return Command("pause", True) in commands

    eventually(obeyed, seconds=40)
    eventually(lambda: listener.on("asl/kiosk/status")[-1].payload == b"online")
    first.stop()
    listener.close()


def test_a_port_probe_leaves_no_socket_behind(broker: EmbeddedBroker) -> None:
    peer = socket.create_connection(("127.0.0.1", port_of(broker.url)))
    peer.shutdown(socket.SHUT_WR)
    eventually(lambda: not served(peer))
    peer.close()


def subscribe(broker: EmbeddedBroker) -> socket.socket:
    """A bare subscriber that does not read by itself."""
    peer = socket.create_connection(("127.0.0.1", port_of(broker.url)))
    peer.sendall(b"\x10\x10\0\4MQTT\4\2\0\0\0\4bare" + b"\x82\x0a\0\1\0\5asl/#\0")  # CONNECT, SUBSCRIBE
    return peer


def served(peer: socket.socket) -> bool:
    """The broker, in this process, still holds its end of the connection."""
    return any(end.raddr == peer.getsockname() for end in psutil.Process().net_connections("tcp"))


def received(peer: socket.socket) -> int:
    """Bytes until the end, however it comes."""
    peer.settimeout(PATIENCE_SECONDS)
    size = 0
    with contextlib.suppress(ConnectionResetError):
        while data := peer.recv(1 << 20):
            size += len(data)
    return size
