"""What goes wrong, said in one line: what, where and how to mend it."""


class AslEdgeError(Exception):
    """The daemon or a tool could not do its work. Exit code 1."""

    exit_code = 1


class InputError(AslEdgeError):
    """Something the user handed in (file, config, bundle, argument) cannot be used. Exit code 2."""

    exit_code = 2
