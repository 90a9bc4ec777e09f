"""The node's file: what it may say, and one clear line for everything that it may not."""

from __future__ import annotations

from pathlib import Path

import pytest
from calling import assert_refused_in_one_line, run

from AGE2HIELib.errors import InputError
from AGE2HIELib.node.config import read_config
from AGE2HIELib.node.page import node_page
from AGE2HIELib.node.settings import Caller, NodeSettings

ROOT = Path(__file__).resolve().parent.parent
LEAST = """
folder = "queue"
[pacs]
ae_title = "PACS"
[[callers]]
ae_title = "PACS"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "node.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_left_out_is_safe(tmp_path: Path) -> None:
    settings = read_config(written(tmp_path, LEAST))
    assert settings.folder == tmp_path / "queue"
    assert settings.listen.address == "127.0.0.1"
    assert settings.callers == (Caller("PACS", ("127.0.0.1", "::1")),)
    assert (settings.tls, settings.watch, settings.rules) == (None, None, ())
    assert settings.keep.received_days == 0


def test_paths_are_meant_from_the_files_folder_and_a_model_may_be_a_name(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    more = '[predict]\nmodel = "{}"\natlas = "/atlas"\n'
    assert read_config(written(tmp_path, LEAST + more.format("mine"))).predict.model == tmp_path / "mine"
    settings = read_config(written(tmp_path, LEAST + more.format("installed")))
    assert settings.predict.model == Path("installed")
    assert settings.predict.atlas == Path("/atlas")


def test_a_retry_without_a_queue_makes_none(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = written(tmp_path, LEAST)
    code, out, err = run(capfd, "node", "--config", config, "--retry", "all")
    assert_refused_in_one_line(code, out, err)
    assert "There is no queue in 'queue'" in err
    assert not (tmp_path / "queue").exists()


WRONG = {
    "quiet = 3": "no setting 'quiet'. Perhaps 'quiet_s' is meant.",
    "quiet_s = 0": "'quiet_s' is 0; it must be 0.1 to 86400",
    "quiet_s = nan": "'quiet_s' is nan; it must be",
    'quiet_s = "long"': "'quiet_s' is 'long', where a number is meant",
    "quiet_s = true": "'quiet_s' is True, where a number is meant",
    "log = 3": "'log' is 3, where a path in quotes is meant",
    "listen = 3": "'listen' is 3, where a table is meant",
    "[listen]\nport = 0": "'listen.port' is 0; it must be 1 to 65535",
    "[listen]\nport = 104.5": "'listen.port' is 104.5, where a whole number is meant",
    '[listen]\nae_title = "SEVENTEEN LETTERS"': "'listen.ae_title' is 'SEVENTEEN LETTERS', where 1 to 16 ASCII",
    '[listen]\nae_title = "A\\\\B"': "where 1 to 16 ASCII characters without a backslash",
    '[listen]\nae_title = " "': "where 1 to 16 ASCII characters",
    '[listen]\nother_objects = "keep"': "'listen.other_objects' is 'keep'. Choose one of drop, refuse",
    '[[callers]]\nae_title = "X"\naddresses = ["10.0.0.300"]': "'callers[2].addresses' has '10.0.0.300', which is no",
    '[[callers]]\nae_title = "X"\naddresses = ["10.0.0.1/8"]': "has host bits set",
    '[[callers]]\nae_title = "X"\naddresses = []': "'callers[2].addresses' is empty",
    '[[callers]]\nae_title = "X"\naddresses = "10.0.0.1"': "where a list in [ ] is meant",
    "[[callers]]\naddresses = []": "'callers[2].ae_title' is missing",
    '[[rules]]\nname = "x"\ndescription = "("': "'rules[1].description' is no regular expression",
    '[[rules]]\nname = "x"\nb_values = ["0"]': "'rules[1].b_values[1]' is '0', where a number is meant",
    '[[rules]]\nname = "x"\nseveral = "some"': "Choose one of last, first, all, refuse",
    '[[rules]]\ndescription = "dwi"': "'rules[1].name' is missing",
    "[rules]\nname = 'x'": "where a list in [ ] is meant",
    "[tls]": "'tls.authority' is missing",
    '[tls]\nauthority = "none.pem"': "'tls.authority' names 'none.pem', which is no file",
    "[retry]\nfirst_s = 100\nmost_s = 1": "'retry.first_s' is 100, more than 'retry.most_s'",
    '[watch]\nurl = "ftp://x"': "'watch.url' is 'ftp://x', where a http or https address",
    '[watch]\nurl = "https://me:word@x"': "where a http or https address without a user are meant",
    "[watch]": "'watch.url' is missing",
    "[pacs2]\nx = 1": "There is no setting 'pacs2'. Perhaps 'pacs' is meant.",
    "[predict]\nprevalence = 1": "'predict.prevalence' is 1; it must be",
    "[limits]\nfree_gb = -1": "'limits.free_gb' is -1; it must be 0 to",
    "folder = 'again'": "is not TOML",
    "[[": "is not TOML",
    'log = "a\\u0000b"': "'log' is",
}


@pytest.mark.parametrize("lines", WRONG)
def test_a_wrong_key_or_value_is_one_line_that_names_it(
    lines: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    top, tables = (lines + "\n", "") if not lines.startswith("[") else ("", lines + "\n")
    path = written(tmp_path, top + LEAST + tables)
    code, out, err = run(capfd, "node", "--config", path)
    assert_refused_in_one_line(code, out, err)
    assert WRONG[lines] in err
    assert not (tmp_path / "queue").exists()


def test_a_file_that_is_not_there_or_no_text_or_names_nobody(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bytes.toml").write_bytes(bytes(range(200, 256)))
    written(tmp_path, 'folder = "q"\n[pacs]\nae_title = "P"\n')
    (tmp_path / "no-pacs.toml").write_text('folder = "q"\n')
    for name, words in {
        "absent.toml": "cannot be read",
        "bytes.toml": "no text in UTF-8",
        "node.toml": "Nobody may send",
        "no-pacs.toml": "'pacs' is missing",
        ".": "cannot be read",
    }.items():
        code, out, err = run(capfd, "node", "--config", tmp_path / name)
        assert_refused_in_one_line(code, out, err)
        assert words in err


def test_a_commitment_that_could_not_come_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = LEAST.replace("[pacs]", "[pacs]\ncommitment = true").replace(
        '[[callers]]\nae_title = "PACS"', '[[callers]]\nae_title = "MR1"'
    )
    code, out, err = run(capfd, "node", "--config", written(tmp_path, text))
    assert_refused_in_one_line(code, out, err)
    assert "PACS is no caller: its answer could not come" in err


def test_a_node_that_could_not_predict_does_not_start(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for lines, words in {
        '[predict]\nmodel = "absent"': "no installed model 'absent'",
        '[predict]\ndevice = "mps"': "no 'mps' device",
        '[predict]\natlas = "absent"': "absent",
        '[listen]\naddress = "192.0.2.1"': "cannot listen at 192.0.2.1",
        '[listen]\naddress = "no address"': "'listen.address' is 'no address', where an address such as 127.0.0.1",
        '[listen]\naddress = "999.1.1.1"': "'listen.address' is '999.1.1.1', where an address such as 127.0.0.1",
    }.items():
        code, out, err = run(capfd, "node", "--config", written(tmp_path, LEAST + lines))
        assert_refused_in_one_line(code, out, err)
        assert words in err


def test_the_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = read_config(written(tmp_path, LEAST))
    with pytest.raises(AttributeError):
        settings.folder = tmp_path  # type: ignore[misc]


def test_the_reference_page_is_up_to_date() -> None:
    assert (ROOT / "docs/reference/node.md").read_text(encoding="utf-8") == node_page(), "make docs"


def test_the_example_of_the_docs_can_be_read(tmp_path: Path) -> None:
    blocks = (ROOT / "docs/node.md").read_text(encoding="utf-8").split("```toml\n")[1:]
    first, *more = [block.split("```")[0] for block in blocks]
    read: NodeSettings = read_config(written(tmp_path, first))
    assert read.callers
    for block in more:
        names = ("certificate.pem", "key.pem", "authority.pem")
        for name in names:
            (tmp_path / name).touch()
        read_config(written(tmp_path, first + block))


def test_input_error_is_what_a_script_gets(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="quiet_s"):
        read_config(written(tmp_path, "quiet_s = -1\n" + LEAST))
