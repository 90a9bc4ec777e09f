"""What a hospital sets in the node's file, with the defaults and the limits of every value.

docs/reference/node.md is made from these classes, and ``config.py`` reads them from TOML: what stands in ``metadata``
is what a reader of the page sees and what an error says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ALIGN = ("auto", "on", "off")
DEVICES = ("auto", "cpu", "cuda", "mps")
OTHERS = ("drop", "refuse")
SEVERAL = ("last", "first", "all", "refuse")
_PORTS, _AE_TITLE = (1, 65535), r"[!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])?"
_AE_WORDS = "1 to 16 ASCII characters without a backslash"

# An empty one would mean all of them as well, without saying so.
LISTEN = "address of this computer to listen at; 0.0.0.0 for all of them"


def about(text: str, **rules: Any) -> dict[str, Any]:
    """What is known of a setting. ``rules``: ``between`` (low, high), ``choices``, ``pattern`` with ``words`` that say
    what it means, ``unit``, ``name`` (a path that may be a name instead), ``address`` (a number or a host's name).
    """
    return {"text": text, **rules}


@dataclass(frozen=True)
class Caller:
    """One who may send studies, by title and address together."""

    ae_title: str = field(metadata=about("its AE title", pattern=_AE_TITLE, words=_AE_WORDS))
    addresses: tuple[str, ...] = field(
        default=("127.0.0.1", "::1"), metadata=about("its addresses or networks (10.1.2.3, 10.1.0.0/16)")
    )


@dataclass(frozen=True)
class Listen:
    """Where studies are received."""

    ae_title: str = field(
        default="AGE2HIE", metadata=about("the node's own AE title", pattern=_AE_TITLE, words=_AE_WORDS)
    )
    address: str = field(default="127.0.0.1", metadata=about(LISTEN, address=True))
    port: int = field(default=11113, metadata=about("TCP port", between=_PORTS))
    associations: int = field(
        default=8, metadata=about("connections served at a time; more are refused", between=(1, 100))
    )
    idle_s: float = field(
        default=60.0, metadata=about("a silent connection is closed after so long", between=(1, 3600), unit="s")
    )
    other_objects: str = field(
        default="drop",
        metadata=about(
            "objects of other kinds than MR images: drop (taken with a warning status, and not kept) or refuse",
            choices=OTHERS,
        ),
    )


@dataclass(frozen=True)
class Pacs:
    """Where the results go."""

    ae_title: str = field(metadata=about("the PACS's AE title", pattern=_AE_TITLE, words=_AE_WORDS))
    address: str = field(default="127.0.0.1", metadata=about("its name or address"))
    port: int = field(default=104, metadata=about("TCP port", between=_PORTS))
    timeout_s: float = field(default=60.0, metadata=about("it must answer within so long", between=(1, 3600), unit="s"))
    leave_out: tuple[str, ...] = field(
        default=(), metadata=about("kinds of objects that it does not take, by the UID of their SOP class")
    )
    commitment: bool = field(default=False, metadata=about("ask it for storage commitment before anything is deleted"))


@dataclass(frozen=True)
class Tls:
    """Encryption. Without this table nothing is encrypted."""

    certificate: Path | None = field(
        default=None, metadata=about("the node's certificate (PEM); needed to receive with TLS")
    )
    key: Path | None = field(default=None, metadata=about("its key (PEM), readable for the node alone"))
    authority: Path | None = field(default=None, metadata=about("certificates (PEM) that the others' are checked with"))
    receive: bool = field(
        default=True, metadata=about("connections to the node are TLS, and must show a certificate of the authority")
    )
    send: bool = field(default=True, metadata=about("connections to the PACS are TLS"))


@dataclass(frozen=True)
class Limits:
    """What is refused, so that no sender can fill the memory or the disk."""

    object_mb: float = field(default=512.0, metadata=about("largest object", between=(0.001, 4096), unit="MB"))
    study_mb: float = field(default=4096.0, metadata=about("largest study", between=(0.001, 1e6), unit="MB"))
    study_objects: int = field(default=20_000, metadata=about("most objects of a study", between=(1, 1_000_000)))
    queue_gb: float = field(
        default=100.0, metadata=about("most that all received studies may take", between=(0.001, 1e6), unit="GB")
    )
    free_gb: float = field(
        default=5.0,
        metadata=about("nothing is taken where the disk has less than this left", between=(0, 1e6), unit="GB"),
    )


@dataclass(frozen=True)
class Predict:
    """How each study is predicted; what ``age2hie predict`` calls the same means the same."""

    model: Path | None = field(
        default=None,
        metadata=about("folder of a model, or an installed model's name (the demonstration model)", name=True),
    )
    atlas: Path | None = field(default=None, metadata=about("folder of an atlas (the bundled one)"))
    device: str = field(default="auto", metadata=about("where the network runs", choices=DEVICES))
    align: str = field(default="auto", metadata=about("alignment of the volumes", choices=ALIGN))
    prevalence: float | None = field(
        default=None, metadata=about("share of adverse outcomes among infants like these", between=(1e-4, 0.9999))
    )
    jobs: int = field(default=1, metadata=about("studies that are predicted at a time", between=(1, 64)))
    memory_mb: float = field(
        default=6000.0, metadata=about("a prediction that takes more is ended", between=(200, 1e6), unit="MB")
    )
    seconds: float = field(
        default=1800.0, metadata=about("a prediction that takes longer is ended", between=(1, 86_400), unit="s")
    )


@dataclass(frozen=True)
class Retry:
    """After a failure that may pass: the PACS does not answer, a prediction has died."""

    predictions: int = field(
        default=3, metadata=about("attempts at a prediction that dies, hangs or grows", between=(1, 100))
    )
    sendings: int = field(
        default=200,
        metadata=about("attempts at sending; with the waits below 200 are eight days", between=(1, 100_000)),
    )
    first_s: float = field(
        default=10.0,
        metadata=about("wait after the first failure; it doubles with each further one", between=(0.1, 3600), unit="s"),
    )
    most_s: float = field(default=3600.0, metadata=about("longest wait", between=(0.1, 86_400), unit="s"))


@dataclass(frozen=True)
class Keep:
    """What is deleted when. 0 is at once."""

    received_days: float = field(
        default=0.0,
        metadata=about(
            "received images, after the results were sent, or nothing was to be done", between=(0, 3650), unit="days"
        ),
    )
    results_days: float = field(
        default=7.0, metadata=about("results, after they were sent", between=(0, 3650), unit="days")
    )
    failed_days: float = field(
        default=14.0, metadata=about("images and results of a study that failed", between=(0, 3650), unit="days")
    )
    history_days: float = field(
        default=365.0,
        metadata=about("the line of the queue: a digest, times, a reason", between=(0, 3650), unit="days"),
    )


@dataclass(frozen=True)
class Monitor:
    """The page with the queue, and the figures for Prometheus; at 127.0.0.1, and nowhere else."""

    port: int = field(default=11180, metadata=about("TCP port; 0 for none", between=(0, 65535)))


@dataclass(frozen=True)
class Watch:
    """A DICOMweb server that is asked for new studies, beside or instead of receiving them."""

    url: str = field(
        metadata=about(
            "its root, as https://pacs.example/dicom-web",
            pattern=r"https?://[^\s@?#]+",
            words="a http or https address without a user",
        )
    )
    token_file: Path | None = field(default=None, metadata=about("file with the bearer token that it wants"))
    every_s: float = field(default=60.0, metadata=about("how often it is asked", between=(0.2, 86_400), unit="s"))
    days: int = field(default=2, metadata=about("studies of the last so many days", between=(1, 365)))


@dataclass(frozen=True)
class Rule:
    """Which series of a study are read. The first rule that a series fulfils decides; all that is given must hold.

    Without rules all MR series of a study go to ``predict``, which reads the diffusion series, else a b0 with its trace
    image, else the scanner's ADC map.
    """

    name: str = field(
        metadata=about("for the log and for --explain-rules", pattern=r"[^\r\n]{1,80}", words="1 to 80 characters")
    )
    description: str = field(
        default="", metadata=about("regular expression that SeriesDescription holds; capitals do not matter")
    )
    not_description: str = field(default="", metadata=about("and one that it must not hold"))
    image_type: tuple[str, ...] = field(default=(), metadata=about("words that ImageType has, all of them"))
    not_image_type: tuple[str, ...] = field(default=(), metadata=about("words of which it has none"))
    b_values: tuple[float, ...] = field(
        default=(), metadata=about("b-values that are there, each to 10 % or 20 s/mm2", unit="s/mm2")
    )
    files: int = field(default=1, metadata=about("fewest files", between=(1, 1_000_000)))
    several: str = field(
        default="last",
        metadata=about(
            (
                "where several series fulfil it: the last or first by number, all (predict joins b0 and trace image), "
                "or refuse the study"
            ),
            choices=SEVERAL,
        ),
    )


@dataclass(frozen=True)
class NodeSettings:
    """The whole file. ``callers`` may be empty only where a DICOMweb server is watched."""

    folder: Path = field(metadata=about("where the queue, the received images and the results lie"))
    pacs: Pacs
    log: Path | None = field(default=None, metadata=about("file for the log's lines (stderr)"))
    quiet_s: float = field(
        default=60.0,
        metadata=about("a study is complete when nothing has come for so long", between=(0.1, 86_400), unit="s"),
    )
    listen: Listen = field(default=Listen())
    callers: tuple[Caller, ...] = field(default=())
    tls: Tls | None = field(default=None)
    limits: Limits = field(default=Limits())
    predict: Predict = field(default=Predict())
    retry: Retry = field(default=Retry())
    keep: Keep = field(default=Keep())
    monitor: Monitor = field(default=Monitor())
    watch: Watch | None = field(default=None)
    rules: tuple[Rule, ...] = field(default=())
