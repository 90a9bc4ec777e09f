"""The table of a campaign, by kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fuzzing.cases import Case, Kind
from fuzzing.judging import Verdict

_COLUMNS = ("near", "far", "exit 2", "exit 3", "broken")


def table(done: Iterable[tuple[Case, Verdict]]) -> str:
    """One row a kind: inputs, predicted within 0.02, predicted otherwise, exit 2, exit 3, broken, wrong."""
    rows: dict[str, tuple[Kind, list[Verdict]]] = {}
    for case, verdict in sorted(done, key=lambda pair: pair[0].number):
        rows.setdefault(case.kind.name, (case.kind, []))[1].append(verdict)
    head = (
        f"{'kind':48} {'expected':8} {'inputs':>6} {'within':>6} {'other':>6} {'exit 2':>6} {'exit 3':>6} {'wrong':>6}"
    )
    lines = [head, "-" * len(head)]
    lines += [_row(kind.name, kind.expected, verdicts) for kind, verdicts in rows.values()]
    every = [verdict for _, verdicts in rows.values() for verdict in verdicts]
    lines += ["-" * len(head), _row("all", "", every)]
    if every:
        seconds = sorted(verdict.seconds for verdict in every)
        lines.append(
            f"seconds an input: median {seconds[len(seconds) // 2]:.1f}, longest {seconds[-1]:.1f}; "
            f"largest memory {max(verdict.peak_bytes for verdict in every) / 1e9:.2f} GB"
        )
    return "\n".join(lines)


def _row(name: str, expected: str, verdicts: Sequence[Verdict]) -> str:
    near, far, two, three, _ = (sum(v.ended == column for v in verdicts) for column in _COLUMNS)
    wrong = sum(bool(verdict.wrong) for verdict in verdicts)
    return f"{name:48} {expected:8} {len(verdicts):6} {near:6} {far:6} {two:6} {three:6} {wrong:6}"


def untold(kinds: Iterable[Kind]) -> str:
    """The kinds that cannot be told from the data, with their reasons."""
    return "\n".join(f"- {kind.name}: {kind.why}" for kind in kinds if kind.expected == "untold")
