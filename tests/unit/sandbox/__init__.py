"""The sandbox: emulators on loopback."""
