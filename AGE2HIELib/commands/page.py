"""The reference page of the command line, docs/reference/commands.md, made from the parsers themselves."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from AGE2HIELib.options import add_commands


def commands_page() -> str:
    """Markdown: every command with its options, those that ``--help`` leaves out marked as rare."""
    usual, whole = (dict(_commands(_parser(rare=rare))) for rare in (False, True))
    parts = "\n\n".join(_section(name, whole[name], _options(usual[name])) for name in whole)
    return f"""# Commands

`make docs` makes this page from the command line's own parsers. `age2hie COMMAND --help` prints the usual options,
`--help-all` the rare ones as well.

{parts}
"""


def _parser(*, rare: bool) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="age2hie")
    add_commands(parser, rare=rare)
    return parser


def _commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command that does something, by its full name."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield parser.prog, parser
    for group in groups:
        for command in group.choices.values():
            yield from _commands(command)


def _options(command: argparse.ArgumentParser) -> set[str]:
    """Of the options those whose help is shown."""
    return {action.dest for action in command._actions if action.help != argparse.SUPPRESS}


def _section(name: str, command: argparse.ArgumentParser, usual: set[str]) -> str:
    shown = [action for action in command._actions if action.dest not in ("help", "help_all")]
    positional = [action for action in shown if not action.option_strings]
    words = " ".join(f"[{one.metavar}]" if one.nargs == "?" else str(one.metavar) for one in positional)
    rows = [_row(action, rare=action.dest not in usual) for action in shown]
    table = "\n".join(["| | |", "| --- | --- |", *rows])
    return f"## {name} {words}".rstrip() + f"\n\n{command.description}\n" + (f"\n{table}" if rows else "")


def _row(action: argparse.Action, *, rare: bool) -> str:
    values = action.metavar or ", ".join(action.choices or ())
    name = f"{', '.join(action.option_strings)} {'' if action.nargs == 0 else values}".strip()
    needed = ", needed" if action.required and action.option_strings else ""
    return f"| `{name}` | {action.help}{needed}{' (rare)' if rare else ''} |"
