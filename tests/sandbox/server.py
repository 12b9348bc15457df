"""One vendor's API on loopback: real HTTP, a log of requests, and faults on demand.

A vendor is an object with `handle(request) -> Response`. The object holds the state, so the next
call reads what one call writes. The sandbox refuses whatever the vendor would refuse.
"""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """One HTTP request. `query` and `form` keep the last value of a repeated key."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: bytes
    base_url: str  # scheme, host and port as the client wrote them

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"null")


@dataclass
class Response:
    """One answer. `body` is bytes (sent unchanged) or any JSON value.

    A header with an empty value is left out, the length too. A list is one line per value.
    """

    status: int = 200
    body: Any = b""
    headers: dict[str, str | list[str]] = field(default_factory=dict)
    cut_after: int | None = None  # close the connection after so many bytes of the body
    drip: float = 0.0  # seconds before each single byte of the body
    stall: bytes = b""  # sent every 10 ms in place of the answer, until the server closes

    def encoded(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False).encode()


class Vendor(Protocol):
    def handle(self, request: Request) -> Response: ...

    def touch(self) -> None:
        """Clear what was computed from the state; call after editing the state by hand."""
        ...

    def settings(self, url: str) -> dict[str, str]:
        """Return the settings of a source that reads the vendor at this address."""
        ...

    def write_settings(self) -> dict[str, str]:
        """Return the settings that let Rollcall write, and create their credentials."""
        ...


@dataclass
class Fault:
    """A planned failure: the requests it affects, how often, and the answer they get instead.

    `effect` receives the request and the real answer, and returns what the client sees. The vendor
    has acted by then: a write has happened. With `before=True` the vendor never sees the request,
    and `effect` receives no answer.
    """

    matches: Callable[[Request], bool]
    effect: Callable[[Request, Response | None], Response]
    times: int = 1
    after: int = 0  # let so many matching requests pass first
    before: bool = False
    fired: int = 0
    seen: int = 0

    def strikes(self, request: Request) -> bool:
        if not self.matches(request):
            return False
        self.seen += 1
        if self.seen <= self.after or self.fired >= self.times:
            return False
        self.fired += 1
        return True


class Server:
    """A vendor served on a free port of 127.0.0.1 until `close`. Also a context manager."""

    def __init__(self, vendor: Vendor, port: int = 0) -> None:
        self.vendor = vendor
        self.faults: list[Fault] = []
        self.log: list[tuple[str, str, dict[str, str], int]] = []
        self.seen: list[Request] = []
        self.clock_error = 0.0  # seconds by which every `Date` is wrong
        self._lock = threading.Lock()
        self.is_closed = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def _answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                parts = urlsplit(self.path)
                request = Request(
                    method=self.command,
                    path=unquote(parts.path),
                    query=dict(parse_qsl(parts.query, keep_blank_values=True)),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=self.rfile.read(length) if length else b"",
                    base_url=f"http://{self.headers.get('host', '')}",
                )
                response = outer.respond(request)
                while response.stall and not outer.is_closed:
                    self.wfile.write(response.stall)
                    self.wfile.flush()
                    time.sleep(0.01)
                body = response.encoded()
                self.send_response(response.status)
                headers = {"content-type": "application/json"} | {
                    name.lower(): value for name, value in response.headers.items()
                }
                headers.setdefault("content-length", str(len(body)))
                for name, value in headers.items():
                    for line in [value] if isinstance(value, str) else value:
                        if line:
                            self.send_header(name, line)
                self.end_headers()
                for byte in body if response.drip else b"":
                    time.sleep(response.drip)
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                if response.drip:
                    return
                if response.cut_after is not None:
                    self.wfile.write(body[: response.cut_after])
                    self.close_connection = True
                else:
                    self.wfile.write(body)
                self.wfile.flush()

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = _answer

            def date_time_string(self, timestamp: float | None = None) -> str:
                moment = time.time() if timestamp is None else timestamp
                return super().date_time_string(moment + outer.clock_error)

            def log_message(self, *_: Any) -> None: ...

        class Http(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: Any) -> None: ...  # a client that hung up

        self._http = Http(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def respond(self, request: Request) -> Response:
        """Return the vendor's answer, or what a fault makes of it."""
        with self._lock:
            fault = next((fault for fault in self.faults if fault.strikes(request)), None)
            response = None if fault and fault.before else self._handled(request)
        if fault:  # outside the lock: a slow answer for one client must not slow the others
            response = fault.effect(request, response)
        assert response is not None
        with self._lock:
            self.log.append((request.method, request.path, request.query, response.status))
            self.seen.append(request)
        return response

    def _handled(self, request: Request) -> Response:
        """Return the vendor's real answer. A bug of the sandbox is a 500 with its traceback."""
        try:
            return self.vendor.handle(request)
        except Exception:
            traceback.print_exc()
            return Response(500)

    def count(self, method: str = "", contains: str = "") -> int:
        """Return how many requests had this method and this text in their path."""
        return sum(
            (not method or entry[0] == method) and contains in entry[1] for entry in self.log
        )

    def close(self) -> None:
        self.is_closed = True
        self._http.shutdown()
        self._http.server_close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
