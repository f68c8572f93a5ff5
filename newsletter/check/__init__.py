"""Check an issue before it is sent: every fault with its place, what is wrong, and how it is cured."""
