"""The cache of a store: what comes out is what went in, or nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paceline.store import Store
from paceline.store.cache import Cache, checksum
from paceline.studies.kept import kept

VALUES = {"names": ["a", "ü"], "at": 0.1 + 0.2, "none": None, "nan": float("inf")}
ARRAYS = {
    "levels": np.array([[1.0, np.nan], [0.1, -0.0]]),
    "rows": np.arange(3, dtype=np.int32),
    "empty": np.empty((0, 4)),
}


def saved(folder: Path) -> Path:
    Cache(folder).save("panel", "k1", VALUES, ARRAYS)
    return folder / "panel" / "k1"


def test_an_entry_comes_back_to_the_bit_mapped_and_read_only(tmp_path: Path) -> None:
    saved(tmp_path)
    entry = Cache(tmp_path).load("panel", "k1")
    assert entry is not None and entry.values == VALUES
    assert list(entry.arrays) == list(ARRAYS)
    for name, array in entry.arrays.items():
        assert array.dtype == ARRAYS[name].dtype and array.shape == ARRAYS[name].shape
        assert array.tobytes() == ARRAYS[name].tobytes()
        assert type(array) is np.ndarray and not array.flags.writeable
        assert isinstance(array.base, np.memmap)


def test_another_kind_or_key_is_another_entry(tmp_path: Path) -> None:
    saved(tmp_path)
    cache = Cache(tmp_path)
    assert cache.load("panel", "k2") is None and cache.load("targets", "k1") is None


@pytest.mark.parametrize("file", ["entry.json", "levels.npy", "rows.npy"])
@pytest.mark.parametrize(
    "damage", ["changed", "cut", "empty", "gone", "another", *(f"bit {n}" for n in range(0, 80, 7))]
)
def test_a_damaged_entry_is_none_and_can_be_saved_again(
    tmp_path: Path, file: str, damage: str
) -> None:
    path = saved(tmp_path) / file
    data = bytearray(path.read_bytes())
    match damage:
        case "changed":
            data[-3] ^= 1
            path.write_bytes(data)
        case "cut":
            path.write_bytes(data[:-2])
        case "empty":
            path.write_bytes(b"")
        case "gone":
            path.unlink()
        case bit if bit.startswith("bit"):  # in the header, which NumPy reads as Python
            data[int(bit.split()[1])] ^= 2
            path.write_bytes(data)
        case _:
            path.write_text("[1, 2]")
    assert Cache(tmp_path).load("panel", "k1") is None
    saved(tmp_path)
    assert Cache(tmp_path).load("panel", "k1") is not None


def test_values_changed_under_their_checksum_are_seen(tmp_path: Path) -> None:
    path = saved(tmp_path) / "entry.json"
    path.write_text(path.read_text().replace('"a"', '"b"'))
    assert Cache(tmp_path).load("panel", "k1") is None


def test_the_least_recently_used_go(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.save("other", "stays", 1)
    for k in range(3):
        cache.save("alarms", str(k), k, {"x": np.ones(1)}, keep=3)
        os.utime(tmp_path / "alarms" / str(k), (k, k))
    assert cache.load("alarms", "0") is not None  # used again: now the youngest
    cache.save("alarms", "3", 3, {"x": np.ones(1)}, keep=3)
    assert {p.name for p in (tmp_path / "alarms").iterdir()} == {"0", "2", "3"}
    assert Cache(tmp_path).load("other", "stays") is not None


def test_a_full_disk_is_no_error_and_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    saved(tmp_path)
    assert list((tmp_path / "panel").iterdir()) == []
    assert Cache(tmp_path).load("panel", "k1") is None


def test_where_nothing_can_be_written_values_are_remembered_by_the_process(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    cache = Cache(blocked)
    cache.save("alarms", "k", {"rate": (0.25, 1)})
    assert cache.load("alarms", "k") == ({"rate": [0.25, 1]}, {}), "as it would be read back"
    assert Cache(blocked).load("alarms", "k") is None


def test_a_checksum_sees_type_shape_and_every_bit() -> None:
    a: Any = np.arange(11, dtype=np.int16)  # 22 bytes: two words and six bytes
    assert checksum(a) == checksum(a.copy())
    for other in (a.view(np.uint16), a.reshape(11, 1), a[:10], a[1:]):
        assert checksum(other) != checksum(a)
    for bit in range(22 * 8):
        b = a.copy()
        b.view(np.uint8)[bit // 8] ^= 1 << bit % 8
        assert checksum(b) != checksum(a)


@pytest.mark.parametrize("what", ["the same", "damaged", "another array", "another shape", "code"])
def test_what_is_kept_answers_the_same_question_alone(tmp_path: Path, what: str) -> None:
    """What is asked otherwise, or was damaged, is worked out: bytes, shapes, code."""
    line, made = np.array([[0.1, np.nan], [0.3, -0.0]]), []

    def ask(asked: np.ndarray[Any, Any], module: str = "paceline.kernels") -> list[float]:
        def make() -> list[float]:
            made.append(asked)
            return [0.1 + 0.2, float("nan")]

        return kept(Cache(tmp_path), "answers", module, [asked, 21], make)

    first = ask(line)
    asked, module = line.copy(), "paceline.kernels"
    match what:
        case "damaged":
            (entry,) = tmp_path.glob("answers/*/entry.json")
            entry.write_bytes(entry.read_bytes().replace(b"0.3", b"0.4"))
        case "another array":
            asked[1, 1] = 0.0  # no minus zero
        case "another shape":
            asked = asked.ravel()
        case "code":
            module = "paceline.arrays"
    again = ask(asked, module)
    assert again[0] == first[0] and np.isnan(again[1])
    assert len(made) == (1 if what == "the same" else 2)


def test_a_store_whose_cache_is_no_folder_is_read_without_one(tmp_path: Path) -> None:
    home = tmp_path / "store"
    Store(home)
    for make in (Path.touch, lambda p: p.symlink_to(tmp_path / "nowhere")):
        make(home / "cache")
        cache = Store(home).cache
        cache.save("panel", "key", {"a": 1}, {"x": np.arange(3)})
        assert cache.load("panel", "key") is None
        (home / "cache").unlink()
