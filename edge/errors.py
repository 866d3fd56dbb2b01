"""Errors, each one line: what, where and how to mend it."""

import errno
from pathlib import Path

_DISK_MENDS = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room on the disk",
    errno.EROFS: "mount that file system writable",
}


class AslEdgeError(Exception):
    """The daemon or a tool could not do its work. Exit code 1.

    Its text is `what and where; how to mend`.
    """

    exit_code = 1

    def __str__(self) -> str:
        return printable(super().__str__())

    @property
    def what(self) -> str:
        return str(self).partition("; ")[0]

    @property
    def mend(self) -> str:
        """How to mend it; empty if the text does not say."""
        return str(self).partition("; ")[2]


class InputError(AslEdgeError):
    """Something the user gave (file, config, bundle, argument) cannot be used. Exit code 2."""

    exit_code = 2


def one_line(error: BaseException) -> str:
    """What went wrong, for a person: our own errors as they are, others with their type."""
    if isinstance(error, AslEdgeError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return printable(f"{error.filename or 'standard output'}: {error.strerror}; see to it and try again")
    said = printable(str(error).strip().split("\n")[0])
    return f"unexpected {type(error).__name__}: {said}; this is a mistake of the program, please report it"


def printable(text: str) -> str:
    """The text as one line: line breaks and other control characters are written as in Python."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def unwritable(path: Path, error: OSError, mend: str) -> AslEdgeError:
    """What could not be written and why; `mend` applies if permission is missing."""
    return AslEdgeError(f"{path}: cannot be written ({error.strerror}); {_DISK_MENDS.get(error.errno or 0, mend)}")


def why_unreadable(error: OSError | UnicodeDecodeError) -> str:
    """Why a text file could not be read, for a message that names it."""
    return str(error.strerror) if isinstance(error, OSError) else "not UTF-8 text"
