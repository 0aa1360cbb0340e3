"""Packed files: gzip, bzip2, xz and zip archives are read without unpacking them first. Pure."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import NamedTuple

from paceline.errors import SourceError

#: A packed file may unpack to this many bytes, or to this many times its own size.
LARGEST_UNPACKED, SWELLING = 1 << 30, 200
#: Members named in a message.
NAMED = 8
#: Files that packers add by themselves.
_BESIDE = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


Opened = Callable[[io.BytesIO], io.BufferedIOBase]
#: What packs one file: its first bytes, and how it is opened.
PACKERS: dict[str, tuple[bytes, Opened]] = {
    "gzip": (b"\x1f\x8b", lambda data: gzip.GzipFile(fileobj=data)),
    "bzip2": (b"BZh", bz2.BZ2File),
    "xz": (b"\xfd7zXZ\x00", lzma.LZMAFile),
    "lzma": (b"\x5d\x00\x00", lzma.LZMAFile),
}


class Unpacked(NamedTuple):
    """Bytes as they were before packing, and the member of an archive they came from ("": none)."""

    data: bytes
    member: str = ""


def unpacked(what: str, data: bytes, member: str | None = None) -> Unpacked:
    """The bytes that were packed; other bytes as they are. A workbook is no archive here.

    member  which file of a zip archive, where it holds several
    Raises ``SourceError`` for damage, a password, several members and none named, none of that
    name, and for what swells as no table does.
    """
    for name, (first, opened) in PACKERS.items():
        if data.startswith(first):
            found = _unpacked(what, data, name, opened)
            if is_packed(found):
                raise SourceError(f"{what}: packed more than once.", "Unpack it once.")
            return Unpacked(found)
    if is_zip(data) and not is_workbook(data):
        return _member(what, data, member)
    if member is not None:
        raise SourceError(
            f"{what}: options.member = {member!r}, and the file is no zip archive.",
            "Leave member out.",
        )
    return Unpacked(data)


def is_zip(data: bytes) -> bool:
    """Whether the bytes begin as a zip archive does."""
    return data[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


def is_packed(data: bytes) -> bool:
    """Whether the bytes are packed by gzip, bzip2 or xz, or a zip archive that is no workbook."""
    return any(data.startswith(first) for first, _ in PACKERS.values()) or (
        is_zip(data) and not is_workbook(data)
    )


def is_workbook(data: bytes) -> bool:
    """Whether the bytes are a workbook: of Excel (xlsx, xlsb, xls) or OpenDocument (ods)."""
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return True
    if not is_zip(data):
        return False
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False
    return "content.xml" in names or any(
        name in names for name in ("xl/workbook.xml", "xl/workbook.bin")
    )


def check_size(what: str, data: bytes) -> None:
    """Raise ``SourceError`` where a workbook is damaged or swells as no table does."""
    if not is_zip(data):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(info.file_size for info in archive.infolist())
            if size > _most(data):
                raise _swells(what, data)
            bad = archive.testzip()  # sizes that lie do not survive their checksums
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError):
        bad = "?"
    if bad is not None:
        raise SourceError(f"{what}: the workbook is damaged or locked.", "Save it again.")


def _most(data: bytes) -> int:
    return max(LARGEST_UNPACKED, SWELLING * len(data))


def _swells(what: str, data: bytes) -> SourceError:
    return SourceError(
        f"{what}: unpacks to more than {_most(data):,} bytes, {SWELLING} times its size.",
        "No table packs so well: fetch it again, or unpack it first.",
    )


def _unpacked(what: str, data: bytes, name: str, opened: Opened) -> bytes:
    most = _most(data)
    try:
        with opened(io.BytesIO(data)) as packed:
            found = packed.read(most + 1)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        raise SourceError(
            f"{what}: the {name} data are damaged or cut off.", "Fetch the file again."
        ) from None
    if len(found) > most:
        raise _swells(what, data)
    if not found:
        raise SourceError(f"{what}: the file is empty once unpacked.", "Fetch it again.")
    return found


def _member(what: str, data: bytes, member: str | None) -> Unpacked:
    """The only member of an archive, or the one that is named."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            info = _chosen(what, archive, member)
            if info.flag_bits & 1:
                raise SourceError(
                    f"{what}: {info.filename} is locked by a password.", "Unpack it first."
                )
            with archive.open(info) as packed:
                found = packed.read(_most(data) + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError):
        raise SourceError(
            f"{what}: the zip archive is damaged or cut off.", "Fetch the file again."
        ) from None
    except (NotImplementedError, RuntimeError) as error:
        raise SourceError(
            f"{what}: packed in a way that cannot be read ({error}).", "Unpack it first."
        ) from None
    if len(found) > _most(data):
        raise _swells(what, data)
    if not found:
        raise SourceError(f"{what}: {info.filename} is empty.", "Fetch it again.")
    if is_packed(found):
        raise SourceError(f"{what}: {info.filename} is packed once more.", "Unpack it first.")
    return Unpacked(found, info.filename)


def _chosen(what: str, archive: zipfile.ZipFile, member: str | None) -> zipfile.ZipInfo:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if member is not None:
        named = [i for i in infos if member in (i.filename, PurePosixPath(i.filename).name)]
        if len(named) == 1:
            return named[0]
        found = "no member" if not named else f"{len(named)} members"
        raise SourceError(
            f"{what}: {found} {member!r}, asked for by options.member.", f"It holds: {_few(infos)}."
        )
    infos = [i for i in infos if not any(p in _BESIDE for p in PurePosixPath(i.filename).parts)]
    if len(infos) == 1:
        return infos[0]
    if not infos:
        raise SourceError(f"{what}: the zip archive holds no file.", "Fetch it again.")
    raise SourceError(
        f"{what}: the zip archive holds {len(infos)} files: {_few(infos)}.",
        f'Name one: options = {{ member = "{infos[0].filename}" }}.',
    )


def _few(infos: list[zipfile.ZipInfo]) -> str:
    names = [info.filename for info in infos]
    return ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
