"""amqtt on our own sockets: bound before it starts, and only loopback pages may use the websocket."""

import asyncio
import io
import logging
import re
import socket
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import Any

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter, WebSocketsReader, WebSocketsWriter
from amqtt.broker import Broker
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.session import Session
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websockets
from websockets.typing import Subprotocol

log = logging.getLogger(__name__)

_LISTENER = "default"
_CONFIG = {
    "listeners": {_LISTENER: {"type": "external"}},
    "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
}
_LOOPBACK_PAGE = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
"""Any page in a browser on this machine could open the websocket and read along; only local ones may."""
_SLOW_PEER_SECONDS = 5.0
"""A subscriber that accepts nothing for this long is cut off: amqtt would queue for it without limit."""
_LARGEST_BYTES = 65536
_SHUTDOWN_SECONDS = 0.2


class _ImpatientWriter(StreamWriterAdapter):  # type: ignore[misc] # amqtt is untyped for us
    """Does not wait for ever for a peer that has stopped reading."""

    async def drain(self) -> None:
        await _patiently(super().drain(), self._writer.transport)


class _ImpatientWebSocketWriter(WebSocketsWriter):  # type: ignore[misc] # amqtt is untyped for us
    """The same for pages. Sends each message once: amqtt's writer sends what it is still waiting for again."""

    async def drain(self) -> None:
        data = self._stream.getvalue()
        self._stream: io.BytesIO = io.BytesIO()
        await _patiently(self._protocol.send(data), self._protocol.transport)


async def _patiently(sending: Awaitable[None], transport: asyncio.WriteTransport) -> None:
    try:
        await asyncio.wait_for(sending, _SLOW_PEER_SECONDS)
    except TimeoutError as error:
        transport.abort()
        raise ConnectionResetError("the peer does not read") from error


_published_qos: ContextVar[int | None] = ContextVar("published_qos", default=None)
"""QoS of the message that a client's own task is passing on."""


class _Broadcast(dict[str, Any]):
    """A message on its way; when amqtt compares its QoS with a subscription's, it gets the lesser."""

    def get(self, key: str, default: Any = None) -> Any:
        found = super().get(key, default)
        return min(found, default) if key == "qos" else found


class _DiscreetBroker(Broker):  # type: ignore[misc] # amqtt is untyped for us
    """Mends amqtt 0.12.1.

    A subscription sends nothing to others, a namesake (clean session) is disconnected, and no QoS is raised.
    """

    async def _handle_message_delivery(
        self, client_session: Session, handler: BrokerProtocolHandler, wait_deliver: asyncio.Future[Any]
    ) -> bool:
        """Remember the QoS that a client published with, which amqtt forgets when it passes the message on."""
        message = wait_deliver.result()
        _published_qos.set(message.qos if message is not None else None)
        return bool(await super()._handle_message_delivery(client_session, handler, wait_deliver))

    async def _broadcast_message(
        self, session: Session | None, topic: str | None, data: bytes | None, force_qos: int | None = None
    ) -> None:
        """`force_qos` is a last will's, which amqtt would not lower either."""
        qos = _published_qos.get() if force_qos is None else force_qos
        known = {} if qos is None else {"qos": qos}
        await self._broadcast_queue.put(_Broadcast(session=session, topic=topic, data=data, **known))

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """Only for the new connection's own subscriptions, with QoS 0 too; amqtt sends it everybody's."""
        topics, qos = subscription
        subscribers = self._subscriptions.get(topics, [])
        handler = self._get_handler(session)
        if handler is None or all(subscriber.client_id != session.client_id for subscriber, _ in subscribers):
            return
        kept = [message for topic, message in self._retained_messages.items() if self._matches(topic, topics)]
        sending = (handler.mqtt_publish(each.topic, each.data, min(qos, each.qos or 0), retain=True) for each in kept)
        await asyncio.gather(*sending, return_exceptions=True)  # a peer that left is handled where it is read

    async def _delete_session(self, client_id: str) -> None:
        """Disconnect the client that a namesake replaces; amqtt takes its subscriptions but leaves it connected."""
        _, handler = self._sessions.get(client_id, (None, None))
        if handler is not None:
            await handler.handle_connection_closed()  # its last will is sent before the new one is let in
        await super()._delete_session(client_id)


@asynccontextmanager
async def serve(tcp: socket.socket, websocket: socket.socket) -> AsyncIterator[None]:
    """Serve MQTT on two listening sockets until the context ends."""
    # amqtt logs each port probe as an error and each lost peer as a warning; the publisher reports what matters.
    for name in ("amqtt", "transitions", "websockets"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    broker = _DiscreetBroker(_CONFIG)

    async def accept_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await broker.external_connected(StreamReaderAdapter(reader), _ImpatientWriter(writer), _LISTENER)
        except Exception as error:  # noqa: BLE001 - amqtt fails at MQTT 5, and asyncio would print a traceback
            log.debug("a client that does not speak MQTT 3.1.1 was hung up on: %s", error)
        except asyncio.CancelledError:  # the broker's end: up to Python 3.11 asyncio prints it for every client
            pass
        finally:  # amqtt leaves a silent client's socket open
            writer.close()

    async def accept_websocket(peer: ServerConnection) -> None:
        await broker.external_connected(WebSocketsReader(peer), _ImpatientWebSocketWriter(peer), _LISTENER)

    await broker.start()
    tcp_server = await asyncio.start_server(accept_tcp, sock=tcp)
    websocket_server = await serve_websockets(
        accept_websocket,
        sock=websocket,
        subprotocols=[Subprotocol("mqtt")],
        origins=[None, _LOOPBACK_PAGE],
        compression=None,
        max_size=_LARGEST_BYTES,
    )
    try:
        yield
    finally:
        tcp_server.close()
        websocket_server.close()
        with suppress(TimeoutError):  # amqtt can wait for ever for a client that leaves at the same moment
            await asyncio.wait_for(broker.shutdown(), _SHUTDOWN_SECONDS)
