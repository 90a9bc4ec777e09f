"""Runs the steps of a Containerfile where no container runtime is: each stage in a folder of its own, by chroot.

What a runtime does is done with Linux namespaces (``unshare``, as root): the stage's folder is the root, the host's
``/usr`` stands for the system of the base image, and this Python for the one that it has in ``/usr/local``. A command
of an entry point runs as the stage's user, without any network, over a root that is mounted read-only.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

_LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
_FOLDERS = ("usr", "etc", "proc", "dev", "tmp", "opt", "root", "data", "input", "output", "models")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
_PYTHON = Path(sys.base_prefix).resolve()


@dataclass(frozen=True)
class Step:
    """One instruction: ``COPY``, and everything behind it."""

    word: str
    text: str


@dataclass
class Stage:
    """One ``FROM`` and what follows; ``root`` is its folder once it is built."""

    name: str
    base: str
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True)
class Built:
    """A stage that was built: what a runtime needs to start it."""

    root: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0:0"
    entry: tuple[str, ...] = ()


@dataclass(frozen=True)
class Isolation:
    """How a command is shut in. ``mounts``: folders of the host by their place inside; those of ``readable`` cannot be
    written.
    """

    network: bool = False
    read_only: bool = True
    mounts: Mapping[str, Path] = field(default_factory=dict)
    readable: Mapping[str, Path] = field(default_factory=dict)


def read_containerfile(path: Path) -> tuple[dict[str, str], list[Stage]]:
    """The arguments before the first stage, and the stages."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, name = re.fullmatch(r"(\S+) AS (\S+)", rest.strip()).groups()  # type: ignore[union-attr]
            stages.append(Stage(name, _filled(base, arguments)))
        elif not stages:
            arguments |= _assigned(rest)
        else:
            stages[-1].steps.append(Step(word, rest.strip()))
    return arguments, stages


