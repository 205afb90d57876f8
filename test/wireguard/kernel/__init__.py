"""Linux's own WireGuard in a virtual machine."""
