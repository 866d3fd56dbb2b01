"""What a `--source` text means, checked as far as possible without opening it, and how it may be shown."""

import hashlib
import os
import re
import shlex
import shutil
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edge.camera.pictures import is_picture, picture_files
from edge.errors import InputError


class SourceKind(StrEnum):
    """How a source is opened."""

    DEVICE = "device"
    """A V4L2 camera."""
    URL = "url"
    EXEC = "exec"
    """A child process that writes raw yuv420 frames."""
    DEMO = "demo"
    """The signer that the program draws itself."""
    VIDEO = "video"
    PICTURES = "pictures"
    """One picture, or a folder of them."""


LOCAL_KINDS = frozenset({SourceKind.VIDEO, SourceKind.PICTURES, SourceKind.DEMO})
"""Not cameras: reopening does not cure a fault in one of these."""

_SCHEMES = ("http", "https", "rtsp", "rtsps")
_RPICAM = ("rpicam-", "libcamera-")
"""Beginnings of these programs' names, today and on older systems."""
_CREDENTIALS = re.compile(r"(?<=://)[^\s/]*@")
_QUERY = re.compile(r"(\w+://[^\s?]*)\?\S*")


@dataclass(frozen=True, slots=True)
class Source:
    """Where pictures come from."""

    kind: SourceKind
    target: str
    """Device path, URL, command line, text to sign, or absolute path of the file or folder."""
    name: str
    """The source, as logs and messages may show it: no password, no query."""

    @property
    def is_rpicam(self) -> bool:
        """Whether the command is of rpicam-apps, whose yuv420 differs: full range, and padded rows."""
        return self.kind is SourceKind.EXEC and Path(shlex.split(self.target)[0]).name.startswith(_RPICAM)

    @property
    def digest(self) -> str:
        """Tells others on MQTT whether they read the same source, but not which."""
        return hashlib.sha256(self.name.encode()).hexdigest()


def parse_source(text: str) -> Source:
    """Find out what kind of source `text` names.

    Raises:
        InputError: it is not a source, or is a file or folder that cannot hold pictures.
    """
    name = redacted(text)
    if text.isdecimal():
        return Source(SourceKind.DEVICE, f"/dev/video{int(text)}", f"/dev/video{int(text)}")
    if text.startswith("exec:"):
        _check_command(text)
        return Source(SourceKind.EXEC, text.removeprefix("exec:"), name)
    if text == "demo" or text.startswith("demo:"):
        return Source(SourceKind.DEMO, text.removeprefix("demo").removeprefix(":"), name)
    if "://" in text:
        scheme, _, rest = text.partition("://")
        if scheme.lower() not in _SCHEMES or not rest.strip("/"):
            raise InputError(f"{name}: not an address this program reads; give http://, https:// or rtsp:// and a host")
        return Source(SourceKind.URL, text, name)
    if text.startswith("/dev/"):
        return Source(SourceKind.DEVICE, text, text)
    if not text:
        raise InputError("camera.source: empty; name a camera, a file, a URL or `demo`")
    return _parse_path(text)


def why_absent(source: Source) -> str | None:
    """One line if the camera or program does not exist or may not be used; found without opening it."""
    if source.kind is SourceKind.DEVICE:
        if not Path(source.target).exists():
            found = ", ".join(sorted(str(path) for path in Path("/dev").glob("video*"))) or "none"
            return f"{source.name}: no such camera; plug it in or name another (found: {found})"
        if not os.access(source.target, os.R_OK | os.W_OK):
            return f"{source.name}: no right to open this camera; add the user to the group 'video'"
    if source.kind is SourceKind.EXEC:
        program = shlex.split(source.target)[0]
        if shutil.which(program) is None:
            return f"{source.name}: no program '{program}'; install it or give its full path"
    return None


def redacted(text: str) -> str:
    """The text with user names, passwords and queries removed from its URLs."""
    return _QUERY.sub(r"\1?***", _CREDENTIALS.sub("***@", text))


def _check_command(text: str) -> None:
    try:
        words = shlex.split(text.removeprefix("exec:"))
    except ValueError as error:
        raise InputError(f"{redacted(text)}: not a command line ({error}); close the quotes") from None
    if not words:
        # Without --flush rpicam-vid holds a frame's end until the next one, and every second frame is dropped.
        example = "exec:rpicam-vid -t 0 -n --codec yuv420 -o - --flush"
        raise InputError(f"exec: no command given; write for example `{example}`")


def _parse_path(text: str) -> Source:
    try:
        text.encode("utf-8")  # other names make OpenCV crash the process
        path = Path(text).expanduser()
    except UnicodeEncodeError:
        shown = text.encode("utf-8", "backslashreplace").decode()
        raise InputError(f"{shown}: a file name that is not UTF-8; rename the file") from None
    except RuntimeError as error:
        raise InputError(f"{text}: {error}; write the path out") from None
    try:
        kind = _kind_of(path, text)
    except FileNotFoundError:
        raise InputError(f"{text}: no such file or folder; name a file, a camera, a URL or `demo`") from None
    except OSError as error:  # no permission, a name too long, a failing disk
        raise InputError(f"{text}: cannot be read ({error.strerror}); change its mode or its owner") from error
    return Source(kind, str(path.resolve()), text)  # absolute: FFmpeg takes text before a colon for a protocol


def _kind_of(path: Path, text: str) -> SourceKind:
    status = path.stat()
    if stat.S_ISCHR(status.st_mode):
        return SourceKind.DEVICE
    if stat.S_ISDIR(status.st_mode):
        if not picture_files(path):
            raise InputError(f"{text}: a folder without pictures; name a video, or a folder of .jpg or .png files")
        return SourceKind.PICTURES
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{text}: neither a file, a folder nor a camera; name one of these")
    if status.st_size == 0:
        raise InputError(f"{text}: an empty file (zero bytes); record or copy it again")
    return SourceKind.PICTURES if is_picture(path) else SourceKind.VIDEO
