"""A TCP server on loopback that is silent about clients that leave, and can vanish with all its connections."""

import socket
import socketserver
import threading
from types import TracebackType
from typing import Self


class LoopbackServer:
    """Serves while in its `with` block, one thread a client."""

    def __init__(self, handler: type[socketserver.BaseRequestHandler], port: int = 0) -> None:
        self.sockets: list[socket.socket] = []
        """Connections that `vanish` closes; the handlers add theirs."""

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:
                pass

        self._server = Server(("127.0.0.1", port), handler)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.vanish()

    def vanish(self) -> None:
        """Close the port and every connection, as when the plug is pulled."""
        self._server.shutdown()
        self._server.server_close()
        for connection in self.sockets:
            connection.close()
