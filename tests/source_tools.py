"""What tests read from the source code."""

import ast


def imports(code: str) -> set[str]:
    """Top-level packages imported anywhere in a module's code."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found
