"""wg-torture: how an implementation of WireGuard behaves towards honest, wrong and hostile peers."""
