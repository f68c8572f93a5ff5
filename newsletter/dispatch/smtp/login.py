"""What to log in with: a password from the environment or a private file, or a token from a program."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from newsletter.dispatch.model import Stage
from newsletter.dispatch.smtp.auth import Credentials
from newsletter.dispatch.smtp.trouble import Trouble, passing
from newsletter.errors import NewsletterError
from newsletter.language import _
from newsletter.settings_sending import Relay, Smtp

_PATIENCE = 60
"""Seconds that the program may take to print a token."""


class LoginError(NewsletterError, ValueError):
    """The settings do not say how to log in to the mail server."""


class Login:
    """How to log in to one relay."""

    def __init__(self, server: Smtp | Relay, relay: str, *, root: Path) -> None:
        """Read the password; relative paths start from `root`.

        Raises:
            LoginError: the settings contradict themselves, or the file cannot be used.
        """
        self._server = server
        self._relay = relay
        self._root = root
        self._token = ""
        self._lock = asyncio.Lock()
        self._password = self._read()

    @property
    def renewable(self) -> bool:
        """Whether the secret is a token, of which a new one may help."""
        return bool(self._server.user and self._server.token_command)

    async def credentials(self) -> Credentials | None:
        """Return what to log in with; None where nobody is to log in.

        Raises:
            Trouble: the program prints no token.
        """
        user = self._server.user
        if not user:
            return None
        if not self.renewable:
            return Credentials(user, self._password, mechanism=self._server.auth)
        async with self._lock:
            self._token = self._token or await self._printed()
        return Credentials(user, self._token, token=True)

    def forget(self) -> None:
        """Ask for a new token next time; the server does not take this one."""
        self._token = ""

    async def _printed(self) -> str:
        command = self._server.token_command
        try:
            program = await asyncio.create_subprocess_exec(
                *command, cwd=self._root, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
            )
        except OSError as err:
            raise self._trouble(err.strerror or str(err)) from err
        try:
            printed, _err = await asyncio.wait_for(program.communicate(), _PATIENCE)
        except TimeoutError as err:
            raise self._trouble(_("it takes too long")) from err
        finally:
            if program.returncode is None:
                program.kill()
                await program.wait()
        token = printed.decode("utf-8", "replace").strip()
        if program.returncode or not token.isascii() or not token.isprintable() or not token:
            reason = _("it ended with code {code}") if program.returncode else _("it prints none")
            raise self._trouble(reason.format(code=program.returncode))
        return token

    def _trouble(self, reason: str) -> Trouble:
        text = _("{program} was to print an access token, but {reason}.")
        text = text.format(program=self._server.token_command[0], reason=reason)
        return Trouble(passing(Stage.AUTH, text, self._relay))

    def _read(self) -> str:
        server = self._server
        ways = [server.password is not None, server.password_file is not None, bool(server.token_command)]
        if not server.user:
            if any(ways):
                raise LoginError(
                    _("The mail server “{relay}” has a password but no user.").format(relay=self._relay),
                    cure=_("Name one with “user”."),
                )
            return ""
        if sum(ways) != 1:
            raise LoginError(
                _("The mail server “{relay}” has a user, but not exactly one secret.").format(
                    relay=self._relay
                ),
                cure=_(
                    "Set the password in the environment, or name one of “password_file”, “token_command”."
                ),
            )
        self._check_mechanism()
        if server.password is not None:
            return server.password.get_secret_value()
        return _from_file(self._root / server.password_file) if server.password_file else ""

    def _check_mechanism(self) -> None:
        wants_token = self._server.auth == "xoauth2"
        if self._server.auth != "auto" and wants_token != bool(self._server.token_command):
            raise LoginError(
                _("“{auth}” and the secret of the mail server “{relay}” do not fit.").format(
                    auth=self._server.auth, relay=self._relay
                ),
                cure=_("“xoauth2” needs a “token_command”, the other ways need a password."),
            )


def _from_file(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except OSError as err:
        message = _("{path} cannot be read: {reason}.").format(path=path, reason=err.strerror)
        raise LoginError(message, cure=_("“password_file” names a file that holds the password.")) from err
    except UnicodeDecodeError as err:
        raise LoginError(_("{path} holds no password.").format(path=path)) from err
    if mode & 0o077:
        message = _("The password in {path} can be read by others.").format(path=path)
        raise LoginError(message, cure=_("Take their rights away: chmod 600 {path}").format(path=path))
    password = text.rstrip("\r\n")
    if not password or not password.isprintable():
        raise LoginError(_("{path} holds no password.").format(path=path))
    return password
