"""Files that appear whole or not at all, even if the program is killed or the disk fills up."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edge.errors import unwritable


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path to write to; the file then appears at `path`, whole or not at all.

    Raises:
        AslEdgeError: it cannot be written there.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        plain = OSError(error.errno, os.strerror(error.errno)) if error.errno else error  # pyarrow has its own texts
        raise unwritable(path, plain, "see that the folder is there and may be written to") from error
    finally:
        with suppress(OSError):
            partial.unlink()
