"""Networks on another computer: how it is named, what goes over the line, and what is refused of it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundles import untrained_bundle
from calling import assert_refused_in_one_line, run
from serving_work import TOKEN

from AGE2HIELib.elsewhere.address import PORT, host_and_port, worker_of
from AGE2HIELib.elsewhere.wire import (
    DISTANCE,
    EXAMINE,
    EXPLAIN,
    Question,
    WireError,
    examination_from,
    explanation_facts,
    explanation_from,
    image_of,
    pack,
    unpack,
)
from AGE2HIELib.errors import InputError
from AGE2HIELib.explanation.saliency import explain_score
from AGE2HIELib.pipeline.inputs import load_model
from AGE2HIELib.pipeline.request import Request
from AGE2HIELib.release import __version__
from AGE2HIELib.result.decode import encode
from AGE2HIELib.result.verdicts import Examination, Finding
from AGE2HIELib.serving import work

ROOT = Path(__file__).resolve().parent.parent


def test_addresses() -> None:
    assert host_and_port("https://gpu.hospital") == ("gpu.hospital", PORT)
    assert host_and_port("https://10.1.2.3:8443/") == ("10.1.2.3", 8443)
    assert host_and_port("https://[fe80::1]:8443") == ("fe80::1", 8443)
    assert worker_of(None, None, None) is None
    assert worker_of("", None, None) is None


@pytest.mark.parametrize(
    "address",
    [
        *("gpu", "gpu:443", "http://gpu", "ftp://gpu", "https://", "https://u:p@gpu", "https://gpu/x"),
        *("https://gpu:99999", "https://gpu?x", "https://gpu#x", "https://[::1", "file:///etc/passwd"),
        *("https://gpu host", "https://gpu\u00a0host", "https://gpu\x00", "https://gpu\n", "https://gpu\tx"),
    ],
)
def test_other_addresses_are_refused(address: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    with pytest.raises(InputError, match="Give it as https://HOST:11443"):
        worker_of(address, None, tmp_path / "token")


@pytest.mark.parametrize("content", ["", "short", "a" * 513, "a" * 31, "a" * 40 + " b", "ä" * 40, "a" * 40 + "\nb\n"])
def test_a_token_is_one_long_word(content: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="does not hold a token"):
        worker_of("https://gpu", None, tmp_path / "token")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--worker-token", "x"], "go with --worker"),
        (["--worker", "https://gpu"], "--worker wants a token"),
        (["--worker", "https://gpu", "--worker-token", "x"], "The token file 'x' cannot be read"),
        (["--worker", "https://gpu", "--worker-token", "t", "--device", "cpu"], "--device cpu is of this computer"),
    ],
)
def test_a_half_named_worker_is_refused_before_anything_is_read(
    options: list[str],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t").write_text(TOKEN)
    code, out, err = run(capfd, "predict", "nothing.mha", "--output", "out", *options)
    assert_refused_in_one_line(code, out, err)
    assert expected in err


def test_nothing_of_the_worker_is_kept_in_a_record() -> None:
    from AGE2HIELib.pipeline.prediction import _KEPT

    assert {field.name for field in fields(Request) if field.name.startswith("worker")} == {
        "worker",
        "worker_certificate",
        "worker_token",
    }
    assert not [name for name in _KEPT if name.startswith("worker")]


def question(**changes: Any) -> Question:
    return replace(Question(task=EXPLAIN, version=__version__, model="0" * 64), **changes)


def test_a_question_comes_over_unchanged() -> None:
    image = np.random.default_rng(3).normal(size=(1, 2, 3, 4, 5)).astype(np.float32)
    asked = question(kind="atlas", prevalence=0.1, method="layercam", target="favourable", layer="block1")
    got, values = unpack(pack(asked, image))
    assert got == asked
    np.testing.assert_array_equal(image_of(values, image.shape), image)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b"\xff\xfe\n",
        b"[" * 1900 + b"\n",
        b'{"task": "run", "version": "1", "model": "x"}\n',
        b'{"task": "about", "version": "1", "model": "x", "path": "/etc/passwd"}\n',
        b'{"task": "about", "version": 1, "model": "x"}\n',
        b'{"task": "about", "version": "1", "model": "x", "prevalence": "much"}\n',
        b'{"task": "about", "version": "1", "model": "x", "prevalence": NaN}\n',
        b'{"task": "about", "version": "1", "model": "' + b"x" * 3000 + b'"}\n',
    ],
)
def test_a_question_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(WireError, match="the question"):
        unpack(body)
    answer = json.loads(work.answer(body, "cpu"))
    assert (answer["event"], answer["code"]) == ("error", 2)


@pytest.mark.parametrize("values", [b"", bytes(11), bytes(13), np.array([1, np.nan, 2], "<f4").tobytes()])
def test_an_image_of_another_size_or_without_numbers_is_refused(values: bytes) -> None:
    with pytest.raises(WireError, match="the image"):
        image_of(values, (1, 1, 1, 1, 3))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installed bundle."""
    home = tmp_path_factory.mktemp("home")
    untrained_bundle(home / "small", count=2)
    return home


