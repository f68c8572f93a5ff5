"""The family `clients`: what a mail depends on that not every mail program shows."""
