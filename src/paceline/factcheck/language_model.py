"""A language model behind an address the user gives: POST /chat/completions.

Nothing is sent unless an address is given, and then only the prompt, to that address and no other:
a redirect is refused. The key comes from the environment (``PACELINE_READER_KEY``), is sent in the
Authorization header and stands in no message.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from paceline.doors import visible
from paceline.errors import SourceError, UsageError

if TYPE_CHECKING:
    import httpx

#: Where the key stands; local servers need none.
KEY = "PACELINE_READER_KEY"
#: Bytes of the longest reply that is read; seconds of the whole exchange, to the last byte.
LONGEST, PATIENCE = 2_000_000, 120.0
FORM = "Give the address up to its version, e.g. http://localhost:11434/v1."
RUNNING = "Is the server running? Without --reader no model is asked."


def chat(url: str, model: str, *, patience: float = PATIENCE) -> Callable[[str], str]:
    """From a prompt to the model's reply, at temperature zero.

    url       address of the service up to its version, e.g. "http://localhost:11434/v1"
    model     the model's name there
    patience  seconds that the whole exchange may take
    Raises ``UsageError`` for an address that is not http or holds a password, ``SourceError`` (when
    called) for a server that is dead, slow, refuses, sends elsewhere, or answers too much or in
    another form.
    """
    import httpx

    try:
        address = httpx.URL(url.rstrip("/") + "/chat/completions")
    except (httpx.InvalidURL, ValueError):
        address = httpx.URL()
    possible = (
        address.host and not set(address.host) & set(" \t\\%") and 0 < (address.port or 80) < 65536
    )
    if address.scheme not in ("http", "https") or not possible:
        raise UsageError(
            f"{visible(url)[:200]!r} is no address of a language model.",
            'Give one like "http://localhost:11434/v1".',
        )
    if address.userinfo:
        raise UsageError(
            "the address of the language model holds a name or a password.",
            f"Put the key into the environment as {KEY}.",
        )
    key = os.environ.get(KEY, "")
    if not (key.isascii() and key.isprintable()):
        raise UsageError(
            f"the key in {KEY} holds characters that no header may have.",
            "Set it anew, without line ends.",
        )
    body = {"model": model, "temperature": 0}
    headers = {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {key}"} if key else {})}

    def ask(prompt: str) -> str:
        asked = json.dumps({**body, "messages": [{"role": "user", "content": prompt}]}).encode()
        return _content(address, _within(patience, address, headers, asked))

    return ask


def _within(patience: float, address: httpx.URL, headers: dict[str, str], asked: bytes) -> bytes:
    """The body of the reply; an exchange that is not over in time is cut off.

    The client's own limits count from byte to byte: a server that sends one now and then would
    never meet them. So the exchange has a thread of its own, and the clock is looked at from
    outside.
    """
    import httpx

    late = SourceError(f"{address}: no whole answer within {patience:g} seconds.", RUNNING)
    found: list[bytes | Exception] = []
    client = httpx.Client(follow_redirects=False, timeout=patience)

    def exchange() -> None:
        try:
            found.append(
                _exchanged(client, address, headers, asked, time.monotonic() + patience, late)
            )
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=exchange, daemon=True)
    thread.start()
    thread.join(patience)
    if not found:
        threading.Thread(
            target=client.close, daemon=True
        ).start()  # ends the exchange, whatever it waits for
        raise late
    client.close()
    if isinstance(found[0], bytes):
        return found[0]
    if isinstance(found[0], httpx.TimeoutException):
        raise late from None
    if isinstance(found[0], SourceError):
        raise found[0]
    raise SourceError(
        f"{address}: no answer ({visible(str(found[0])) or type(found[0]).__name__}).", RUNNING
    ) from None


def _exchanged(
    client: httpx.Client,
    address: httpx.URL,
    headers: dict[str, str],
    asked: bytes,
    until: float,
    late: SourceError,
) -> bytes:
    """One request and the whole body of its reply."""
    with client.stream(
        "POST", address, content=asked, headers={**headers, "Content-Type": "application/json"}
    ) as reply:
        if reply.is_redirect:
            to = visible(reply.headers.get("location", ""))[:200]
            raise SourceError(
                f"{address}: the server sends elsewhere, to {to!r}.",
                "Nothing was sent there. Give that address if you trust it.",
            )
        if not reply.is_success:
            said = visible(reply.reason_phrase)[:80]
            raise SourceError(
                f"{address}: the server answers {reply.status_code} {said}.",
                f"Check --reader-model and the key in {KEY}.",
            )
        body = bytearray()
        for piece in reply.iter_raw():
            body += piece
            if len(body) > LONGEST:
                raise SourceError(
                    f"{address}: the answer is longer than {LONGEST:,} bytes.",
                    "Give a shorter text, or try another model.",
                )
            if time.monotonic() > until:
                raise late
        return bytes(body)


def _content(address: httpx.URL, reply: bytes) -> str:
    """The text of the model's first choice."""
    try:
        said = json.loads(reply)["choices"][0]["message"]["content"]
        if isinstance(said, str):
            return said
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        pass
    raise SourceError(f"{address}: the answer is not that of a chat service.", FORM)
