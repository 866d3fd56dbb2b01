"""The daemon's own broker, for a first run or a single kiosk: TCP and websockets, loopback only."""

import asyncio
import logging
import socket
import threading
from concurrent.futures import Future

from edge.errors import AslEdgeError
from edge.loopback import LOOPBACK, Vacated, listen

log = logging.getLogger(__name__)

_START_SECONDS = 10.0
"""amqtt needs 0.1 s on a desktop, mostly for importing; the rest is for a cold SD card."""
_STOP_SECONDS = 0.8
_OPTIONS = ("mqtt.embedded_port", "mqtt.embedded_websocket_port")
_OTHERWISE = "set mqtt.url if a broker runs there"


class EmbeddedBroker:
    """amqtt in its own thread and event loop. Not for a fleet: only MQTT 3.1.1, and no sessions are kept."""

    def __init__(self, port: int, websocket_port: int) -> None:
        """Choose the ports; 0 picks a free one at `start`."""
        self._ports = (port, websocket_port)
        self._bound: tuple[int, int] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(name="asl-broker", target=self._run, daemon=True)
        self.sockets: list[socket.socket] = []
        """The sockets it listens on."""

    @property
    def url(self) -> str:
        return f"mqtt://{LOOPBACK}:{self._port(0)}"

    @property
    def websocket_url(self) -> str:
        return f"ws://{LOOPBACK}:{self._port(1)}"

    @property
    def runs(self) -> bool:
        """It was started and has not ended."""
        return self._thread.is_alive()

    def start(self, vacated: Vacated | None = None) -> None:
        """Listen, possibly on ports that others are about to leave, which `listen` removes from `vacated`.

        Raises:
            AslEdgeError: a port is taken, or the broker does not start.
        """
        try:
            for option, port in zip(_OPTIONS, self._ports, strict=True):
                self.sockets.append(listen(option, port, _OTHERWISE, vacated))
        except AslEdgeError:
            self._close_sockets()
            raise
        self._bound = (self.sockets[0].getsockname()[1], self.sockets[1].getsockname()[1])
        self._thread.start()
        try:
            self._ready.result(_START_SECONDS)
        except Exception as error:
            self.stop()
            raise AslEdgeError(
                f"embedded broker: does not start ({error}); set mqtt.url to use another broker"
            ) from error
        log.info("embedded MQTT broker at %s and %s", self.url, self.websocket_url)

    def stop(self) -> None:
        """Disconnect everybody and end the thread, within a second."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(_STOP_SECONDS)
        self._close_sockets()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            else:
                log.exception("the embedded broker ended")

    async def _serve(self) -> None:
        from edge.mqtt.amqtt_server import serve  # noqa: PLC0415 - an external broker needs no amqtt in memory

        self._loop = asyncio.get_running_loop()
        tcp, websocket = self.sockets
        async with serve(tcp, websocket):
            self._ready.set_result(None)
            await self._stop.wait()

    def _port(self, index: int) -> int:
        return (self._bound or self._ports)[index]

    def _close_sockets(self) -> None:
        for listening in self.sockets:
            listening.close()
