"""How long is `90s`, `10m` or `1h30m`?"""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
PATTERN = r"^([0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h|d))+$"


def parse_duration(text: str) -> float:
    """Return seconds.

    Raises:
        ValueError: the text is no duration; the message says what one looks like.
    """
    if not re.fullmatch(PATTERN[1:-1], text):
        raise ValueError(f"expected a duration such as 5s, 10m or 1h30m, found {text!r}")
    parts = re.findall(r"([0-9.]+)(ms|[smhd])", text)
    return sum(float(amount) * _UNITS[unit] for amount, unit in parts)


def shown_duration(seconds: float) -> str:
    """Return seconds as ``45s``, ``9m50s`` or ``2h05m``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s"
    return f"{minutes // 60}h{minutes % 60:02}m"
