"""What MQTT does when things go wrong: it never blocks, says so once, and is right again afterwards."""

import logging
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mqtt_tools import Gate, Listener, Mosquitto, eventually, free_port

from edge.config import MqttConfig
from edge.errors import InputError
from edge.events import Stamper
from edge.mqtt import Command, Publisher, backoff, connection, parse_endpoint
from edge.types import Event

SLOWEST_PUBLISH_SECONDS = 0.5  # it takes microseconds, the rest is a busy machine; to wait for a peer takes many
STOP_SECONDS = 3.0  # a tenth of it when the machine is idle


def publisher_to(url: str, **options: object) -> Publisher:
    return Publisher(MqttConfig(**options), Stamper("kiosk"), url, lambda _: None)  # type: ignore[arg-type]


def slowest_publish(publisher: Publisher, events: int) -> float:
    slowest = 0.0
    for number in range(events):
        started = time.perf_counter()
        publisher.publish(Event("caption", 0.0, {"number": number, "padding": "x" * 1000}))
        slowest = max(slowest, time.perf_counter() - started)
    return slowest


def stop_seconds(publisher: Publisher) -> float:
    started = time.monotonic()
    publisher.stop()
    return time.monotonic() - started


def test_a_daemon_killed_outright_leaves_offline_behind(mosquitto: Mosquitto) -> None:
    listener = Listener(mosquitto.port)
    program = f"""
import time
from edge.config import MqttConfig
from edge.events import Stamper
from edge.mqtt import Publisher
Publisher(MqttConfig(), Stamper("kiosk"), "{mosquitto.url}", print).start()
time.sleep(60)
"""
    daemon = subprocess.Popen([sys.executable, "-c", program])
    listener.wait("asl/kiosk/status")
    daemon.kill()
    daemon.wait()
    assert [message.payload for message in listener.wait("asl/kiosk/status", 2)] == [b"online", b"offline"]
    listener.close()
    late = Listener(mosquitto.port)
    assert late.wait("asl/kiosk/status")[0].retained
    late.close()


def test_a_successor_is_online_though_its_predecessor_hangs(mosquitto: Mosquitto) -> None:
    gate = Gate(mosquitto.port).open()
    predecessor = publisher_to(gate.url)
    predecessor.start()
    listener = Listener(mosquitto.port)
    listener.wait("asl/kiosk/status")
    gate.wedged = True  # as after a power cut: the broker still believes in the old connection
    successor = publisher_to(mosquitto.url)
    successor.start()
    eventually(lambda: successor.counters()["connected"] and successor.counters()["waiting"] == 0)
    gate.shut()  # and now it notices; whatever will it still holds goes out
    time.sleep(0.3)
    assert listener.on("asl/kiosk/status")[-1].payload == b"online"
    successor.stop()
    predecessor.stop()
    listener.close()


def test_nobody_there_is_said_once_and_so_is_the_recovery(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "_FIRST_SECONDS", 0.05)
    caplog.set_level(logging.DEBUG, "edge.mqtt")
    broker = Mosquitto(tmp_path)
    publisher = publisher_to(broker.url)
    publisher.start()
    eventually(lambda: sum("cannot be reached" in record.message for record in caplog.records) >= 3)
    levels = [record.levelname for record in caplog.records if "cannot be reached" in record.message]
    assert levels[:3] == ["WARNING", "DEBUG", "DEBUG"]
    broker.start()
    eventually(lambda: publisher.counters()["connected"])
    eventually(lambda: any("connected again" in r.message and r.levelname == "INFO" for r in caplog.records))
    caplog.clear()
    broker.kill()
    eventually(lambda: any("cannot be reached" in r.message and r.levelname == "WARNING" for r in caplog.records))
    publisher.stop()


def test_a_refused_password_is_said_once_and_how_to_mend_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "edge.mqtt")
    broker = Mosquitto(tmp_path, anonymous=False).start()
    publisher = publisher_to(broker.url)
    publisher.start()
    eventually(lambda: sum("refuses" in record.message for record in caplog.records) >= 3)
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "ASL_EDGE_MQTT_USERNAME" in warnings[0]
    assert not publisher.counters()["connected"]
    publisher.stop()
    broker.kill()


