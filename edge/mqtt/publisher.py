"""Sends events and receives commands over a connection that comes and goes. `publish` never waits for the network."""

import logging
import math
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from paho.mqtt.client import MQTTMessage

from edge.config import MqttConfig
from edge.errors import AslEdgeError
from edge.events import Stamper, to_json
from edge.mqtt.backoff import Backoff
from edge.mqtt.commands import Command, parse_command
from edge.mqtt.connection import MAX_IN_FLIGHT, Connection, ConnectionLostError
from edge.mqtt.discovery import discovery_payload
from edge.mqtt.endpoint import parse_endpoint
from edge.mqtt.outbox import Message, Outbox
from edge.mqtt.topics import DELIVERY, HOME_ASSISTANT_STATUS, OFFLINE, ONLINE, Topics
from edge.types import Event, Topic

log = logging.getLogger(__name__)

_TURN_SECONDS = 1.0
"""Longest wait for the network; keep-alives and time-outs are checked this often."""
_FLUSH_SECONDS = 0.3
"""At the end, for what is still waiting; then again for `offline`, at most 0.5 s together."""
_FAREWELL_SECONDS = 0.2
_AGAIN_SECONDS = 60.0
"""A broker that closes twice within this may do so because of a namesake of ours."""
_JOIN_SECONDS = 0.8
"""A thread still in a DNS look-up or a TLS handshake is left behind; it is a daemon thread."""


