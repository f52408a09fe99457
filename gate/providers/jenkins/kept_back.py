"""What holds stages back where Jenkins cannot stop them?"""

from __future__ import annotations

from typing import Final

KEPT_BACK: Final = (
    "stages with `when { expression { fiberGate.isOpen() } }` are skipped, and --cancel-run aborts the build"
)
