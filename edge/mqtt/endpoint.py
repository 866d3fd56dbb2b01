"""Where the broker is and how to log in: URL, TLS and secrets from the environment."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from edge.errors import InputError

USERNAME_VARIABLE = "ASL_EDGE_MQTT_USERNAME"
PASSWORD_VARIABLE = "ASL_EDGE_MQTT_PASSWORD"  # noqa: S105 - the name of the variable

_DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One broker."""

    url: str
    host: str
    port: int
    websocket_path: str | None
    """None for plain TCP."""
    tls: ssl.SSLContext | None
    username: str | None
    password: str | None = field(repr=False)


def parse_endpoint(url: str, ca_file: str | None, environment: Mapping[str, str] = os.environ) -> Endpoint:
    """Read the broker's URL.

    Raises:
        InputError: the URL, the certificate file or the credentials cannot be used.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InputError(f"mqtt.url: {error}; write mqtt://host:1883") from error
    if parts.scheme not in _DEFAULT_PORTS:
        # The URL is not repeated: it may contain a password.
        raise InputError(
            "mqtt.url: not a broker's address; write mqtt://host[:port], mqtts://..., ws://... or wss://..."
        )
    if "@" in parts.netloc:
        raise InputError(f"mqtt.url: holds credentials; set {USERNAME_VARIABLE} and {PASSWORD_VARIABLE} instead")
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"mqtt.url: {url}: {error}; write mqtt://host:1883") from error
    if not host or port == 0:
        raise InputError(f"mqtt.url: {url}: no host or port; write mqtt://host:1883")
    username, password = environment.get(USERNAME_VARIABLE), environment.get(PASSWORD_VARIABLE)
    if password and not username:
        raise InputError(f"{PASSWORD_VARIABLE} is set without {USERNAME_VARIABLE}; set both")
    for name, value in ((USERNAME_VARIABLE, username), (PASSWORD_VARIABLE, password)):
        try:
            (value or "").encode("utf-8")
        except UnicodeEncodeError:
            raise InputError(f"{name}: is not UTF-8 text; set it anew") from None
    return Endpoint(
        url=url,
        host=host,
        port=port or _DEFAULT_PORTS[parts.scheme],
        websocket_path=(parts.path or "/mqtt") if parts.scheme in ("ws", "wss") else None,
        tls=_tls(ca_file) if parts.scheme in ("mqtts", "wss") else None,
        username=username,
        password=password,
    )


def _tls(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or "no certificate in it"
        raise InputError(f"mqtt.ca_file: {ca_file}: {reason}; give a PEM file of certificate authorities") from error
