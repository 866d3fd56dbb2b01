"""Whether the system clock can be believed: events carry epoch seconds, and TLS needs the date."""

import ctypes
import os
import time

_EARLIEST_YEAR = 2025
"""Earlier years predate this program: a Pi without a battery clock that has not yet reached a time server."""
_UNSYNCHRONISED_MICROSECONDS = 16_000_000
"""The kernel's own limit for the clock's error, and systemd's test for `NTPSynchronized`."""


class _Timex(ctypes.Structure):
    """The head of the kernel's `struct timex`; see adjtimex(2)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("rest", ctypes.c_byte * 256),
    )


def clock_problem() -> str | None:
    """One line, or None if a time server sets the clock."""
    year = time.gmtime().tm_year
    if year < _EARLIEST_YEAR:
        return f"the clock says {year}; connect the device to a time server: timedatectl set-ntp true"
    state = _Timex()
    if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(state)) < 0:
        return f"the clock cannot be asked ({os.strerror(ctypes.get_errno())}); look with timedatectl"
    if state.maxerror >= _UNSYNCHRONISED_MICROSECONDS:
        return "no time server sets the clock, times in events may be off; mend with: timedatectl set-ntp true"
    return None
