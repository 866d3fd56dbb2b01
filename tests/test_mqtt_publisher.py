"""The publisher against a real mosquitto: topics and payloads, and a broker that goes away and comes back."""

import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mqtt_tools import Gate, Listener, Mosquitto, eventually

from edge.config import MqttConfig
from edge.events import Stamper
from edge.mqtt import Command, Publisher
from edge.types import Event, Topic

Start = Callable[..., Publisher]


@pytest.fixture
def listener(mosquitto: Mosquitto) -> Iterator[Listener]:
    heard = Listener(mosquitto.port, "asl/#", "homeassistant/#")
    yield heard
    heard.close()


@pytest.fixture
def gate(mosquitto: Mosquitto) -> Iterator[Gate]:
    way = Gate(mosquitto.port)
    yield way
    way.shut()


@pytest.fixture
def commands() -> list[Command]:
    return []


@pytest.fixture
def start(mosquitto: Mosquitto, commands: list[Command]) -> Iterator[Start]:
    publishers = []

    def begin(url: str = mosquitto.url, **options: Any) -> Publisher:
        publisher = Publisher(MqttConfig(**options), Stamper("kiosk"), url, commands.append)
        publishers.append(publisher)
        publisher.start()
        return publisher

    yield begin
    for publisher in publishers:
        publisher.stop()


def online(publisher: Publisher) -> bool:
    return bool(publisher.counters()["connected"])


def test_every_event_carries_version_device_time_and_a_seq_that_grows_by_one(start: Start, listener: Listener) -> None:
    publisher = start()
    topics: list[Topic] = ["letter", "word", "caption", "spoken", "stats", "error", "info", "state"]
    eventually(lambda: online(publisher))
    for number in range(160):
        publisher.publish(Event(topics[number % 8], 1000 + number / 30, {"number": number}))
    eventually(lambda: sum("number" in m.json for m in listener.seen if m.payload[:1] == b"{") == 160)
    payloads = [m.json for m in listener.seen if b'"number"' in m.payload]
    assert [payload["seq"] for payload in payloads] == list(range(1, 161))
    assert all(payload["seq"] == payload["number"] + 1 for payload in payloads)
    assert {(payload["v"], payload["device"]) for payload in payloads} == {(1, "kiosk")}
    assert payloads[0]["ts"] == 1000.0