def test_an_explanation_comes_over_to_the_last_bit(small: Path) -> None:
    model = load_model(small / "small", device="cpu")
    image = np.random.default_rng(5).normal(size=(1, 2, 56, 64, 48)).astype(np.float32)
    for method in ("hirescam", "gradcam++"):
        made = explain_score(model.members, model.bundle, image, method=method)
        got = explanation_from(json.loads(json.dumps(explanation_facts(made))))
        assert got.prediction == made.prediction
        for name in ("method", "layer", "target", "resolution_mm"):
            assert getattr(got, name) == getattr(made, name)
        for one, other in ((got.saliency, made.saliency), (got.agreement, made.agreement)):
            assert one.array.dtype == other.array.dtype
            np.testing.assert_array_equal(one.array, other.array)
            np.testing.assert_array_equal(one.affine_ras, other.affine_ras)


def test_a_damaged_explanation_is_refused(small: Path) -> None:
    model = load_model(small / "small", device="cpu")
    facts = explanation_facts(explain_score(model.members, model.bundle, np.zeros((1, 2, 56, 64, 48), np.float32)))
    damages: list[dict[str, Any]] = [
        {"saliency": {**facts["saliency"], "values": "AAAA"}},
        {"saliency": {**facts["saliency"], "values": "*"}},
        {"saliency": {**facts["saliency"], "shape": [10**9, 10**9, 10**9]}},
        {"saliency": {**facts["saliency"], "shape": [2, 2]}},
        {"saliency": {**facts["saliency"], "affine_ras": [[1.0]]}},
        {"agreement": {"shape": [1, 1, 1], "affine_ras": np.eye(4).tolist(), "values": "AAAAAA=="}},
        {"prediction": {}},
        {"prediction": None},
        {"method": "run"},
        {"resolution_mm": "much"},
        {"channels": []},
    ]
    for damage in damages:
        with pytest.raises(WireError, match=r"map|explanation|image"):
            explanation_from({**facts, **damage})
    for name in facts:
        with pytest.raises(WireError):
            explanation_from({key: value for key, value in facts.items() if key != name})


def test_a_figure_that_could_not_be_had_comes_over() -> None:
    made = Examination(
        "hirescam", (Finding("a", math.nan, "at least 1", False, "b"), Finding("c", 0.5, "d", True, "e"))
    )
    got = examination_from(json.loads(json.dumps(encode(made.recorded()))))
    assert math.isnan(got.findings[0].value or 0.0)
    assert got.findings[1] == made.findings[1]
    assert got.recorded() == made.recorded()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"version": "0.0.9"}, "It runs age2hie .* and the question is of 0.0.9"),
        ({"method": "run"}, "There is no saliency method 'run'"),
        ({"target": "age"}, "its target or its kind of input is not known"),
        ({"kind": "other"}, "its target or its kind of input is not known"),
        ({"prevalence": 2.0}, "--prevalence is 2"),
        ({"layer": "block9"}, "block9"),
        ({"model": "f" * 64}, "It has no model with the SHA-256 ffffffffffff"),
        ({"task": DISTANCE}, "^None$"),
    ],
)
def test_the_worker_says_what_it_cannot_answer(
    small: Path, changes: dict[str, Any], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGE2HIE_MODELS", str(small))
    sha256 = load_model(small / "small", device="cpu").bundle.sha256
    body = pack(question(**{"model": sha256, **changes}), np.zeros((1, 2, 56, 64, 48), np.float32))
    answer = json.loads(work.answer(body, "cpu"))
    assert re.search(expected, str(answer["message"] if answer["event"] == "error" else answer["check"]))


def test_an_examination_is_asked_of_the_map_that_is_named(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGE2HIE_MODELS", str(small))
    asked: list[Any] = []
    made = Examination("layercam", (Finding("a", math.nan, "at least 1", False, "b"),))
    monkeypatch.setattr(work, "examine_map_of", lambda model, image, *of: (asked.append(of), made)[1])
    sha256 = load_model(small / "small", device="cpu").bundle.sha256
    named = {"task": EXAMINE, "model": sha256, "method": "layercam", "layer": "block1", "target": "favourable"}
    answer = json.loads(work.answer(pack(question(**named), np.zeros((1, 2, 56, 64, 48), np.float32)), "cpu"))
    assert asked == [("layercam", "block1", "favourable")]
    assert answer["examination"] == json.loads(json.dumps(encode(made.recorded())))
