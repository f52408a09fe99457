"""The rules of the gate: records in, records out, no I/O and no clock."""
