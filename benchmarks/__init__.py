"""What the product costs in time and memory, beside a peer or the limit in one run (`make bench`)."""
