"""SpamAssassin's opinion of the mail, by its local rules: nothing in it looks like spam."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.settings_model import Settings
from newsletter.settings_sending import MailingList
from tests.mail import samples
from tests.mail.conftest import RealIssue
from tests.mail.samples import RECIPIENT
from tests.programs import needs, path_of

pytestmark = needs("spamassassin", package="spamassassin")
HARMLESS = {"NO_RECEIVED", "NO_RELAYS", "HTML_MESSAGE", "MAILING_LIST_MULTI"}
"""Rules that say: no server has had it yet, it is HTML, it comes from a mailing list (-1.0)."""
FULL = MailingList(
    unsubscribe_url="https://interkommunales.example/abmelden?t={token}",
    help_url="https://interkommunales.example/hilfe",
    owner="redaktion@interkommunales.example",
    feedback_id="interkommunal",
    feedback_address="beschwerden@interkommunales.example",
)


def _judged(message: bytes, home: Path) -> tuple[float, set[str]]:
    """Return the score and the rules that hit; no network, no user's settings, nothing learnt."""
    done = subprocess.run(
        [path_of("spamassassin") or "spamassassin", "-L", "-t", "-x"],
        input=message,
        capture_output=True,
        check=True,
        timeout=120,
        env={**os.environ, "HOME": str(home)},
    )
    status = re.sub(rb"\r?\n[ \t]+", b" ", done.stdout).partition(b"X-Spam-Status: ")[2].partition(b"\n")[0]
    found = re.search(r"score=(-?[\d.]+) required=\S+ tests=([\w, ]*?) autolearn", status.decode())
    assert found is not None, status
    return float(found[1]), set(re.findall(r"\w+", found[2]))


@pytest.mark.parametrize("filled", [False, True], ids=["as-it-is", "with-all-list-headers"])
def test_the_real_issue_is_no_spam(real_issue: RealIssue, tmp_path: Path, *, filled: bool) -> None:
    """The real issue, sent to a person by name, scores below 1.0, and no rule finds anything amiss."""
    settings: Settings = real_issue.settings
    settings = settings.model_copy(update={"list": FULL}) if filled else settings
    press = samples.press(real_issue.edition, settings).dated(datetime.now(UTC))
    score, rules = _judged(press.letter(RECIPIENT).data, tmp_path)
    assert score < 1.0
    assert rules <= HARMLESS
