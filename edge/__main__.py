"""`python -m edge` is `asl-edge`."""

from edge.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