def test_user_and_password_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", passwords, "edge", "pw"], check=True, stderr=subprocess.DEVNULL)
    broker = Mosquitto(tmp_path, f"password_file {passwords}", anonymous=False).start()
    monkeypatch.setenv("ASL_EDGE_MQTT_USERNAME", "edge")
    monkeypatch.setenv("ASL_EDGE_MQTT_PASSWORD", "pw")
    publisher = publisher_to(broker.url)
    publisher.start()
    eventually(lambda: publisher.counters()["connected"])
    publisher.stop()
    broker.kill()


@pytest.mark.parametrize("scheme", ["mqtt", "ws", "mqtts"])
def test_a_broker_that_takes_connections_and_never_answers_holds_up_nothing(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        publisher = publisher_to(f"{scheme}://127.0.0.1:{listening.getsockname()[1]}", outbox_messages=50)
        publisher.start()
        silent, _ = listening.accept()
        assert slowest_publish(publisher, 500) < SLOWEST_PUBLISH_SECONDS
        assert publisher.counters()["dropped"] == 450
        assert stop_seconds(publisher) < STOP_SECONDS
        silent.close()


def test_a_broker_that_never_answers_is_said_and_left(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        publisher = publisher_to(f"mqtt://127.0.0.1:{listening.getsockname()[1]}")
        publisher.start()
        eventually(lambda: "does not answer" in caplog.text)
        publisher.stop()


def test_a_broker_that_hangs_after_the_connect_holds_up_nothing_and_is_left(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate(mosquitto.port).open()
    publisher = publisher_to(gate.url, outbox_messages=200, keepalive_seconds=1)
    publisher.start()
    eventually(lambda: publisher.counters()["connected"])
    gate.wedged = True
    assert slowest_publish(publisher, 5000) < SLOWEST_PUBLISH_SECONDS
    counters = publisher.counters()
    assert counters["waiting"] <= 305  # the outbox, a hundred handed to paho, and the greeting
    assert counters["dropped"] > 4000
    eventually(lambda: not publisher.counters()["connected"])  # no answer to pings
    eventually(lambda: "MQTT broker" in caplog.text)
    assert stop_seconds(publisher) < STOP_SECONDS
    gate.shut()


def test_stop_is_quick_while_the_broker_hangs_and_offline_comes_from_the_last_will(mosquitto: Mosquitto) -> None:
    gate = Gate(mosquitto.port).open()
    publisher = publisher_to(gate.url)
    publisher.start()
    listener = Listener(mosquitto.port)
    listener.wait("asl/kiosk/status")
    gate.wedged = True
    assert slowest_publish(publisher, 300) < SLOWEST_PUBLISH_SECONDS
    assert stop_seconds(publisher) < STOP_SECONDS
    gate.shut()
    assert listener.wait("asl/kiosk/status", 2)[-1].payload == b"offline"
    listener.close()


def test_stop_is_quick_when_nobody_was_ever_there(own_threads: Callable[[], set[str]]) -> None:
    publisher = publisher_to(f"mqtt://127.0.0.1:{free_port()}")
    publisher.start()
    assert stop_seconds(publisher) < STOP_SECONDS
    assert "asl-mqtt" not in own_threads()


def test_something_that_is_no_broker_is_said_and_left(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        publisher = publisher_to(f"mqtt://127.0.0.1:{listening.getsockname()[1]}")
        publisher.start()
        visitor, _ = listening.accept()
        visitor.recv(1000)
        visitor.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        visitor.close()
        eventually(lambda: "MQTT broker" in caplog.text)
        assert not publisher.counters()["connected"]
        publisher.stop()


def test_status_is_the_publishers_own_and_a_body_must_be_json() -> None:
    publisher = publisher_to("mqtt://127.0.0.1:1")
    with pytest.raises(ValueError, match="status"):
        publisher.publish(Event("status", 0.0))
    with pytest.raises(ValueError, match="JSON"):
        publisher.publish(Event("stats", 0.0, {"fps": float("nan")}))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "localhost:1883",
        "http://host",
        "mqtt://",
        "mqtt://host:port",
        "mqtt://host:99999",
        "mqtt://host:0",
    ],
)
def test_a_bad_url_is_one_clear_line(url: str) -> None:
    with pytest.raises(InputError, match=r"mqtt\.url: .*mqtt://host") as refusal:
        publisher_to(url)
    assert "\n" not in str(refusal.value)


def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(InputError, match="ASL_EDGE_MQTT_PASSWORD") as refusal:
        publisher_to("mqtt://edge:secret@host")
    assert "secret" not in str(refusal.value)
    assert "secret" not in repr(
        parse_endpoint("mqtt://h", None, {"ASL_EDGE_MQTT_USERNAME": "e", "ASL_EDGE_MQTT_PASSWORD": "secret"})
    )


@pytest.mark.parametrize("device", ["", "a/b", "a#", "+", "café", "two words"])
def test_a_device_name_that_is_no_topic_level_is_one_clear_line(device: str) -> None:
    with pytest.raises(InputError, match="device: "):
        Publisher(MqttConfig(), Stamper(device), "mqtt://host", lambda _: None)


class Certificates:
    """A certificate authority, and a server certificate for 127.0.0.1 signed by it."""

    def __init__(self, folder: Path) -> None:
        if not shutil.which("openssl"):
            pytest.skip("needs openssl (apt install openssl)")
        self.authority, self.key, self.certificate = folder / "ca.crt", folder / "server.key", folder / "server.crt"
        authority_key, request, extension = folder / "ca.key", folder / "server.csr", folder / "names"
        extension.write_text("subjectAltName=IP:127.0.0.1")
        new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        sign = ["openssl", "x509", "-req", "-days", "1", "-CAcreateserial", "-extfile", extension]
        for command in (
            [
                *new,
                "-x509",
                "-days",
                "1",
                "-subj",
                "/CN=test authority",
                "-keyout",
                authority_key,
                "-out",
                self.authority,
            ],
            [*new, "-subj", "/CN=127.0.0.1", "-keyout", self.key, "-out", request],
            [*sign, "-in", request, "-CA", self.authority, "-CAkey", authority_key, "-out", self.certificate],
        ):
            subprocess.run(command, check=True, capture_output=True)  # type: ignore[arg-type]
        self.key.chmod(0o644)


def test_tls_works_with_the_right_authority_and_is_refused_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificates = Certificates(tmp_path)
    plain = free_port()
    lines = (f"certfile {certificates.certificate}", f"keyfile {certificates.key}", f"listener {plain} 127.0.0.1")
    broker = Mosquitto(tmp_path, *lines).start()
    url = broker.url.replace("mqtt://", "mqtts://")
    stranger = publisher_to(url)
    stranger.start()
    eventually(lambda: "set mqtt.ca_file" in caplog.text)
    assert not stranger.counters()["connected"]
    stranger.stop()
    commands: list[Command] = []
    config = MqttConfig(ca_file=str(certificates.authority), outbox_messages=2000)
    trusted = Publisher(config, Stamper("kiosk"), url, commands.append)
    trusted.start()
    for number in range(1000):
        trusted.publish(Event("caption", 0.0, {"number": number}))
    eventually(lambda: trusted.counters()["connected"] and trusted.counters()["waiting"] == 0)
    assert trusted.counters()["sent"] >= 1000
    listener = Listener(plain)
    for _ in range(50):
        listener.client.publish("asl/kiosk/cmd/clear/set", qos=1)
    eventually(lambda: len(commands) == 50, seconds=30)
    listener.close()
    trusted.stop()
    broker.kill()


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_bad_ca_file_is_one_clear_line(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InputError, match=r"mqtt\.ca_file: .*ca\.pem: .*PEM") as refusal:
        publisher_to("mqtts://host", ca_file=str(file))
    assert "\n" not in str(refusal.value)
