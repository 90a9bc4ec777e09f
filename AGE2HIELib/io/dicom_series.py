"""A DICOM file and a DICOM series, as their headers describe them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DicomFile:
    """One file's header.

    Attributes:
        b_values: in s/mm^2, one of each frame where frames differ, else one of the file; None where none is stated.
        mosaic: the file holds a whole volume in one frame (Siemens' mosaic, UIH's VFRAME).
        plane: the six direction cosines of rows and columns, and their spacing in mm; empty where none are stated.
        slice_mm: where the slice lies along the normal of its plane; None where that is not stated.
        corner_mm: the first voxel's centre in the patient's frame (LPS); empty where it is not stated.
        number: of the image in its series; None where it has none.
        slices_stated: how many slices the scanner says that a volume has; None where it does not say.
        maker: the manufacturer in capitals; "" where it is not stated.
        silent_b0: where no b-value is stated, this is how the vendor says 0 beside images that state one.
        syntax: the transfer syntax's UID; "" where it is not stated.
        contradiction: of its statements about b, in words; "" where there is none.
        form: image type, rows, columns and echo time, as texts, which files of one series share.
    """

    path: Path
    instance: str
    group: tuple[str, str]
    b_values: tuple[float | None, ...]
    frames: int
    mosaic: bool
    plane: tuple[float, ...] = ()
    slice_mm: float | None = None
    number: int | None = None
    slices_stated: int | None = None
    maker: str = ""
    silent_b0: bool = False
    syntax: str = ""
    corner_mm: tuple[float, ...] = ()
    contradiction: str = ""
    form: tuple[str, ...] = ()

    @property
    def one_slice(self) -> bool:
        """False for enhanced files and Siemens mosaics, which hold whole volumes."""
        return self.frames == 1 and not self.mosaic


@dataclass(frozen=True)
class DicomSeries:
    """Files of one series that share a kind: "scan" (acquired), "adc", "trace", "map", "picture" (of a screen, or in
    colours) or "derived" (not known).

    What its description says is kept nowhere: it is free text, and may be a name.

    Attributes:
        number: as its headers state it; empty where they do not. Two series of a folder may have one.
        key: short and the same wherever the series lies, drawn from its UID, which it does not tell.
        shared: another series has its number.
        mixed: files of another kind are numbered with them.
        damage: what is wrong with one of its files; empty where all are whole.
        torn: the same for series that may be parts of one, which their headers do not tell; empty for others.
    """

    number: str
    key: str
    study: str
    kind: str
    files: tuple[DicomFile, ...]
    shared: bool = False
    mixed: bool = False
    damage: str = ""
    torn: str = ""

    @property
    def name(self) -> str:
        """What ``--series`` takes: its number, followed by its key where the number alone would not do."""
        return f"{self.number}:{self.key}" if self.shared or not self.number else self.number

    @property
    def label(self) -> str:
        return f"series {self.name}"

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(file.path for file in self.files)

    def is_named(self, name: str) -> bool:
        """Whether a user's word means it: a number, or a number, a colon and the beginning of a key."""
        number, _, key = name.partition(":")
        return number == self.number and self.key.startswith(key.lower())