class Publisher:
    """The daemon's one MQTT client.

    Retained topics are kept here and sent again at each connection; other events wait in a bounded outbox.
    """

    def __init__(
        self,
        config: MqttConfig,
        stamper: Stamper,
        url: str,
        on_command: Callable[[Command], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        """Prepare; nothing is opened before `start`. The device is the stamper's; `now` stamps refused commands.

        Raises:
            InputError: the device name, the URL, the CA file or the credentials cannot be used.
        """
        self._config = config
        self._device = stamper.device
        self._on_command = on_command
        self._now = now
        self._topics = Topics(self._device)
        self._endpoint = parse_endpoint(url, config.ca_file)
        self._stamper = stamper
        self._outbox = Outbox(config.outbox_messages, config.outbox_seconds)
        self._retained: dict[Topic, Message] = {}
        self._lock = threading.Lock()  # makes stamping and queueing one step, so that `seq` grows in the outbox too
        self._connection: Connection | None = None
        self._online = False
        self._forgotten: tuple[str, ...] = ()
        self._sent = 0
        self._connects = 0
        self._lost_at = -math.inf
        self._complaints: set[str] = set()
        self._stopping = threading.Event()
        self._wake_receiver, self._wake_sender = socket.socketpair()
        self._wake_receiver.setblocking(False)
        self._wake_sender.setblocking(False)
        self._thread = threading.Thread(name="asl-mqtt", target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def publish(self, event: Event) -> None:
        """Accept an event, from any thread, without waiting. `status` is the publisher's own.

        Raises:
            ValueError: the body cannot be JSON, or the topic is `status`.
        """
        if event.topic == "status":
            raise ValueError("status is published by the connection itself")
        with self._lock:
            message = self._message(event.topic, to_json(self._stamper.payload(event)).encode())
            if message.retained:
                self._retained[event.topic] = message
            if self._online or not message.retained:
                self._outbox.put(message)
        self._nudge()

    def counters(self) -> dict[str, Any]:
        """For `stats`: what was sent and what was not."""
        connection = self._connection
        return {
            "connected": self._online,
            "connects": self._connects,
            "sent": self._sent + (connection.delivered if connection else 0),
            "waiting": len(self._outbox) + (connection.in_flight if connection else 0),
            "dropped": self._outbox.dropped,
            "expired": self._outbox.expired,
        }

    def forget(self, *, discovery_alone: bool = False) -> None:
        """At the end, remove what the broker keeps of this device, except `offline`; or only its announcement."""
        topics = (self._topics.discovery, self._topics.event("info"), self._topics.event("state"))
        self._forgotten = topics[:1] if discovery_alone else topics

    def stop(self) -> None:
        """Send what is waiting and `offline`, for at most half a second, and disconnect."""
        self._stopping.set()
        self._nudge()
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            connected_at = time.monotonic()
            try:
                self._serve()
            except ConnectionLostError as error:
                self._complain(f"{error}; {self._namesake()}events wait, trying again")
            except Exception:  # our own bug must not silently end the thread
                log.exception("MQTT stumbled over its own code; connecting again")
            finally:
                self._go_offline()
            self._stopping.wait(backoff.next_pause(time.monotonic() - connected_at))

    def _namesake(self) -> str:
        """A hint if connections do not last: brokers disconnect the older of two clients with one name."""
        if not self._online:
            return ""
        before, self._lost_at = self._lost_at, time.monotonic()
        again = self._lost_at - before < _AGAIN_SECONDS
        return f"if another asl-edge there has the name '{self._device}', give it another `device`; " if again else ""

    def _serve(self) -> None:
        """One connection, from beginning to end."""
        will = self._message("status", OFFLINE)
        # Its own name, the same at each connection: the broker then ends a half-open predecessor, will and all, before
        # we say `online`, not half a minute after.
        name = f"asl-edge-{self._device}"
        connection = Connection(self._endpoint, name, self._config.keepalive_seconds, will, self._receive)
        self._connection = connection
        connection.open()
        while not self._stopping.is_set():
            connection.step(self._wake_receiver, _TURN_SECONDS)
            if connection.accepted and not self._online:
                self._go_online(connection)
            if connection.refused_topics:
                connection.refused_topics = False
                mend = f"let this user read {self._topics.commands}"
                self._complain(f"refuses our subscription, so no command arrives; {mend}")
            if self._online:
                self._send_outbox(connection)
        if self._online:
            self._say_goodbye(connection)
        else:
            connection.close(politely=False)

    def _send_outbox(self, connection: Connection) -> None:
        while connection.in_flight < MAX_IN_FLIGHT and (message := self._outbox.take()):
            connection.publish(message)

    def _go_online(self, connection: Connection) -> None:
        connection.subscribe([self._topics.commands, HOME_ASSISTANT_STATUS])
        with self._lock:
            greeting = [self._message("status", ONLINE), *self._retained.values()]
            self._online = True
        self._connects += 1
        if self._config.discovery:
            greeting.append(self._discovery())
        for message in greeting:
            connection.publish(message)
        again = "again " if self._complaints else ""
        log.info("connected %sto the MQTT broker %s", again, self._endpoint.url)
        self._complaints.clear()

    def _go_offline(self) -> None:
        connection, self._connection = self._connection, None
        with self._lock:
            self._online = False
            self._outbox.discard_retained()
        if connection is None:
            return
        self._sent += connection.delivered
        self._outbox.put_back(message for message in connection.undelivered() if not message.retained)
        connection.close(politely=False)

    def _say_goodbye(self, connection: Connection) -> None:
        """Flush, then send `offline`. A broker that hangs gets neither, and sends the last will when it notices."""
        deadline = time.monotonic() + _FLUSH_SECONDS
        while (len(self._outbox) or connection.in_flight) and (left := deadline - time.monotonic()) > 0:
            self._send_outbox(connection)
            connection.step(self._wake_receiver, left)
        connection.publish(self._message("status", OFFLINE))
        for topic in self._forgotten:
            connection.publish(self._empty(topic))
        deadline = time.monotonic() + _FAREWELL_SECONDS
        while connection.in_flight and (left := deadline - time.monotonic()) > 0:
            connection.step(self._wake_receiver, left)
        connection.close(politely=True)

    def _receive(self, message: MQTTMessage) -> None:
        if message.topic == HOME_ASSISTANT_STATUS:
            if message.payload == ONLINE and self._config.discovery:
                self._outbox.put(self._discovery())
            return
        try:
            self._on_command(parse_command(message.topic, bytes(message.payload), retained=message.retain))
        except AslEdgeError as error:
            log.debug("refused a command: %s", error)
            self.publish(Event("error", self._now(), {"message": str(error), "topic": message.topic}))
        except Exception:  # a failing command must not take the connection down
            log.exception("command %s failed", message.topic)

    def _discovery(self) -> Message:
        payload = to_json(discovery_payload(self._device, self._topics)).encode()
        return Message(self._topics.discovery, payload, 1, retained=True, made_at=self._outbox.clock())

    def _empty(self, topic: str) -> Message:
        """Removes what the broker keeps under a topic."""
        return Message(topic, b"", 1, retained=True, made_at=self._outbox.clock())

    def _message(self, topic: Topic, payload: bytes) -> Message:
        delivery = DELIVERY[topic]
        return Message(self._topics.event(topic), payload, delivery.qos, delivery.retained, self._outbox.clock())

    def _complain(self, reason: str) -> None:
        """WARNING the first time for each reason, DEBUG until the connection is back."""
        level = logging.DEBUG if reason in self._complaints else logging.WARNING
        self._complaints.add(reason)
        log.log(level, "MQTT broker %s %s", self._endpoint.url, reason)

    def _nudge(self) -> None:
        with suppress(BlockingIOError):  # full: there is enough in the pipe to wake the thread
            self._wake_sender.send(b"\0")
