"""The command line: each command parses, makes one call, and prints (click's only home).

Data goes to stdout, talk to stderr. Exit code 0: done; 1: something is open or wrong; 2: wrong usage.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import click

from newsletter import __version__, language
from newsletter.errors import FaultsFound, NewsletterError
from newsletter.language import _

COMMANDS = {
    "init": "newsletter.cli.starting:init",
    "new": "newsletter.cli.starting:new",
    "build": "newsletter.cli.building:build",
    "preview": "newsletter.cli.previewing:preview",
    "check": "newsletter.cli.checking:check",
    "diff": "newsletter.cli.differing:diff",
    "schema": "newsletter.cli.starting:schema",
    "subscribers": "newsletter.cli.subscribers:subscribers",
    "send": "newsletter.cli.sending:send",
    "status": "newsletter.cli.status:status",
    "resolve": "newsletter.cli.resolving:resolve",
    "pause": "newsletter.cli.controlling:pause",
    "resume": "newsletter.cli.controlling:resume",
    "cancel": "newsletter.cli.controlling:cancel",
    "retry": "newsletter.cli.controlling:retry",
    "approve": "newsletter.cli.controlling:approve",
}


class _Commands(click.Group):
    """Loads a command's module when it is asked for, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's signature)
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101 (COMMANDS names commands; a test says so)
        return command


def _group() -> click.Group:
    """Make the command group, in the editor's language."""
    return _Commands(
        "newsletter",
        help=_("Write a newsletter in YAML, see it as its readers will, send it accountably."),
        params=[
            click.Option(["--debug"], is_flag=True, help=_("Show where in the program an error came from.")),
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_show_version,
                help=_("Show the version."),
            ),
        ],
        callback=lambda debug: None,  # noqa: ARG005 (main looks at the arguments itself)
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )


def _show_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(f"newsletter {__version__}")
        context.exit()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; the one place where errors become messages."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    language.use(language.preferred(os.environ))
    os.environ.update(language.lend())
    # pydantic would look through every installed package for plugins: 30 ms at each start, for none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        result = _group().main(args, prog_name="newsletter", standalone_mode=False)
    except click.exceptions.Exit as err:
        return err.exit_code
    except click.Abort:
        click.echo(_("Stopped."), err=True)
        return 1
    except click.ClickException as err:
        err.show()
        return err.exit_code
    except NewsletterError as err:
        if "--debug" in args:
            traceback.print_exc()
        click.echo(_harmless(_told(err)), err=True)
        return err.exit_code
    except Exception as err:  # noqa: BLE001 (the one place that catches; nobody is to read a traceback)
        if "--debug" in args:
            traceback.print_exc()
        click.echo(_harmless(_unforeseen(err)), err=True)
        return 1
    return int(result or 0)


def _told(err: NewsletterError) -> str:
    """Tell an error with its files as seen from here, as people and editors follow them."""
    if not isinstance(err, FaultsFound):
        return str(err)
    here = Path.cwd()
    shown = (
        replace(one, where=replace(one.where, path=_seen_from(here, one.where.path))) for one in err.faults
    )
    return "\n".join(map(str, shown))


def _harmless(text: str) -> str:
    """Leave nothing in a message that could steer a terminal: it may quote a file or the database."""
    return "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)


def _seen_from(here: Path, path: Path) -> Path:
    return path.relative_to(here) if path.is_relative_to(here) else path


def _unforeseen(err: Exception) -> str:
    if isinstance(err, OSError) and err.strerror:
        return f"{err.filename}: {err.strerror}" if err.filename else err.strerror
    told = _("The program itself failed ({reason}). “newsletter --debug …” shows where.")
    return told.format(reason=f"{type(err).__name__}: {err}")
