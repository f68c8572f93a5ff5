"""The family `inbox`: the line by which readers decide whether to open a mail."""
