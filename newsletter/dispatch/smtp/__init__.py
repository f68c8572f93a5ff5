"""Mail over SMTP: a session without input and output of its own, connections, and a pool of them."""
