"""The command `oproep`. Data goes to stdout, everything else to stderr.

Each command is imported when it is called, so that `oproep --help` answers at once.
"""

from __future__ import annotations

import importlib
import sys

import click

from flows import __version__
from flows.errors import OproepError

COMMANDS = {
    "import": ("flows.cli.importing", "Read a news item from a URL, HTML file or text file."),
    "draft": ("flows.cli.content", "Write editable drafts for an item."),
    "preview": ("flows.cli.content", "Show every message as it would go out."),
    "check": ("flows.cli.content", "List everything that stands in the way of a launch."),
    "rehearse": ("flows.cli.campaign", "Run the whole campaign on a simulated clock."),
    "plan": ("flows.cli.approval", "Show the steps on a line before the event."),
    "test": ("flows.cli.approval", "Send one copy of each mail to yourself."),
    "approve": ("flows.cli.approval", "Say yes to exactly what would be sent now."),
    "diff": ("flows.cli.approval", "Show what changed since the approval."),
    "launch": ("flows.cli.launching", "Freeze the recipients and schedule every step."),
    "unlaunch": ("flows.cli.launching", "Take a launch back, if nothing has gone out."),
    "move": ("flows.cli.launching", "Give the event another time."),
    "stop": ("flows.cli.launching", "End new hand-overs within a second."),
    "resume": ("flows.cli.launching", "Go on with what is left."),
    "retry": ("flows.cli.launching", "Try again what failed, and nothing else."),
    "settle": ("flows.cli.afterwards", "Find out what became of what may have gone out."),
    "done": ("flows.cli.afterwards", "Say that a post by hand is out, or was not done."),
    "correct": ("flows.cli.amending", "Change posts that are out, where the network allows it."),
    "withdraw": ("flows.cli.amending", "Delete posts, and cancel what has not gone out."),
    "track": ("flows.cli.tracking", "Read returned mail; ask what others did with the posts."),
    "status": ("flows.cli.campaign", "Show where a campaign stands."),
    "report": ("flows.cli.campaign", "Show the delivery report."),
    "audience": ("flows.cli.audience", "Keep the subscribers: import, list, show, forget."),
    "site": ("flows.cli.sources", "Teach the import where things stand on a site's pages."),
    "watch": ("flows.cli.sources", "Import what is new in a feed as draft campaigns."),
    "public": ("flows.cli.public", "Serve the pages to subscribe, leave and read on."),
    "up": ("flows.cli.serving", "Serve this machine: Prefect's server, the runner, the pages."),
    "doctor": ("flows.cli.installation", "Say what works here, what does not, and the mend."),
}
"""Every command with the module that holds it and its line of help, in the order of use."""


class Commands(click.Group):
    """The commands, imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (the base class names it)
        """Return the names in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command; None if there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command when there is none of that name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            ctx.fail(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `oproep import SOURCE`; the README shows a first campaign step by step.",
)
@click.version_option(__version__, prog_name="oproep")
def cli() -> None:
    """Bring one news item out: newsletter, posts and partner mail, once each and on time."""


def main() -> None:
    """Run the command line; the exit code says how it went (see the README)."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; no traceback reaches the user."""
    try:
        outcome = cli.main(args=arguments, prog_name="oproep", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Interrupted.", err=True)
        return 130
    except KeyboardInterrupt:
        click.echo("Interrupted.", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except OproepError as error:
        show(error)
        return error.exit_code
    except BrokenPipeError:
        return 0
    except Exception as error:  # noqa: BLE001 (the last resort: keep the details, spare the user)
        click.echo(f"Error: something unforeseen happened: {error}", err=True)
        click.echo(
            f"  mend:  the details are in {_keep_traceback()}; please report them.", err=True
        )
        return 1
    return outcome if isinstance(outcome, int) else 0


def show(error: OproepError) -> None:
    """Print what, where and the mend."""
    click.echo(f"Error: {error.what}", err=True)
    if error.where:
        click.echo(f"  where: {error.where}", err=True)
    if error.mend:
        click.echo(f"  mend:  {error.mend}", err=True)


def _keep_traceback() -> str:
    """Append the traceback to a log and return its path."""
    import traceback
    from pathlib import Path

    log = Path("var") / "oproep.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        traceback.print_exc(file=file)
    return str(log)
