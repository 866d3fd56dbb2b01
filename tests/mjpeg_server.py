"""A network camera: MJPEG over HTTP, each picture stamped with its time; it can stall and vanish."""

import threading
import time
from http.server import BaseHTTPRequestHandler

import cv2
import numpy as np
from loopback_server import LoopbackServer

from edge.types import Image

_BITS, _COLUMNS, _BLOCK = 48, 8, 32


def stamped_picture() -> Image:
    """640x480 with the time in milliseconds as 48 black and white blocks."""
    image = np.full((480, 640, 3), 90, np.uint8)
    now = int(time.time() * 1000)
    for bit in range(_BITS):
        y, x = (step * _BLOCK for step in divmod(bit, _COLUMNS))
        image[y : y + _BLOCK, x : x + _BLOCK] = 255 * (now >> bit & 1)
    return image


def stamp(image: Image) -> float:
    """When a picture was made, in epoch seconds."""
    half = _BLOCK // 2
    milliseconds = 0
    for bit in range(_BITS):
        y, x = (step * _BLOCK + half for step in divmod(bit, _COLUMNS))
        milliseconds |= int(image[y, x, 0] > 127) << bit
    return milliseconds / 1000


class MjpegServer(LoopbackServer):
    """The camera; `stalled` keeps the connection open and sends nothing, `damaged` cuts every picture.

    `untidy` leaves bytes too many before a marker, as many webcams do: libjpeg decodes it and complains.
    """

    def __init__(self, port: int = 0, fps: float = 30.0) -> None:
        self.stalled = threading.Event()
        self.damaged = threading.Event()
        self.untidy = threading.Event()
        self.connections = 0
        self._fps = fps
        self._gone = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._serve(self)

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(Handler, port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def vanish(self) -> None:
        self._gone.set()
        super().vanish()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        self.connections += 1
        self.sockets.append(handler.connection)
        while self.stalled.is_set() and not self._gone.wait(0.02):
            pass
        handler.send_response(200)
        handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        handler.end_headers()
        while not self._gone.wait(1 / self._fps):
            if not self.stalled.is_set():
                jpeg = cv2.imencode(".jpg", stamped_picture())[1].tobytes()
                jpeg = jpeg[: len(jpeg) // 2] if self.damaged.is_set() else jpeg
                jpeg = jpeg[:-2] + b"\x12" * 16 + jpeg[-2:] if self.untidy.is_set() else jpeg
                head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
                handler.wfile.write(head + jpeg + b"\r\n")
