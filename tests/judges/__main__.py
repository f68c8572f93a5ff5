"""`python -m tests.judges BUILD_DIR`: every judge on one build; exit 1 on any finding."""

from __future__ import annotations

from tests.judges.judge import main

raise SystemExit(main())
