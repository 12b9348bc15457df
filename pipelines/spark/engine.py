"""Where the models run if not here: the settings TRANSFORM__ON and TRANSFORM__STORE."""

from __future__ import annotations

import logging
import re
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import settings
from pipelines.failures import Misconfigured, StorageFailed, install_extra
from pipelines.redact import hide, redact_text

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

ADDRESS = re.compile(r"(sc://[^/;\s]+)(?:/((?:;\w[\w-]*=[^;\s]*)*))?")
# Parameters of an address that are no secret; the token and headers may be one
HARMLESS = {"use_ssl", "user_id", "user_agent", "session_id", "grpc_max_message_size"}
# The default has no time zone: a reader would take the times for local ones
TIMES = ("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
# Otherwise, the sessions of a process share a connection: after a driver has died, gRPC would wait
# up to two minutes before it connects to the one that took its place
OWN_CONNECTION = ("grpc.use_local_subchannel_pool", 1)
FIRST_TRIES, MORE_TRIES = 3, 6  # of a call that finds no server: about a second, about a minute
MAX_WAIT = 30_000  # milliseconds between two tries
OLDEST = 4  # major version of Spark: the first that has the type VARIANT
LOST = ("UNAVAILABLE", "INVALID_HANDLE", "SESSION_CLOSED")  # in the message of Spark's client


@dataclass(frozen=True)
class Engine:
    """A Spark Connect server, and the folder where the rows are that Spark has made."""

    url: str
    store: Path

    @property
    def address(self) -> str:
        """Return the server without the parameters, of which one may be a token."""
        return ADDRESS.fullmatch(self.url)[1]


def read_engine() -> Engine | None:
    """Return where the models run; None if they run in this process. Raises Misconfigured."""
    url = settings.read_setting("transform.on")
    if not url:
        return None
    found = ADDRESS.fullmatch(url)
    if found is None:
        why = "it is not the address of a Spark Connect server"
        raise Misconfigured("TRANSFORM__ON", why, "set TRANSFORM__ON=sc://host:15002")
    parts = (part.split("=", 1) for part in (found[2] or "").split(";")[1:])
    hide(*(value for name, value in parts if name not in HARMLESS))
    engine = Engine(url, _read_store())
    if find_spec("pyspark") is None:
        why = "the client of Spark is not installed"
        raise Misconfigured("TRANSFORM__ON", why, install_extra("spark"))
    return engine


def _read_store() -> Path:
    remedy = (
        "set TRANSFORM__STORE to a folder that Spark and every reader of the published file see"
        " under the same path"
    )
    text = settings.read_setting("transform.store")
    if not text:
        why = "TRANSFORM__ON is set, and Spark needs a folder for the rows of the models"
        raise settings.missing_setting("TRANSFORM__STORE", why, remedy)
    # DuckDB takes other characters for a pattern of names
    if not re.fullmatch(r"/[\w ./@:+=,-]*", text) or "://" in text:
        why = "it is not the path of a folder, or DuckDB would misread a character of it"
        raise Misconfigured("TRANSFORM__STORE", why, remedy)
    if not Path(text).is_dir():
        raise Misconfigured("TRANSFORM__STORE", f"there is no folder {text}", remedy)
    return Path(text)


def connect(engine: Engine) -> SparkSession:
    """Open a session of the server. Raises StorageFailed, and Misconfigured for an old Spark."""
    # The client writes each error of Spark to stderr, with its stack trace, and that it gave up. It
    # also warns of the new pandas, which nothing here uses.
    warnings.filterwarnings("ignore", r"\[RETRIES_EXCEEDED")
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    from pyspark.errors import PySparkException  # takes a second to import
    from pyspark.sql.connect.client.core import DefaultChannelBuilder
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.session import SparkSession

    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    try:
        channel = DefaultChannelBuilder(engine.url, [OWN_CONNECTION])
        session = SparkSession.builder.channelBuilder(channel).create()
        session.client.set_retry_policies([DefaultPolicy(max_retries=FIRST_TRIES)])
        version = session.version
        if int(version.split(".")[0]) < OLDEST:
            why = f"{engine.address} is Spark {version}, and the models need Spark {OLDEST}"
            raise Misconfigured("TRANSFORM__ON", why, "use a newer Spark")
        session.conf.set(*TIMES)
    except PySparkException as error:
        why = f"Spark does not answer: {describe_error(error)}"
        raise StorageFailed(
            f"transform: {engine.address}",
            why,
            "start the Spark Connect server, or check TRANSFORM__ON; `rollcall transform --check`"
            " tries it",
        ) from None
    policy = DefaultPolicy(max_retries=MORE_TRIES, max_backoff=MAX_WAIT)
    session.client.set_retry_policies([policy])
    return session


def is_lost(error: Exception) -> bool:
    """Return whether the server is gone, or has been started again and forgotten the session."""
    return any(word in str(error) for word in LOST)


def describe_error(error: Exception) -> str:
    """Return the reason of a failure of Spark as one line, without its stack trace."""
    text = str(error).split("JVM stacktrace")[0]
    if details := re.search(r'details = "(.*)"', text):
        text = details[1]
    return redact_text(text, 500)
