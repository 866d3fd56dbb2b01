"""One network connection to the broker: one paho client that never reconnects, driven by one thread.

A fresh client for each connection keeps paho's own queue empty: when reconnecting, paho would send what was in flight
after what `on_connect` publishes, so an old retained `state` would overwrite the new one.
"""

import os
import select
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge.mqtt.endpoint import PASSWORD_VARIABLE, USERNAME_VARIABLE, Endpoint
from edge.mqtt.outbox import Message

MAX_IN_FLIGHT = 100
"""Most messages that paho has at a time; the others wait in the outbox, where they are bounded and counted."""

_CONNECT_SECONDS = 5.0
"""For the TCP connection, and again for the broker's answer to it."""

_LOST = {
    MQTTErrorCode.MQTT_ERR_CONN_LOST: "closed the connection",
    MQTTErrorCode.MQTT_ERR_NO_CONN: "closed the connection",
    MQTTErrorCode.MQTT_ERR_KEEPALIVE: "does not answer any more",
}
_BAD_CREDENTIALS = ("Bad user name or password", "Not authorized")

Received = Callable[[paho.MQTTMessage], None]


class ConnectionLostError(Exception):
    """There is no connection (any more); the text is the reason, for a person."""


class Connection:
    """MQTT 3.1.1 with a clean session: every broker speaks it, and the embedded one nothing newer."""

    def __init__(
        self, endpoint: Endpoint, client_id: str, keepalive_seconds: int, will: Message, received: Received
    ) -> None:
        self.accepted = False
        """The broker has let us in."""
        self.delivered = 0
        self.refused_topics = False
        """The broker does not let us subscribe."""
        self._endpoint = endpoint
        self._keepalive_seconds = keepalive_seconds
        self._in_flight: dict[int, Message] = {}
        self._refusal: str | None = None
        self._opened_at = 0.0
        self._client = _client(endpoint, client_id, will)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish
        self._client.on_message = lambda _client, _userdata, message: received(message)

    def open(self) -> None:
        """Connect; `accepted` turns True in a later `step`.

        Raises:
            ConnectionLostError: no answer, or TLS failed.
        """
        self._opened_at = time.monotonic()
        try:
            self._client.connect(self._endpoint.host, self._endpoint.port, self._keepalive_seconds)
        except (OSError, ValueError) as error:
            raise ConnectionLostError(_reason(error)) from error
        _send_at_once(self._client)

    def step(self, wake: socket.socket, timeout: float) -> None:
        """Send and receive for one turn; `wake` becoming readable ends the wait.

        Raises:
            ConnectionLostError: refused, lost, or silent for too long.
        """
        code = self._exchange(wake, timeout)
        if self._refusal:
            raise ConnectionLostError(self._refusal)
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise ConnectionLostError(_LOST.get(code, f"broke the protocol ({paho.error_string(code)})"))
        if not self.accepted and time.monotonic() - self._opened_at > _CONNECT_SECONDS:
            raise ConnectionLostError(f"takes connections but does not answer within {_CONNECT_SECONDS:.0f} s")

    def subscribe(self, topics: list[str]) -> None:
        self._client.subscribe([(topic, 1) for topic in topics])

    def publish(self, message: Message) -> None:
        info = self._client.publish(message.topic, message.payload, message.qos, message.retained)
        # QoS 0 may be written, and `_on_publish` called, before publish returns.
        if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS and info.is_published():
            self.delivered += 1
        else:
            self._in_flight[info.mid] = message

    @property
    def in_flight(self) -> int:
        """Messages that paho has and the broker has not yet accepted."""
        return len(self._in_flight)

    def undelivered(self) -> list[Message]:
        return list(self._in_flight.values())

    def close(self, *, politely: bool) -> None:
        """Disconnect; only a polite end keeps the broker from sending the last will."""
        if politely:
            self._client.disconnect()
        connected = self._client.socket()
        if connected is not None:
            connected.close()

    def _exchange(self, wake: socket.socket, timeout: float) -> MQTTErrorCode:
        client = self._client
        connected = client.socket()
        if connected is None:
            return MQTTErrorCode.MQTT_ERR_CONN_LOST
        # A TLS record may hold several packets; select does not see what TLS has already read.
        buffered = isinstance(connected, ssl.SSLSocket) and connected.pending() > 0
        writers = [connected] if client.want_write() else []
        try:
            readable, writable, _ = select.select([connected, wake], writers, [], 0.0 if buffered else timeout)
            if wake in readable:
                wake.recv(4096)
            code = MQTTErrorCode.MQTT_ERR_SUCCESS
            if connected in readable or buffered:
                code = client.loop_read()
            if not code and writable:
                code = client.loop_write()
            return code or client.loop_misc()
        except (OSError, ValueError) as error:  # ValueError: select on a socket that paho has closed
            raise ConnectionLostError(_reason(error)) from error

    def _on_connect(self, _client: Any, _userdata: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        # Also called when the broker refuses.
        if reason.is_failure:
            log_in = f"set {USERNAME_VARIABLE} and {PASSWORD_VARIABLE}"
            mend = log_in if str(reason) in _BAD_CREDENTIALS else "see that broker's log"
            self._refusal = f"refuses the connection ({reason}); {mend}"
        else:
            self.accepted = True

    def _on_subscribe(self, _client: Any, _userdata: Any, _mid: int, codes: list[ReasonCode], _properties: Any) -> None:
        self.refused_topics = any(code.is_failure for code in codes)

    def _on_publish(self, _client: Any, _userdata: Any, mid: int, _reason: Any, _properties: Any) -> None:
        if self._in_flight.pop(mid, None):
            self.delivered += 1


def _client(endpoint: Endpoint, client_id: str, will: Message) -> paho.Client:
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=True,
        protocol=MQTTProtocolVersion.MQTTv311,
        transport="websockets" if endpoint.websocket_path else "tcp",
        reconnect_on_failure=False,
    )
    client.max_inflight_messages_set(MAX_IN_FLIGHT)  # fewer would let QoS 0 overtake QoS 1
    client.connect_timeout = _CONNECT_SECONDS
    if endpoint.websocket_path:
        client.ws_set_options(path=endpoint.websocket_path)
    if endpoint.tls:
        client.tls_set_context(endpoint.tls)
    if endpoint.username:
        client.username_pw_set(endpoint.username, endpoint.password)
    client.will_set(will.topic, will.payload, will.qos, will.retained)
    return client


def _send_at_once(client: paho.Client) -> None:
    """A letter's caption and state follow closely; without this they would wait 40 ms for the letter's TCP ACK."""
    connected = client.socket()
    if connected is not None:  # it may be wrapped in TLS and websocket; the underlying descriptor counts
        with socket.socket(fileno=os.dup(connected.fileno())) as beneath:
            beneath.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"shows a certificate that is not trusted ({error.verify_message}); set mqtt.ca_file"
    if isinstance(error, TimeoutError):
        return "cannot be reached (timed out)"
    return f"cannot be reached ({getattr(error, 'strerror', None) or error})"
