"""The page's server gives out five fixed answers, on loopback, with a policy that lets nothing else in."""

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from edge.config import DisplayConfig
from edge.display import DisplayServer
from edge.errors import AslEdgeError, InputError

WEBSOCKET = "ws://127.0.0.1:9001"


@pytest.fixture
def server() -> Iterator[DisplayServer]:
    display = DisplayServer(DisplayConfig(port=0), WEBSOCKET, "kiosk", environment={})
    display.start()
    yield display
    display.stop()


def get(url: str, path: str, method: str = "GET", host: str | None = None) -> tuple[http.client.HTTPResponse, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    connection.putrequest(method, path, skip_host=host is not None)
    if host is not None:
        connection.putheader("Host", host)
    connection.endheaders()
    response = connection.getresponse()
    return response, response.read()


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript"),
        ("/mqtt.js", "text/javascript"), ("/settings.json", "application/json"), ("/?kiosk=1", "text/html"),
    ],
)  # fmt: skip
def test_the_page_and_its_parts_are_served(server: DisplayServer, path: str, content_type: str) -> None:
    response, body = get(server.url, path)
    assert response.status == 200
    assert response.getheader("Content-Type") == f"{content_type}; charset=utf-8"
    assert body


@pytest.mark.parametrize(
    "path",
    ["/server.py", "/../server.py", "/..%2f..%2fsetup.py", "//etc/passwd", "/page.html/..", "/page.js%00", "/static/"],
)
def test_no_other_path_is_served(server: DisplayServer, path: str) -> None:
    assert get(server.url, path)[0].status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_sent_to_it(server: DisplayServer, method: str) -> None:
    assert get(server.url, "/", method)[0].status == 501


def test_another_name_for_this_machine_gets_nothing(server: DisplayServer) -> None:
    assert get(server.url, "/settings.json", host="rebound.example.com")[0].status == 404
    assert get(server.url, "/settings.json", host="localhost:8080")[0].status == 200


def test_the_policy_allows_the_page_its_own_files_and_the_broker_only(server: DisplayServer) -> None:
    policy = get(server.url, "/")[0].getheader("Content-Security-Policy") or ""
    assert "default-src 'none'" in policy
    assert f"connect-src 'self' {WEBSOCKET};" in policy
    assert "unsafe" not in policy


def test_the_settings_name_device_broker_and_the_pages_own_user() -> None:
    secrets = {
        "ASL_EDGE_DISPLAY_USERNAME": "display",
        "ASL_EDGE_DISPLAY_PASSWORD": "pw",
        "ASL_EDGE_MQTT_PASSWORD": "no",
    }
    display = DisplayServer(DisplayConfig(port=0), WEBSOCKET, "desk-2", environment=secrets)
    display.start()
    settings = json.loads(get(display.url, "/settings.json")[1])
    display.stop()
    assert settings == {"device": "desk-2", "websocketUrl": WEBSOCKET, "username": "display", "password": "pw"}


@pytest.mark.parametrize("url", [
    "http://127.0.0.1:9001", "ws://", "127.0.0.1:9001", "ws://user:pw@host", "ws://host:99999", "ws://host:0",
    "ws://host:abc/", "ws://host/#x", "ws://a b/", "ws://*", "ws://例え.jp:9001", "ws://a;b", "ws://[::1",
])  # fmt: skip
def test_a_bad_websocket_address_is_one_clear_line(url: str) -> None:
    with pytest.raises(InputError, match=r"display\.broker_websocket_url"):
        DisplayServer(DisplayConfig(), url, "kiosk")


def test_a_taken_port_is_one_clear_line(server: DisplayServer) -> None:
    taken = urlsplit(server.url).port
    assert taken
    with pytest.raises(AslEdgeError, match=rf"display\.port: port {taken} on 127\.0\.0\.1 is taken; ") as refusal:
        DisplayServer(DisplayConfig(port=taken), WEBSOCKET, "kiosk").start()
    assert "\n" not in str(refusal.value)


def test_a_silent_connection_holds_up_neither_the_page_nor_the_end(
    own_threads: Callable[[], set[str]], server: DisplayServer
) -> None:
    parts = urlsplit(server.url)
    silent = [socket.create_connection((parts.hostname, parts.port)) for _ in range(5)]
    assert get(server.url, "/")[0].status == 200
    started = time.monotonic()
    server.stop()
    assert time.monotonic() - started < 3.0
    assert "asl-display" not in own_threads()
    for connection in silent:
        connection.close()


def test_without_a_way_to_the_broker_it_says_which_option_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    display = DisplayServer(DisplayConfig(port=0), None, "kiosk")
    display.start()
    display.stop()
    assert "display.broker_websocket_url" in caplog.text
