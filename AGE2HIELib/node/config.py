"""Reads the node's file (TOML) into ``NodeSettings``; whatever is wrong with it is one line that names the key."""

from __future__ import annotations

import ipaddress
import re
import tomllib
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from AGE2HIELib.errors import InputError
from AGE2HIELib.node.settings import Caller, NodeSettings, Rule, Tls

Table = TypeVar("Table")
_KINDS = {str: "a text in quotes", int: "a whole number", float: "a number", bool: "true or false"}
_MOST_BYTES = 1_000_000


def read_config(path: Path) -> NodeSettings:
    """Relative paths in the file are meant from its own folder.

    Raises:
        InputError: the file cannot be read, or one of its keys or values cannot be.
    """
    return checked(read_table(NodeSettings, path, "docs/node.md"))


def read_table(kind: type[Table], path: Path, page: str) -> Table:
    """A file of settings into the dataclass ``kind``; ``page`` of the docs has an example of it. Raises InputError."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(
                f"'{path.name}' has more than {_MOST_BYTES} bytes, so it is no file of settings. Check the name."
            )
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"The file '{path.name or path}' cannot be read: {error.strerror}. Check the name.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"'{path.name}' is no text in UTF-8. Save it as UTF-8.") from error
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"'{path.name}' is not TOML: {error}. Correct that line ({page} has an example).") from error
    return _table(kind, content, "", path.resolve().parent)


def checked(settings: NodeSettings) -> NodeSettings:
    """What no single key tells; InputError where the settings do not go together."""
    if not settings.callers and settings.watch is None:
        raise InputError("Nobody may send: there is no [[callers]]. Name the AE title and the addresses of the PACS.")
    for number, caller in enumerate(settings.callers, 1):
        _check_addresses(caller, number)
    for number, rule in enumerate(settings.rules, 1):
        _check_rule(rule, number)
    pacs = settings.pacs
    if pacs.commitment and pacs.ae_title not in [caller.ae_title for caller in settings.callers]:
        raise InputError(
            f"'pacs.commitment' is true, and {pacs.ae_title} is no caller: its answer could not come. Name it under "
            "[[callers]], with its addresses."
        )
    if settings.tls is not None:
        _check_tls(settings.tls, settings)
    if settings.retry.first_s > settings.retry.most_s:
        raise InputError(
            f"'retry.first_s' is {settings.retry.first_s:g}, more than 'retry.most_s' ({settings.retry.most_s:g}). "
            "Lower it."
        )
    return settings


def _table(kind: type[Table], content: Mapping[str, Any], where: str, base: Path) -> Table:
    known: dict[str, Field[Any]] = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for name, value in content.items():
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            advice = f"Perhaps '{near[0]}' is meant." if near else f"Known there: {', '.join(known)}."
            raise InputError(f"There is no setting '{where}{name}'. {advice}")
        values[name] = _value(hints[name], value, f"{where}{name}", base)
        if known[name].metadata.get("name") and len(Path(value).parts) == 1 and not values[name].exists():
            values[name] = Path(value)
        _check_value(known[name], values[name], f"{where}{name}")
    missing = [name for name, one in known.items() if one.default is MISSING and name not in values]
    if missing:
        text = known[missing[0]].metadata.get("text", "a table of its own")
        raise InputError(f"The setting '{where}{missing[0]}' is missing ({text}). Add it.")
    return kind(**values)


def _value(hint: Any, value: Any, where: str, base: Path) -> Any:
    if get_origin(hint) is types.UnionType:  # of a type and None: who writes it means the type
        hint = next(one for one in get_args(hint) if one is not type(None))
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise InputError(f"'{where}' is {value!r}, where a list in [ ] is meant. Correct it.")
        inner = get_args(hint)[0]
        return tuple(_value(inner, one, f"{where}[{n}]", base) for n, one in enumerate(value, 1))
    if is_dataclass(hint):
        if not isinstance(value, dict):
            raise InputError(f"'{where}' is {value!r}, where a table is meant: [{where}]. Correct it.")
        return _table(hint, value, f"{where}.", base)  # type: ignore[arg-type]  # a class, not an instance
    if hint is Path:
        if not isinstance(value, str) or "\0" in value:
            raise InputError(f"'{where}' is {value!r}, where a path in quotes is meant. Correct it.")
        return base / Path(value).expanduser()
    return _plain(hint, value, where)


def _plain(kind: type, value: Any, where: str) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind or (isinstance(value, str) and "\0" in value):
        raise InputError(f"'{where}' is {value!r}, where {_KINDS[kind]} is meant. Correct it.")
    return value


def _check_value(one: Field[Any], value: Any, where: str) -> None:
    rules = one.metadata
    if "between" in rules:
        low, high = rules["between"]
        if not low <= value <= high:  # also false for nan
            raise InputError(f"'{where}' is {value:g}; it must be {low:g} to {high:g}. Correct it.")
    choices: tuple[str, ...] = rules.get("choices", ())
    if choices and value not in choices:
        raise InputError(f"'{where}' is '{value}'. Choose one of {', '.join(choices)}.")
    if rules.get("address") and not _is_address(value):
        raise InputError(f"'{where}' is '{value}', where an address such as 127.0.0.1 or 0.0.0.0 is meant. Correct it.")
    if "pattern" in rules and not re.fullmatch(rules["pattern"], value):
        raise InputError(f"'{where}' is '{value}', where {rules['words']} are meant. Correct it.")


def _is_address(value: str) -> bool:
    """What looks like a number must be one: a system takes 999.1.1.1 for a host's name, and asks its network for it."""
    if not re.fullmatch(r"[\d.]+|.*:.*", value):
        return bool(re.fullmatch(r"[\w.-]+", value))
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _check_addresses(caller: Caller, number: int) -> None:
    if not caller.addresses:
        raise InputError(f"'callers[{number}].addresses' is empty, so nobody may send as {caller.ae_title}. Name one.")
    for address in caller.addresses:
        try:
            ipaddress.ip_network(address)
        except ValueError as error:
            raise InputError(
                f"'callers[{number}].addresses' has {address!r}, which is no address: {error}. Correct it."
            ) from error


def _check_rule(rule: Rule, number: int) -> None:
    for name in ("description", "not_description"):
        try:
            re.compile(getattr(rule, name))
        except (re.error, RecursionError, OverflowError) as error:
            raise InputError(f"'rules[{number}].{name}' is no regular expression: {error}. Correct it.") from error


def _check_tls(tls: Tls, settings: NodeSettings) -> None:
    needed = {"authority": tls.receive or tls.send, "certificate": tls.receive, "key": tls.receive}
    for name, is_needed in needed.items():
        file: Path | None = getattr(tls, name)
        if is_needed and file is None:
            raise InputError(f"'tls.{name}' is missing ({_text(Tls, name)}). Add it, or leave [tls] out.")
        if file is not None and not file.is_file():
            raise InputError(f"'tls.{name}' names '{file.name}', which is no file. Check the name.")


def _text(kind: type, name: str) -> str:
    return str(next(one for one in fields(kind) if one.name == name).metadata["text"])


def loopback_only(address: str) -> bool:
    """Whether nothing outside this computer reaches a port that listens at ``address``."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
