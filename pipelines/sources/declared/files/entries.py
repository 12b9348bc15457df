"""The entries of kind `files`: which files are a table, how they are read, and where they lie."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import StringConstraints

from pipelines.failures import Misconfigured
from pipelines.files.toml_file import Strict, Text
from pipelines.http.policy import check_url
from pipelines.settings import refuse_name
from pipelines.sources.declared.declaration import Rows

FORMATS = {
    "csv": "csv",
    "tsv": "tsv",
    "tab": "tsv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "parquet": "parquet",
    "xlsx": "xlsx",
}
TEXTS, SEPARATED = ("csv", "tsv", "jsonl"), ("csv", "tsv")
# Entries that only some formats have
ONLY_FOR = {
    "encoding": TEXTS,
    "delimiter": ("csv",),
    "trailer": TEXTS,
    "sheet": ("xlsx",),
    "header_row": (*SEPARATED, "xlsx"),
}
FILE, S3, GS, AZ, SFTP = SCHEMES = ("file", "s3", "gs", "az", "sftp")
STORE_ENTRIES = {
    "endpoint_url": (S3, GS),
    "region": (S3,),
    "account_name": (AZ,),
    "host_key": (SFTP,),
    "key_file": (SFTP,),
    "identity": (S3, GS, AZ),
}
REQUIRED_ENTRIES = {AZ: "account_name", SFTP: "host_key"}
GZIP = ".gz"
WILDCARDS = re.compile(r"[*?]")

Character = Annotated[str, StringConstraints(min_length=1, max_length=1, pattern='[^"\r\n]')]


class FileEntries(Strict):
    """How the files of one table are chosen and read."""

    take: Literal["newest", "all"] | None = None
    format: Literal["csv", "tsv", "jsonl", "parquet", "xlsx"] | None = None
    encoding: Text | None = None
    delimiter: Character | None = None
    sheet: Text | None = None
    header_row: Rows | None = None
    expected_rows: Rows | None = None
    trailer: Text | None = None


class FileTable(FileEntries):
    """The files of one table. A path begins in the project directory, or is an address."""

    path: Text

    @property
    def scheme(self) -> str:
        head, separator, _ = self.path.partition("://")
        return head.lower() if separator else FILE

    @property
    def has_wildcard(self) -> bool:
        return bool(WILDCARDS.search(self.path))

    @property
    def kind(self) -> str:
        """Return the format: the one that is named, or that of the path's ending; else empty."""
        ending = self.path.lower().removesuffix(GZIP).rpartition(".")[2]
        return self.format or FORMATS.get(ending, "")


class StoreEntries(Strict):
    """Where an object store or a server is, and how it is known."""

    endpoint_url: Text | None = None  # of a store that is not the vendor's own
    region: Text | None = None
    account_name: Text | None = None
    host_key: Text | None = None
    key_file: Text | None = None
    identity: Literal["machine"] | None = None  # its own role, instead of a secret


def check_table(place: str, table: FileTable) -> None:
    """Raise Misconfigured for entries of one table that do not fit together."""
    if table.scheme not in SCHEMES:
        refuse_name(f"{place} path", table.scheme, SCHEMES, "scheme")
    if table.has_wildcard and table.take is None:
        why = "the path has a wildcard, and nothing says which of the files are read"
        raise Misconfigured(place, why, 'add take = "newest", or take = "all"')
    if table.take and not table.has_wildcard:
        raise Misconfigured(place, "take is for a path with a wildcard", "remove take")
    if not table.kind:
        known = ", ".join(FORMATS)
        why = f"the path ends in none of {known}, so it does not say what the file is"
        raise Misconfigured(place, why, 'add format = "csv", or another format')
    for entry, formats in ONLY_FOR.items():
        if getattr(table, entry) is not None and table.kind not in formats:
            why = f"{entry} is for {' and '.join(formats)}, and this is {table.kind}"
            raise Misconfigured(place, why, f"remove {entry}")
    if table.path.lower().endswith(GZIP) and table.kind not in TEXTS:
        raise Misconfigured(place, f"{table.kind} has its own compression", "store it without .gz")
    _check_encoding(place, table.encoding)
    _check_trailer(place, table.trailer)


def check_store(place: str, entries: StoreEntries, tables: list[FileTable]) -> None:
    """Raise Misconfigured for an address that lacks something, and for an entry of another one."""
    schemes = {table.scheme for table in tables}
    for entry, users in STORE_ENTRIES.items():
        if getattr(entries, entry) is not None and not schemes & {*users}:
            users_text = " and ".join(f"{one}://" for one in users)
            raise Misconfigured(place, f"{entry} is for {users_text}", f"remove {entry}")
    for scheme, entry in REQUIRED_ENTRIES.items():
        if scheme in schemes and getattr(entries, entry) is None:
            next = f'add {entry} = "…"'
            if entry == "host_key":
                next += " as `ssh-keyscan HOST | ssh-keygen -lf -` prints it (SHA256:…)"
            raise Misconfigured(place, f"{scheme}:// needs {entry}", next)
    if entries.endpoint_url:
        check_url(f"{place} endpoint_url", entries.endpoint_url)
    for table in tables:
        if table.scheme == SFTP and not urlsplit(table.path).username:
            next = "write the path as sftp://user@host/folder/file.csv"
            raise Misconfigured(f"{place} path", "it names no user", next)


def _check_encoding(place: str, encoding: str | None) -> None:
    try:
        is_text = encoding is None or codecs.lookup(encoding)._is_text_encoding
    except LookupError:
        is_text = False
    if not is_text:
        next = "use the name of a code page, such as cp1252 or utf-16"
        raise Misconfigured(f"{place} encoding", f"unknown encoding {encoding}", next)


def _check_trailer(place: str, trailer: str | None) -> None:
    why = ""
    try:
        if trailer and re.compile(trailer).groups != 1:
            why = "it needs one group in brackets, for the number of rows"
    except re.error as error:
        why = f"it is no regular expression ({error})"
    if why:
        raise Misconfigured(f"{place} trailer", why, r"write it as trailer = '^TOTAL;(\d+)$'")


def normalize_path(path: str) -> str:
    """Return a path or an address in one spelling, without the user of an address."""
    scheme, separator, rest = path.partition("://")
    if not separator:
        return Path(path).as_posix()
    host, _, place = rest.partition("/")
    host = host.rpartition("@")[2] if scheme.lower() == SFTP else host
    return f"{scheme.lower()}://{host}/{place}"
