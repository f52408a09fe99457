"""What did a real lab answer? Bodies as recorded on 2025-11-08, waiting and ready."""

from __future__ import annotations

from typing import Final

WAITING: Final = {
    "dx": 0.0,
    "prr": 0.0,
    "fiber_start_meters": None,
    "fiber_length_meters": None,
    "sw_version": "waiting for fiber",
    "number_of_channels": 2337,
    "fiber_description": "waiting for fiber",
}

READY: Final = {
    "prr": 2000.0,
    "num_samples_per_trace": 1024,
    "dtype": "float32",
    "dx": 0.5,
    "number_of_channels": 2337,
    "fiber_description": "SMF-28, 50 km",
    "sw_version": "10.4.1",
}

REFUSED_CONFIGURE: Final = {
    "error": "Service Unavailable",
    "reason": "Cannot proceed: Missing required fiber metadata fields: prr",
    "status": "waiting_for_fiber",
    "message": "waiting for fiber",
    "details": {"prr": 0.0, "sw_version": "waiting for fiber"},
}

HTML: Final = b"<!DOCTYPE html><html><body><h1>Welcome to nginx!</h1></body></html>"
