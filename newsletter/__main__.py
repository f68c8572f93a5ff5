"""`python -m newsletter …` is `newsletter …`."""

from __future__ import annotations

import sys

from newsletter.cli import main

if __name__ == "__main__":
    sys.exit(main())
