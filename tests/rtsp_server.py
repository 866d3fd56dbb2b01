"""A minimal RTSP camera: ffmpeg makes H.264 over RTP, and this relays it inside the client's TCP connection."""

import socket
import socketserver
import struct
import subprocess

from loopback_server import LoopbackServer

_SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:track0\r\n"
)
_ENCODER = (
    "ffmpeg -v quiet -re -f lavfi -i testsrc=size=320x240:rate=15 "
    "-c:v libx264 -preset ultrafast -tune zerolatency -g 5 -bsf:v dump_extra -f rtp rtp://127.0.0.1:{port}?pkt_size=1200"
)


class RtspServer(LoopbackServer):
    """Serves one video stream to whoever asks."""

    def __init__(self) -> None:
        self._encoders: list[subprocess.Popen[bytes]] = []
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer._serve(self)

        super().__init__(Handler)

    def vanish(self) -> None:
        super().vanish()
        for encoder in self._encoders:
            encoder.kill()
            encoder.wait()

    def _serve(self, client: socketserver.StreamRequestHandler) -> None:
        self.sockets.append(client.connection)
        while request := _read_head(client):
            method, headers = request
            answer = [f"CSeq: {headers['cseq']}", "Session: 1"]
            body = ""
            if method == "OPTIONS":
                answer.append("Public: DESCRIBE, SETUP, PLAY, TEARDOWN")
            elif method == "DESCRIBE":
                body = _SDP
                answer += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
            elif method == "SETUP":
                answer.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
            client.wfile.write("\r\n".join(["RTSP/1.0 200 OK", *answer, "", body]).encode())
            if method == "PLAY":
                self._stream(client)

    def _stream(self, client: socketserver.StreamRequestHandler) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
            packets.bind(("127.0.0.1", 0))
            command = _ENCODER.format(port=packets.getsockname()[1]).split()
            self._encoders.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))
            while True:
                packet = packets.recv(2048)
                client.wfile.write(b"$\0" + struct.pack(">H", len(packet)) + packet)


def _read_head(client: socketserver.StreamRequestHandler) -> tuple[str, dict[str, str]] | None:
    lines = []
    while line := client.rfile.readline().decode().strip():
        lines.append(line)
    if not lines:
        return None
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    return lines[0].split()[0], headers
