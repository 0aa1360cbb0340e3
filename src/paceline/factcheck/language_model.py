"""A language model behind an address the user gives, in the manner of most servers: POST /chat/completions.

Nothing is sent unless an address is given, and then only the prompt. The key comes from the
environment (``PACELINE_READER_KEY``), is sent in the Authorization header and stands in no message.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable

from paceline.errors import SourceError, UsageError

#: Where the key stands; local servers need none.
KEY = "PACELINE_READER_KEY"
#: Bytes of the longest reply that is read; seconds waited for it.
LONGEST, PATIENCE = 2_000_000, 120.0


def chat(url: str, model: str, *, patience: float = PATIENCE) -> Callable[[str], str]:
    """From a prompt to the model's reply, at temperature zero.

    url    address of the service up to its version, e.g. "http://localhost:11434/v1"
    model  the model's name there
    Raises ``UsageError`` for an address that is not http, ``SourceError`` (when called) for a
    server that is dead, refuses, or answers in another form."""
    if not url.startswith(("http://", "https://")):
        raise UsageError(
            f"{url!r} is no address of a language model.",
            'Give one like "http://localhost:11434/v1".',
        )
    address = url.rstrip("/") + "/chat/completions"

    def ask(prompt: str) -> str:
        from urllib import error, request

        body = {"model": model, "temperature": 0, "messages": [{"role": "user", "content": prompt}]}
        headers = {"Content-Type": "application/json"}
        if os.environ.get(KEY):
            headers["Authorization"] = f"Bearer {os.environ[KEY]}"
        sent = request.Request(address, json.dumps(body).encode(), headers)  # noqa: S310  http only, checked above
        try:
            with request.urlopen(sent, timeout=patience) as reply:  # noqa: S310
                found = json.loads(reply.read(LONGEST))
            return str(found["choices"][0]["message"]["content"])
        except error.HTTPError as fault:
            fault.close()
            raise SourceError(
                f"{address}: the server answers {fault.code} {fault.reason}.",
                f"Check --reader-model and the key in {KEY}.",
            ) from None
        except OSError as fault:
            why = getattr(fault, "reason", None) or fault
            raise SourceError(
                f"{address}: no answer ({why}).",
                "Is the server running? Without --reader no model is asked.",
            ) from None
        except (ValueError, KeyError, IndexError, TypeError):
            raise SourceError(
                f"{address}: the answer is not that of a chat service.",
                "Give the address up to its version, e.g. http://localhost:11434/v1.",
            ) from None

    return ask
