"""The brokers that somebody has logged in to: which the last was, and their names."""

from collections.abc import Mapping
from pathlib import Path

from aikagi.address import base_url
from aikagi.disk.file_store import FileEntry
from aikagi.errors import AddressError, StateError, StateVersionError
from aikagi.records import VERSION


def last_broker_entry(folder: Path) -> FileEntry:
    """Give the entry that says which broker the last login was at."""
    return FileEntry(folder / "broker.json", folder)


def brokers_entry(folder: Path) -> FileEntry:
    """Give the entry of the names of brokers."""
    return FileEntry(folder / "brokers.json", folder)


def read_last_broker(folder: Path) -> str | None:
    record = last_broker_entry(folder).read() or {}
    base = record.get("broker", record.get("Broker"))  # its name in version 1
    return base if isinstance(base, str) else None


def read_brokers(folder: Path) -> dict[str, str]:
    """Give the brokers' roots by their names. Damage is none: a login writes anew.

    Raises ``StateVersionError`` where a later version of the client has written them.
    """
    try:
        brokers = (brokers_entry(folder).read() or {}).get("brokers")
    except StateVersionError:
        raise
    except StateError:
        return {}
    if not isinstance(brokers, Mapping):
        return {}
    return {name: base for name, base in brokers.items() if _is_root(base)}


def _is_root(base: object) -> bool:
    try:
        return isinstance(base, str) and base_url(base) == base
    except AddressError:
        return False


def write_login(folder: Path, base: str, name: str | None) -> str:
    """Note a login at ``base``, under ``name`` or the one it has. Give the name.

    A name is one broker's: one that had it before is called by its address again.
    """
    entry = brokers_entry(folder)
    with entry.locked():
        brokers = read_brokers(folder)
        names = {known: name for name, known in brokers.items()}
        name = name or names.get(base) or usual_name(base)
        if (before := brokers.get(name, base)) != base:
            brokers[usual_name(before)] = before
        brokers.pop(names.get(base, name), None)
        brokers[name] = base
        entry.write({"version": VERSION, "brokers": brokers})
    last_broker_entry(folder).write({"version": VERSION, "broker": base})
    return name


def usual_name(base: str) -> str:
    """Name a broker that nobody has named: its address without what all have."""
    return base.partition("://")[2].rstrip("/")
