"""Serves the caption page on loopback: five fixed answers, nothing else. Its content comes over MQTT."""

import http.client
import json
import logging
import os
import socket
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from edge.config import DisplayConfig
from edge.errors import InputError
from edge.loopback import LOOPBACK, Vacated, listen

log = logging.getLogger(__name__)

USERNAME_VARIABLE = "ASL_EDGE_DISPLAY_USERNAME"
PASSWORD_VARIABLE = "ASL_EDGE_DISPLAY_PASSWORD"  # noqa: S105 - the name of the variable

PORT_HINT = "display.enabled: false"
"""What to do if no port is free."""
_POLL_SECONDS = 0.25
"""How soon it notices that it should stop."""
_FILES = {"/": "page.html", "/page.css": "page.css", "/page.js": "page.js", "/mqtt.js": "mqtt.js"}
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "json": "application/json"}
_REQUEST_SECONDS = 5.0
"""Browsers open connections ahead of time and send nothing on them."""

_SERVER = "asl-edge"

_NO_HOST = frozenset("@ *;,'\"")
"""Characters that no browser accepts in a host, or that have a meaning in the content security policy."""

Answer = tuple[str, bytes]
"""Content type and body."""


class DisplayServer:
    """The page, its style, its two scripts, and the settings that tell it where the broker is."""

    def __init__(
        self, config: DisplayConfig, websocket_url: str | None, device: str, environment: Mapping[str, str] = os.environ
    ) -> None:
        """Prepare the answers; the page's user at an external broker comes from the environment.

        Raises:
            InputError: the websocket URL cannot be used.
        """
        self._port = config.port
        self._server: _Server | None = None
        settings = {
            "device": device,
            "websocketUrl": websocket_url,
            "username": environment.get(USERNAME_VARIABLE),
            "password": environment.get(PASSWORD_VARIABLE),
        }
        self._answers = {path: _file(name) for path, name in _FILES.items()}
        self._answers["/settings.json"] = (_TYPES["json"], json.dumps(settings).encode())
        self._policy = _content_security_policy(websocket_url)
        self._shows_nothing = websocket_url is None

    @property
    def url(self) -> str:
        port = self._server.server_address[1] if self._server else self._port
        return f"http://{LOOPBACK}:{port}/"

    @property
    def sockets(self) -> list[socket.socket]:
        """The sockets it listens on."""
        return [self._server.socket] if self._server else []

    def start(self, vacated: Vacated | None = None) -> None:
        """Listen, possibly on a port that another is about to leave, which `listen` removes from `vacated`.

        Raises:
            AslEdgeError: the port is taken.
        """
        listening = listen("display.port", self._port, PORT_HINT, vacated)
        self._server = _Server(listening, self._answers, self._policy)
        threading.Thread(
            name="asl-display", target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True
        ).start()
        log.info("captions in the browser at %s", self.url)
        if self._shows_nothing:
            log.warning("the caption page cannot reach the broker; set display.broker_websocket_url")

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Server(ThreadingHTTPServer):
    """Threaded, because one silent connection must not hold up the page; threads end with their request."""

    daemon_threads = True

    def __init__(self, listening: socket.socket, answers: Mapping[str, Answer], policy: str) -> None:
        self.answers = answers
        self.policy = policy
        super().__init__(listening.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        listening.setblocking(False)  # if two listen there, both wake and one finds nothing
        self.socket = listening

    def process_request(self, request: Any, client_address: Any) -> None:
        arguments = (request, client_address)
        threading.Thread(
            name="asl-display-request", target=self.process_request_thread, args=arguments, daemon=True
        ).start()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's signature
        log.debug("a browser went away in the middle of an answer: %s", sys.exception())


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD from a table; no path ever reaches the file system."""

    server: _Server
    server_version = _SERVER
    sys_version = ""
    timeout = _REQUEST_SECONDS

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        log.debug(format, *args)

    def _answer(self, *, with_body: bool) -> None:
        # Any other host name is a foreign page's DNS trick to read the settings.
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        answer = self.server.answers.get(self.path.partition("?")[0]) if host in (LOOPBACK, "localhost") else None
        if answer is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        content_type, body = answer
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"{content_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", self.server.policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def device_of_page(port: int) -> str | None:
    """Name of the device whose caption page is on this port of this machine; None if there is none."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_REQUEST_SECONDS)
    try:
        connection.request("GET", "/settings.json")
        answer = connection.getresponse()
        if (answer.getheader("Server") or "").strip() != _SERVER:
            return None
        return str(json.loads(answer.read())["device"])
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        return None
    finally:
        connection.close()


def _file(name: str) -> Answer:
    return _TYPES[name.rpartition(".")[2]], (resources.files("edge.display") / name).read_bytes()


def _content_security_policy(websocket_url: str | None) -> str:
    connect = "'self'"
    if websocket_url is not None:
        try:
            parts = urlsplit(websocket_url)
            usable = bool(parts.hostname) and parts.port != 0 and not parts.fragment and parts.netloc.isascii()
        except ValueError:
            usable = False
        if not usable or parts.scheme not in ("ws", "wss") or _NO_HOST & set(parts.netloc):
            raise InputError(
                "display.broker_websocket_url: not a websocket address; write ws://host[:port][/path] or wss://..."
            )
        connect += f" {parts.scheme}://{parts.netloc}"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
        f"connect-src {connect}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