def test_seq_grows_in_the_order_of_sending_whoever_publishes(start: Start, listener: Listener) -> None:
    publisher = start(outbox_messages=5000)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [
        threading.Thread(target=lambda: [publisher.publish(Event("caption", 0.0)) for _ in range(500)]) for _ in "1234"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(before)
    captions = listener.wait("asl/kiosk/caption", 2000)
    assert [message.json["seq"] for message in captions] == list(range(1, 2001))


def test_what_follows_a_letter_does_not_wait_for_its_acknowledgement(start: Start, mosquitto: Mosquitto) -> None:
    publisher = start()
    eventually(lambda: online(publisher) and publisher.counters()["waiting"] == 0)
    took = []
    for _ in range(10):
        started = time.perf_counter()
        publisher.publish(Event("letter", 0.0))
        publisher.publish(Event("caption", 0.0))
        eventually(lambda: publisher.counters()["waiting"] == 0)  # mosquitto has taken the caption
        took.append(time.perf_counter() - started)
        time.sleep(0.05)
    assert min(took) < 0.03  # 40 ms with Nagle's algorithm, and about 1 ms without


def test_letters_sent_without_acknowledgement_do_not_count_as_waiting(start: Start, listener: Listener) -> None:
    publisher = start()
    eventually(lambda: online(publisher))
    for _ in range(300):
        publisher.publish(Event("letter", 0.0))
    listener.wait("asl/kiosk/letter", 300)
    eventually(lambda: publisher.counters()["waiting"] == 0)


def test_each_topic_has_its_qos_and_events_are_never_retained(
    start: Start, listener: Listener, mosquitto: Mosquitto
) -> None:
    publisher = start()
    qos = {"letter": 0, "word": 1, "caption": 1, "spoken": 1, "stats": 0, "error": 1, "info": 1, "state": 1}
    for topic in qos:
        publisher.publish(Event(topic, 0.0))  # type: ignore[arg-type]
    for topic, wanted in qos.items():
        assert listener.wait(f"asl/kiosk/{topic}")[-1].qos == wanted, topic
    late = Listener(mosquitto.port)
    late.wait("asl/kiosk/state")
    late.close()
    kept = {message.topic for message in late.seen if message.retained}
    assert kept == {"asl/kiosk/status", "asl/kiosk/info", "asl/kiosk/state"}


def test_after_a_broker_restart_status_info_and_state_are_there_again_and_commands_work(
    start: Start, listener: Listener, mosquitto: Mosquitto, commands: list[Command]
) -> None:
    publisher = start()
    publisher.publish(Event("info", 1.0, {"version": "x"}))
    publisher.publish(Event("state", 1.0, {"caption": "OLD"}))
    listener.wait("asl/kiosk/state")
    mosquitto.kill()  # nothing persisted: the broker forgets every retained message
    eventually(lambda: not online(publisher))
    publisher.publish(Event("state", 2.0, {"caption": "NEW"}))
    publisher.publish(Event("caption", 2.0, {"text": "WHILE AWAY"}))
    mosquitto.start()
    eventually(lambda: online(publisher))
    late = Listener(mosquitto.port)
    assert late.wait("asl/kiosk/state")[0].json["caption"] == "NEW"
    assert late.wait("asl/kiosk/info")[0].json["version"] == "x"
    assert late.wait("asl/kiosk/status")[0].payload == b"online"
    late.send("asl/kiosk/cmd/clear/set")
    eventually(lambda: commands == [Command("clear")])
    late.close()


def test_events_made_while_the_broker_is_away_arrive_in_order(start: Start, listener: Listener, gate: Gate) -> None:
    publisher = start(url=gate.url)
    for number in range(30):
        publisher.publish(Event("caption", float(number), {"number": number}))
    gate.open()
    captions = listener.wait("asl/kiosk/caption", 30)
    assert [message.json["number"] for message in captions] == list(range(30))


def test_an_outage_drops_the_oldest_and_says_how_many(start: Start, listener: Listener, gate: Gate) -> None:
    publisher = start(url=gate.url, outbox_messages=10)
    for number in range(25):
        publisher.publish(Event("caption", float(number), {"number": number}))
    counters = {"connected": False, "connects": 0, "sent": 0, "waiting": 10, "dropped": 15, "expired": 0}
    assert publisher.counters() == counters
    gate.open()
    captions = listener.wait("asl/kiosk/caption", 10)
    assert [message.json["number"] for message in captions] == list(range(15, 25))
    assert [message.json["seq"] for message in captions] == list(range(16, 26))


def test_yesterdays_events_are_not_sent_when_the_broker_comes_back(
    start: Start, listener: Listener, gate: Gate
) -> None:
    publisher = start(url=gate.url, outbox_seconds=0.2)
    publisher.publish(Event("caption", 1.0, {"text": "OLD"}))
    publisher.publish(Event("state", 1.0, {"caption": "OLD"}))
    eventually(lambda: publisher.counters()["expired"] == 1)
    gate.open()
    assert listener.wait("asl/kiosk/state")[0].json["caption"] == "OLD"  # state does not age
    publisher.publish(Event("caption", 2.0, {"text": "NEW"}))
    assert listener.wait("asl/kiosk/caption")[0].json["text"] == "NEW"


def test_what_was_on_its_way_when_the_connection_broke_is_sent_again(
    start: Start, listener: Listener, gate: Gate
) -> None:
    publisher = start(url=gate.open().url)
    eventually(lambda: online(publisher) and publisher.counters()["waiting"] == 0)
    gate.wedged = True
    publisher.publish(Event("state", 1.0, {"caption": "OLD"}))
    for number in range(5):
        publisher.publish(Event("caption", 1.0, {"number": number}))
    publisher.publish(Event("state", 1.0, {"caption": "NEW"}))
    eventually(lambda: publisher._connection is not None and publisher._connection.in_flight == 7)
    gate.shut()
    gate.wedged = False
    gate.open()
    captions = listener.wait("asl/kiosk/caption", 5)
    assert [message.json["number"] for message in captions] == [0, 1, 2, 3, 4]
    # The old state was on its way too; only the newest may come.
    eventually(lambda: publisher.counters()["waiting"] == 0)
    assert {message.json["caption"] for message in listener.on("asl/kiosk/state")} == {"NEW"}


def test_a_burst_reaches_the_broker_whole_though_paho_holds_a_hundred(start: Start, listener: Listener) -> None:
    publisher = start(outbox_messages=5000)
    eventually(lambda: online(publisher))
    for number in range(3000):
        publisher.publish(Event("caption", float(number), {"number": number}))
        connection = publisher._connection
        assert connection is not None
        assert connection.in_flight <= 105  # a hundred, and the greeting
    captions = listener.wait("asl/kiosk/caption", 3000, seconds=60)
    assert [message.json["number"] for message in captions] == list(range(3000))
    eventually(lambda: publisher.counters()["waiting"] == 0)
    assert publisher.counters()["dropped"] == 0


def test_commands_arrive_and_malformed_ones_are_answered_and_change_nothing(
    start: Start, listener: Listener, commands: list[Command]
) -> None:
    publisher = start()
    eventually(lambda: online(publisher))
    listener.send("asl/kiosk/cmd/format-disk/set", "ON")
    listener.send("asl/kiosk/cmd/mute/set", b"\xff")
    listener.send("asl/kiosk/cmd/clear/set", b"x" * 100_000)
    listener.send("asl/kiosk/cmd/clear", "PRESS")
    listener.send("asl/kiosk/cmd/mute/set", "ON")
    errors = listener.wait("asl/kiosk/error", 4)
    eventually(lambda: commands == [Command("mute", True)])
    assert ["unknown" in errors[0].json["message"], "UTF-8" in errors[1].json["message"]] == [True, True]
    assert errors[2].json["topic"] == "asl/kiosk/cmd/clear/set"
    assert not any(error.retained for error in errors)


def test_a_command_somebody_retained_does_not_fire_at_each_connect(
    start: Start, mosquitto: Mosquitto, commands: list[Command], listener: Listener
) -> None:
    listener.send("asl/kiosk/cmd/clear/set", "PRESS", retain=True)
    start()
    assert "without retain" in listener.wait("asl/kiosk/error")[0].json["message"]
    assert commands == []


def test_a_refused_command_has_the_time_of_all_other_events(mosquitto: Mosquitto, listener: Listener) -> None:
    publisher = Publisher(MqttConfig(), Stamper("kiosk"), mosquitto.url, lambda _: None, lambda: 123.0)
    publisher.start()
    eventually(lambda: online(publisher))
    listener.send("asl/kiosk/cmd/nonsense/set")
    assert listener.wait("asl/kiosk/error")[0].json["ts"] == 123.0
    publisher.stop()


def test_a_command_handler_that_fails_does_not_cost_the_connection(mosquitto: Mosquitto, listener: Listener) -> None:
    calls = itertools.count()

    def fail(command: Command) -> None:
        next(calls)
        raise ValueError("a bug")

    publisher = Publisher(MqttConfig(), Stamper("kiosk"), mosquitto.url, fail)
    publisher.start()
    eventually(lambda: online(publisher))
    listener.send("asl/kiosk/cmd/clear/set")
    listener.send("asl/kiosk/cmd/clear/set")
    eventually(lambda: next(calls) >= 2)
    publisher.publish(Event("caption", 0.0))
    listener.wait("asl/kiosk/caption")
    assert publisher.counters()["connects"] == 1
    publisher.stop()


def test_stop_says_offline_and_sends_what_waits(start: Start, listener: Listener) -> None:
    publisher = start()
    eventually(lambda: online(publisher))
    for number in range(50):
        publisher.publish(Event("caption", 0.0, {"number": number}))
    publisher.stop()
    listener.wait("asl/kiosk/caption", 50)
    listener.wait("asl/kiosk/status", 2)
    assert [m.payload for m in listener.on("asl/kiosk/status")] == [b"online", b"offline"]


def test_home_assistant_gets_the_device_at_connect_and_again_when_it_is_born(start: Start, listener: Listener) -> None:
    start()
    topic = "homeassistant/device/asl_kiosk/config"
    first = listener.wait(topic)[0].json
    listener.send("homeassistant/status", "offline")
    listener.send("homeassistant/status", "online")
    assert listener.wait(topic, 2)[1].json == first
    listener.send("asl/kiosk/cmd/nonsense/set")
    listener.wait("asl/kiosk/error")  # by now an answer to `offline` would be here too
    assert len(listener.on(topic)) == 2
    assert first["availability_topic"] == "asl/kiosk/status"
    assert first["device"]["identifiers"] == ["asl_kiosk"]
    components = first["components"]
    assert {c["unique_id"] for c in components.values()} == {f"asl_kiosk_{name}" for name in components}
    assert {c["platform"] for c in components.values()} == {"sensor", "binary_sensor", "switch", "button"}


def test_what_discovery_offers_to_press_is_what_the_publisher_obeys(
    start: Start, listener: Listener, commands: list[Command]
) -> None:
    start()
    components = listener.wait("homeassistant/device/asl_kiosk/config")[0].json["components"]
    pressed = {"switch": "ON", "button": "PRESS"}  # Home Assistant's own defaults
    offered = [c for c in components.values() if "command_topic" in c]
    for component in offered:
        listener.send(component["command_topic"], pressed[component["platform"]])
    eventually(lambda: len(commands) == len(offered))
    assert listener.on("asl/kiosk/error") == []


def test_discovery_can_be_switched_off(start: Start, listener: Listener) -> None:
    start(discovery=False)
    listener.wait("asl/kiosk/status")
    listener.send("homeassistant/status", "online")
    listener.send("asl/kiosk/cmd/nonsense/set")  # its answer comes after whatever `online` would have caused
    listener.wait("asl/kiosk/error")
    assert listener.on("homeassistant/device/asl_kiosk/config") == []
