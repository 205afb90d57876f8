"""Every check, in the order of the table."""
from . import handshake, sessions, transport, routing, timers, configuration, cookies

__all__ = ["handshake", "sessions", "transport", "routing", "timers", "configuration", "cookies"]
