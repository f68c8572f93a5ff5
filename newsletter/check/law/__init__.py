"""The family `law`: what law and mail providers demand of a newsletter."""
