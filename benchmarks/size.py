"""How much does the base install bring?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.rows import Row

ROOT = Path(__file__).resolve().parent.parent
_LIST = """
import importlib.metadata, json
print(json.dumps({
    found.name: sum(
        file.locate().stat().st_size
        for file in found.files or ()
        if file.suffix != ".pyc" and file.locate().is_file()
    )
    for found in importlib.metadata.distributions()
}))
"""


def measure() -> list[Row]:
    """Install the project without extras into a folder of its own, and count."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
        subprocess.run([*pip, "--target", folder, str(ROOT)], check=True, timeout=300)
        environ = {**os.environ, "PYTHONPATH": folder}
        listed = subprocess.run(
            [sys.executable, "-S", "-c", _LIST], env=environ, check=True, capture_output=True, timeout=60
        )
    sizes: dict[str, int] = json.loads(listed.stdout)
    largest = max(sizes, key=lambda name: sizes[name])
    return [
        Row(
            what="base install, distributions",
            measured=len(sizes),
            bound=10,
            unit="",
            note=", ".join(sorted(sizes)),
        ),
        Row(
            what="base install, size",
            measured=sum(sizes.values()) / 1e6,
            bound=6,
            unit="MB",
            note=f"without bytecode; {largest} is {sizes[largest] / 1e6:.1f} MB of it",
        ),
    ]
