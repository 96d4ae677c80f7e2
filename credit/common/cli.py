"""Commands: help, subcommands that are imported when they are called, answers as text or JSON, exit codes."""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple, NoReturn, get_args

import click

from credit.common.errors import CreditError, Problem, print_error


class Answer(NamedTuple):
    """`content` is what `--json` prints, `text` what people read, `code` the exit code."""

    content: dict[str, Any]
    text: str
    code: int = 0


def print_answer(text: str) -> None:
    """Print an answer at once; a reader who has seen enough, as `head` has, is no error and changes no exit code."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Command(click.Command):
    """A command whose epilog is printed line for line."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the epilog without filling its lines."""
        if self.epilog:
            formatter.write(f"\n{self.epilog}\n")

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Build --help so that a reader may close the pipe."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help, option.callback = "show this and exit", _print_help
        return option


class AnsweringCommand(Command):
    """A command whose function returns an Answer, printed as JSON with --json. Invoking it returns the exit code."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.params.append(click.Option(["--json", "as_json"], is_flag=True, help="print JSON"))

    def invoke(self, ctx: click.Context) -> int:
        """Print the answer and return its exit code."""
        as_json = ctx.params.pop("as_json")
        answer = self.complete(super().invoke(ctx))
        print_answer(json.dumps(answer.content, indent=2, ensure_ascii=False) if as_json else answer.text)
        return answer.code

    def complete(self, answer: Answer) -> Answer:
        """Add to an answer what every command of a kind says; by default nothing."""
        return answer


def make_stage(doc: str | None) -> Callable[[Callable[..., None]], Command]:
    """Make a function the command of a stage: its parameters, each a path or a name, are what dvc.yaml gives it."""

    def make(function: Callable[..., None]) -> Command:
        arguments: list[click.Parameter] = [
            click.Argument([name], metavar=name.upper(), type=click.Choice(get_args(kind)) if get_args(kind) else kind)
            for name, kind in function.__annotations__.items()
            if name != "return"
        ]
        epilog = "Run by `dvc repro`; dvc.yaml gives the arguments."
        return Command(function.__name__, callback=function, params=arguments, help=doc, epilog=epilog)

    return make


class LazyGroup(Command, click.Group):
    """A group whose subcommands have a file each: `run` in `package.name` is imported when `name` is called.

    `verbs` has their names with the line that --help prints, so that help imports none of them.
    """

    def __init__(self, package: str, verbs: Mapping[str, str], **settings: Any) -> None:
        super().__init__(**settings)
        self._package, self._verbs = package, verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names in their given order."""
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Import one subcommand. Raises NoSuchCommand, which names the nearest ones; CreditError without a library."""
        if cmd_name not in self._verbs:
            raise click.NoSuchCommand(cmd_name, possibilities=self._verbs, ctx=ctx)
        try:
            command: click.Command = import_module(f"{self._package}.{cmd_name.replace('-', '_')}").run
        except ModuleNotFoundError as error:
            raise_missing_library(cmd_name, error)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a line for each subcommand."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._verbs.items()))


def raise_missing_library(command: str, error: ModuleNotFoundError) -> NoReturn:
    """Raise CreditError for a library that is not installed; what is missing of one that is here is another fault."""
    library = (error.name or "").partition(".")[0]
    if not library or find_spec(library) is not None:
        raise error
    fix = "`make setup` installs the locked dependencies in a clone"
    raise CreditError(Problem(command, f"the library {library} is not installed", fix=fix)) from None


class ExclusiveOption(click.Option):
    """An option that is refused beside any of `excludes`, the names of other parameters."""

    def __init__(self, *arguments: Any, excludes: Sequence[str], **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._excludes = excludes

    def handle_parse_result(
        self, ctx: click.Context, opts: Mapping[str, Any], args: list[str]
    ) -> tuple[Any, list[str]]:
        """Raise UsageError when two of them are given."""
        for other in self._excludes if self.name in opts else ():
            if other in opts and other != self.name:
                raise click.UsageError(f"{self.opts[0]}: not allowed with argument --{other}", ctx)
        return super().handle_parse_result(ctx, opts, args)


def run(command: click.Command, program: str, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit with its code, 0 when it returns none; 2 and one line when it is called wrongly.

    Not click's own `main`, which makes Ctrl-C and broken pipes a failure with exit code 1.
    """
    words = sys.argv[1:] if arguments is None else arguments
    try:
        with command.make_context(
            program, list(words), help_option_names=["-h", "--help"], max_content_width=120
        ) as context:
            code = command.invoke(context)
    except click.exceptions.Exit as left:  # --help
        code = left.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = error.exit_code
    except click.UsageError as error:
        message = " ".join(error.format_message().split())
        print_error(f"{message} ({error.ctx.command_path if error.ctx else program} --help says more)")
        code = error.exit_code
    sys.exit(code)


def _print_help(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        print_answer(ctx.get_help())
        ctx.exit()