def build(stages: Sequence[Stage], target: str, context: Path, work: Path, arguments: Mapping[str, str]) -> Built:
    """A stage and those that it needs, each once; ``arguments`` as ``--build-arg`` gives them."""
    stage = next(one for one in stages if one.name == target)
    known = {one.name for one in stages}
    root = work / target
    if stage.base in known:
        built = replace(build(stages, stage.base, context, work, arguments), root=root)
    else:
        built = Built(root)
    done = (work / f"{target}.built").is_file()
    if not done:
        shutil.rmtree(root, ignore_errors=True)
        _empty_root(root) if stage.base not in known else shutil.copytree(work / stage.base, root, symlinks=True)
    own: dict[str, str] = {}
    for step in stage.steps:
        if step.word == "ARG":
            own |= {name: arguments.get(name, value) for name, value in _assigned(step.text).items()}
        elif step.word == "ENV":
            built = replace(built, environment={**built.environment, **_assigned(step.text)})
        elif step.word == "WORKDIR":
            built = replace(built, folder=step.text)
            (root / step.text.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif step.word == "USER":
            built = replace(built, user=step.text)
        elif step.word == "ENTRYPOINT":
            built = replace(built, entry=tuple(_json_list(step.text)))
        elif step.word == "COPY" and not done:
            _copy(step.text, context, built, lambda name: build(stages, name, context, work, arguments).root)
        elif step.word == "RUN" and not done:
            print(f"[{target}] RUN {step.text[:100]}", flush=True)
            inside = replace(built, environment={**built.environment, **own})
            isolation = Isolation(network=True, read_only=False, readable=_package_sources())
            code = run(inside, ("sh", "-ec", step.text), isolation).returncode
            if code:
                raise SystemExit(f"check.py: a step of the stage {target} ended with {code}: RUN {step.text}")
        elif step.word not in ("COPY", "RUN", "CMD"):
            raise SystemExit(f"check.py: the instruction {step.word} is not known here. Add it to container/stages.py.")
    (work / f"{target}.built").touch()
    return built


def run(
    built: Built, command: Sequence[str], isolation: Isolation, *, quiet: bool = False
) -> subprocess.CompletedProcess[str]:
    """A command inside a stage, as its user."""
    root = shlex.quote(str(built.root))
    lines = ["set -e", "mount --make-rprivate /", f"mount --bind {root} {root}"]
    if isolation.read_only:
        lines.append(f"mount -o remount,bind,ro {root}")
    lines += [f"mount --bind /usr {root}/usr", f"mount -o remount,bind,ro {root}/usr"]
    # Python beside its own place, too: the libraries that it was linked with may be named by it
    python = {"/usr/local": _PYTHON, str(_PYTHON): _PYTHON}
    for place, path in {**python, **isolation.readable, **isolation.mounts}.items():
        inside = f"{root}{shlex.quote(place)}"
        if place != "/usr/local":
            (built.root / place.lstrip("/")).mkdir(parents=True, exist_ok=True)
        lines.append(f"mount --bind {shlex.quote(str(path))} {inside}")
        if place not in isolation.mounts:
            lines.append(f"mount -o remount,bind,ro {inside}")
    lines += [f"mount --rbind /dev {root}/dev", f"mount -t proc none {root}/proc", f"mount -t tmpfs none {root}/tmp"]
    lines += [f"chmod 1777 {root}/tmp"]
    user, _, group = built.user.partition(":")
    variables = [f"{name}={value}" for name, value in {**_package_variables(isolation), **built.environment}.items()]
    variables = [one for one in variables if not one.startswith("PATH=")] + [f"PATH={_path(built)}"]
    shut_in = [
        "setpriv",
        f"--reuid={user}",
        f"--regid={group}",
        "--clear-groups",
        "--no-new-privs",
        "env",
        "-i",
        *variables,
    ]
    inner = f"cd {shlex.quote(built.folder)} && exec {shlex.join([*shut_in, *command])}"
    lines.append(f"exec chroot {root} sh -c {shlex.quote(inner)}")
    outer = [
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        *([] if isolation.network else ["--net"]),
        "sh",
        "-c",
    ]
    return subprocess.run([*outer, "\n".join(lines)], text=True, check=False, capture_output=quiet)


def _path(built: Built) -> str:
    return built.environment.get("PATH", "/usr/local/bin:/usr/bin:/bin")


def _empty_root(root: Path) -> None:
    root.mkdir(parents=True)
    for name in _FOLDERS:
        (root / name).mkdir()
    for name, target in _LINKS.items():
        (root / name).symlink_to(target)
    for name in ("passwd", "group", "resolv.conf", "hosts", "nsswitch.conf"):
        if Path("/etc", name).is_file():
            shutil.copy(Path("/etc", name), root / "etc" / name)
    for name in ("ssl", "alternatives"):
        if Path("/etc", name).is_dir():
            shutil.copytree(Path("/etc", name), root / "etc" / name, symlinks=True)


def _package_sources() -> dict[str, Path]:
    """Mirrors of packages that the host's pip reads from files, and its settings."""
    places = ("/opt/pypi", "/opt/pypi-more", "/opt/wheels", "/etc/xdg")
    return {place: Path(place) for place in places if Path(place).is_dir()}


def _package_variables(isolation: Isolation) -> dict[str, str]:
    kept = ("PIP_CERT", "PIP_INDEX_URL", "PIP_FIND_LINKS", "HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE")
    return {name: os.environ[name] for name in kept if name in os.environ} if isolation.network else {}


def _copy(text: str, context: Path, built: Built, root_of: object) -> None:
    """``COPY [--from=STAGE] SOURCE... TARGET``; a folder's content is copied, as in a runtime."""
    words = shlex.split(text)
    source_root = context
    if words[0].startswith("--from="):
        assert callable(root_of)
        source_root = root_of(words.pop(0).removeprefix("--from="))
    *sources, target = words
    place = built.root / (target if target.startswith("/") else f"{built.folder}/{target}").lstrip("/")
    for name in sources:
        source = source_root / name.lstrip("/")
        if source.is_dir() and source_root != context:  # links over links, which shutil refuses
            place.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", "--remove-destination", f"{source}/.", str(place)], check=True)
        elif source.is_dir():
            shutil.copytree(
                source, place, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            to = place / source.name if target.endswith(("/", ".")) else place
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, to)


def _assigned(text: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in shlex.split(text))
    return {name: value for name, _, value in pairs}


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: values.get(match[1], ""), text)


def _json_list(text: str) -> list[str]:
    return [str(one) for one in json.loads(text)]
