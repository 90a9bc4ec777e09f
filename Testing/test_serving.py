"""A worker for other computers: who may ask, what is refused, and what becomes of a question that nobody waits for."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pacs import needs_openssl, wait_until
from serving_work import TOKEN, Served, head, question, raw, refusal, served, settings_file

from AGE2HIELib.elsewhere.address import Worker
from AGE2HIELib.elsewhere.client import ask
from AGE2HIELib.elsewhere.wire import PATH
from AGE2HIELib.serving.settings import read_settings, server_tls

pytestmark = needs_openssl
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("worker"), body_mb=1.0, waiting=1) as found:
        ask(found.worker, question())  # the process has started
        yield found


def test_a_question_is_answered(here: Served) -> None:
    answer = ask(here.worker, question(size=1000))
    assert (answer["bytes"], answer["device"]) == (1000, "cpu")
    assert here.log.wait_for("answered")["ending"] == "answer"


def test_a_wrong_token_is_refused_before_the_question_is_read(here: Served) -> None:
    answered = len([one for one in here.log.events if one["event"] == "answered"])
    for wrong in (TOKEN[:-1] + "0", TOKEN[:-1], "a" * 64):
        assert "does not take the token" in refusal(here.like(token=wrong))
        assert here.log.events[-1] == {"event": "refused", "reason": "token", "address": "127.0.0.1"}
    assert b" 401 " in raw(here, head(10**9, token="x" * 40), close=False)  # at once, whatever is announced
    assert b" 401 " in raw(here, f"POST {PATH} HTTP/1.0\r\n\r\n".encode())
    assert len([one for one in here.log.events if one["event"] == "answered"]) == answered


def test_the_token_is_compared_in_constant_time() -> None:
    source = (ROOT / "AGE2HIELib/serving/server.py").read_text(encoding="utf-8")
    assert source.count("token)") == source.count('hmac.compare_digest(sent, b"Bearer " + token)') == 1


def test_another_certificate_is_refused_and_nothing_is_sent(here: Served) -> None:
    time.sleep(0.3)  # what came before is on record
    before = len(here.log.events)
    stranger = here.like(certificate=here.folder / "stranger.pem")
    assert "is not the one that is expected" in refusal(stranger)
    wait_until(lambda: here.log.reasons()[-1:] == ["TLS"], 10, "the handshake fails there as well")
    assert "nothing was sent" in refusal(here.like(certificate=None))  # it is no one that this system trusts
    assert all(one.get("reason") == "TLS" for one in here.log.events[before:])


def test_a_certificate_is_for_one_host(here: Served) -> None:
    assert "is not the one that is expected (Hostname mismatch" in refusal(here.like(host="localhost"))


def test_the_workers_own_certificate_will_do_without_its_authority(here: Served) -> None:
    assert ask(here.like(certificate=here.folder / "node.pem"), question())["event"] == "answer"


def test_nothing_is_said_without_tls(here: Served) -> None:
    with socket.create_connection(("127.0.0.1", here.worker.port), 10) as plain:
        plain.settimeout(10)
        plain.sendall(head(0))
        try:
            said = plain.recv(1000)
        except ConnectionResetError:
            said = b""
    assert b"HTTP" not in said
    wait_until(lambda: here.log.reasons()[-1:] == ["TLS"], 10, "a caller without TLS is refused")


def test_old_tls_is_refused(here: Served) -> None:
    context = here.worker.tls()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert server_tls(read_settings(settings_file(here.folder))).minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_question_beyond_the_limit_is_refused(here: Served) -> None:
    assert "takes no question of this size" in refusal(here.worker, question(size=2_000_000))
    assert here.log.reasons()[-1] == "too long"


@pytest.mark.parametrize(
    ("sent", "status", "reason"),
    [
        (head(""), b" 411 ", "no length"),
        (head("-5"), b" 411 ", "no length"),
        (head("1e3"), b" 411 ", "no length"),
        (head(5, more="Transfer-Encoding: chunked\r\n"), b" 411 ", "no length"),
        (head("9" * 400), b" 413 ", "too long"),
        (head(0, path="/"), b" 404 ", "path"),
        (head(0, path="/../../etc/passwd"), b" 404 ", "path"),
        (head(0).replace(b"POST", b"GET"), b" 501 ", "no question"),
        (head(0, more=f"X: {'a' * 70_000}\r\n"), b" 431 ", "not read"),
    ],
)
def test_a_damaged_question_is_refused(here: Served, sent: bytes, status: bytes, reason: str) -> None:
    assert status in raw(here, sent)
    wait_until(lambda: here.log.reasons()[-1:] == [reason], 10, reason)


def test_a_question_that_breaks_off_is_no_question(here: Served) -> None:
    time.sleep(0.3)  # what came before is on record
    before = len(here.log.events)
    assert b" 200 " not in raw(here, head(100) + b"short")
    wait_until(lambda: "cut off" in here.log.reasons()[-2:], 10, "it is told")
    assert all("reason" in one for one in here.log.events[before:])


def test_a_caller_that_leaves_ends_the_work(here: Served) -> None:
    """Within seconds, though the answer would take a minute; what comes next is answered by another process."""
    first = int(ask(here.worker, question())["pid"])
    context = here.worker.tls()
    with (
        socket.create_connection(("127.0.0.1", here.worker.port), 10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as line,
    ):
        body = question("sleep60")
        line.sendall(head(len(body)) + body)
        assert b" 200 " in line.recv(1000)
        wait_until(lambda: _sleeps(first), 10, "the work begins")
    here.log.wait_for("cancelled")
    wait_until(lambda: not psutil.pid_exists(first), 10, "the process ends")
    assert int(ask(here.worker, question())["pid"]) != first


def _sleeps(pid: int) -> bool:
    return psutil.Process(pid).status() in (psutil.STATUS_SLEEPING, psutil.STATUS_IDLE)


def test_a_process_that_dies_is_told_and_replaced(here: Served) -> None:
    first = int(ask(here.worker, question())["pid"])
    assert "Its memory may have run out." in refusal(here.worker, question("die"))
    assert int(ask(here.worker, question())["pid"]) != first


def test_a_defect_is_told_without_the_words_of_its_exception(here: Served) -> None:
    said = refusal(here.worker, question("fail"))
    assert "A defect of age2hie (ZeroDivisionError)." in said
    assert "Quellenthal" not in said


def test_one_question_is_answered_at_a_time_and_few_wait(here: Served) -> None:
    """With one place to wait, the third of three is refused."""
    spans: list[tuple[float, float]] = []

    def one() -> None:
        begin = time.monotonic()
        ask(here.worker, question("sleep3"))
        spans.append((begin, time.monotonic()))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
        time.sleep(0.7)
    assert "has too much to do" in refusal(here.worker)
    for thread in threads:
        thread.join()
    assert len(spans) == 2
    assert max(end for _, end in spans) - min(begin for begin, _ in spans) > 5.9


def test_connections_beyond_the_number_allowed_are_closed_and_silent_ones_end(tmp_path: Path) -> None:
    with served(tmp_path, connections=3, receive_s=1.0) as few:
        silent = [socket.create_connection(("127.0.0.1", few.worker.port), 10) for _ in range(3)]
        time.sleep(0.3)
        with socket.create_connection(("127.0.0.1", few.worker.port), 10) as fourth:
            assert fourth.recv(10) == b""  # closed
        assert few.log.reasons() == ["too many connections"]
        for one in silent:
            one.settimeout(10)
            assert one.recv(10) == b""  # closed after a second
            one.close()
        wait_until(lambda: few.log.reasons().count("TLS") == 3, 10, "the silent ones are told")
        assert ask(few.worker, question())["event"] == "answer"


def test_a_question_that_drips_is_cut_off(tmp_path: Path) -> None:
    with served(tmp_path, receive_s=1.0) as here:
        context = here.worker.tls()
        with (
            socket.create_connection(("127.0.0.1", here.worker.port), 10) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as line,
        ):
            line.sendall(head(1000))
            assert _drip(line) < 100
        wait_until(lambda: bool(here.log.reasons()), 10, "it is refused")
        assert here.log.reasons()[0] in ("cut off", "broken connection")


def _drip(line: ssl.SSLSocket) -> int:
    """How many bytes were taken, one every tenth of a second."""
    for number in range(100):
        try:
            line.sendall(b"x")
        except OSError:
            return number
        time.sleep(0.1)
    return 100


def test_a_slow_answer_is_ended(tmp_path: Path) -> None:
    with served(tmp_path, seconds=1.0) as here:
        ask(here.worker, question())
        assert "The answer took more than 1 s." in refusal(here.worker, question("sleep30"))


def test_a_worker_that_is_killed_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    config = settings_file(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "Testing/serving_work.py"), str(config)],
        cwd=tmp_path,
        env={**_environment(), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        worker = Worker("127.0.0.1", int(process.stdout.readline()), tmp_path / "authority.pem", TOKEN)
        child = int(ask(worker, question(size=200_000))["pid"])
        said: list[str] = []
        caller = threading.Thread(target=lambda: said.append(refusal(worker, question("sleep60", 200_000))))
        caller.start()
        time.sleep(2)
        process.kill()
        process.wait()
        caller.join(20)
    assert said == [
        f"The worker 127.0.0.1:{worker.port} closed the connection before it had answered. Try again, and ask who runs "
        "it, or leave --worker out to predict on this computer."
    ]
    wait_until(lambda: not psutil.pid_exists(child), 10, "its process ends")
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert "cannot be reached: Connection refused" in refusal(worker)


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such limit")
def test_a_process_that_dies_leaves_no_core(tmp_path: Path) -> None:
    program = "from AGE2HIELib.commands.serve import leave_no_core; import resource; leave_no_core(); "
    program += "print(resource.getrlimit(resource.RLIMIT_CORE))"
    said = subprocess.run(
        [sys.executable, "-c", program], env=_environment(), check=True, capture_output=True, text=True
    )
    assert said.stdout == "(0, 0)\n"
