"""Makes the models: landmark stores in, int8 bundles out. Never imported by `edge`."""

import importlib.util
import sys

if sys.argv[0] == "-m" and importlib.util.find_spec("pyarrow") is None:  # `python -m training.VERB`, before it begins
    print("training: pyarrow is not installed; pip install '.[training]'", file=sys.stderr)
    raise SystemExit(2)
