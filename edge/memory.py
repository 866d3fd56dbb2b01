"""Returns freed memory to the system: glibc keeps tens of megabytes unless told otherwise."""

import contextlib
import ctypes
import gc

_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD = -3, -1
"""glibc's malloc.h."""
_LARGE_BLOCK_BYTES, _KEPT_BYTES = 3_000_000, 8_000_000
"""More than a 1280 x 720 picture, so that a frame costs neither a system call nor new pages."""


def tune_malloc() -> None:
    """Make large blocks return to the system when freed: 135 MB resident instead of 182 with the drawn signer.

    At the first large block glibc raises its threshold to 32 MB, and then nothing freed at start-up returns.
    """
    with contextlib.suppress(OSError, AttributeError):  # other C libraries have their own ways
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK_BYTES)
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def trim_heap() -> None:
    """Return free memory between blocks in use, after much was freed at once; takes some milliseconds."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
