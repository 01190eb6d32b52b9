"""Asks a daemon over HTTP, as all commands do that need a running one; every refusal becomes a sentence and an exit status."""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from handlers.cli.command_line import EX, end
from handlers.request.envelope import Code
from jobs.hub.addresses import own_url
from jobs.hub.config_file import LoadedConfig
from jobs.input.outside_text import sentence

#: The token that commands show to a daemon which serves the LAN only, and so takes this box for any other.
TOKEN_VARIABLE = "TIKMATRIXD_TOKEN"  # noqa: S105 - a variable's name
_PIECE_BYTES = 64 * 1024


class DaemonSilent(Exception):
    """No answer, or a refusal, from the daemon; the message says what to do, `status` is the fitting exit status."""

    def __init__(self, message: str, status: EX = EX.UNAVAILABLE) -> None:
        super().__init__(message)
        self.status = status


class NoAnswer(DaemonSilent):
    """The call or its answer was lost on the way: it may be made again."""


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: a call that changes something would become one that asks, and the token would go along anywhere."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


#: Exit statuses of refusals by their HTTP status; what else is refused is a matter of what was asked.
_REFUSED = {
    401: EX.NOPERM,
    403: EX.NOPERM,
    404: EX.NOINPUT,
    500: EX.SOFTWARE,
    503: EX.UNAVAILABLE,
    507: EX.IOERR,
}


def ask_daemon(
    config: LoadedConfig, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """One API call to the daemon of this config on this box; the answer's data. Raises DaemonSilent.

    A token in the variable TIKMATRIXD_TOKEN is shown: a daemon that listens on an address of the LAN only wants one,
    and so does one that does not trust loopback.
    """
    return ask_url(own_url(config.settings.server.listen), token_of_environment(), method, path, body)


def token_of_environment() -> str:
    """The token that commands show, or nothing. Ends the program for what no request could carry."""
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if token and not may_be_token(token):
        end(f"the variable {TOKEN_VARIABLE} holds no token: it must hold one and nothing else", EX.DATAERR)
    return token


def may_be_token(text: str) -> bool:
    """Whether a request can carry it as a token."""
    return text.isascii() and text.isprintable() and len(text.split()) == 1


def ask_url(
    url: str, token: str, method: str, path: str, body: dict[str, Any] | bytes | None = None, **more: Any
) -> dict[str, Any]:
    """One API call to the daemon at this address; the answer's data. See `exchange`. Raises DaemonSilent."""
    answer = exchange(url, token, method, path, body, **more)
    if "code" not in answer or "data" not in answer:
        raise DaemonSilent(f"{url}{path} answers something else: is that tikmatrixd?")
    data: dict[str, Any] = answer["data"]
    return data


def exchange(
    url: str,
    token: str,
    method: str,
    path: str,
    body: dict[str, Any] | bytes | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = 10.0,
    into: Callable[[bytes], object] | None = None,
) -> dict[str, Any]:
    """The whole answer, which is an envelope for all but the probes.

    Args:
        url: Address of the daemon.
        token: Shown to it; empty: none.
        method: Of the call.
        path: Of the call, with its query.
        body: An object is sent as JSON, bytes as they are.
        headers: Further ones.
        timeout_s: Longest silence of the daemon.
        into: Takes the body of a success piece by piece, for a call that answers with a file; nothing is returned then.

    Raises:
        NoAnswer: the call or its answer was lost.
        DaemonSilent: the daemon refuses, or something else answers.
    """
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
    headers = {"Content-Type": kind, **(headers or {})}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    # The daemon is on this box or in its LAN: a proxy of the environment has no part in that.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), _StayHere)
    try:
        request = urllib.request.Request(url + path, data, headers, method=method)  # noqa: S310 - checked by callers
        with direct.open(request, timeout=timeout_s) as response:
            if into is not None:
                while piece := response.read(_PIECE_BYTES):
                    into(piece)
                return {}
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        if 300 <= error.code < 400 and (there := error.headers.get("Location")):
            raise DaemonSilent(
                f"{url}{path} sends to {sentence(there, 200)}; name the address that it leads to"
            ) from error
        try:
            answer = json.load(error)
        except ValueError:
            raise DaemonSilent(f"{url}{path} answers HTTP {error.code}: is that tikmatrixd?") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        why = getattr(error, "reason", error)  # urllib wraps what the socket said
        raise NoAnswer(f"the daemon does not answer at {url}: is it running? ({why})") from error
    if not isinstance(answer, dict):
        raise DaemonSilent(f"{url}{path} answers something else: is that tikmatrixd?")
    code = answer.get("code", 0)
    if code == Code.UNAUTHORIZED and token:
        raise DaemonSilent(
            f"the daemon does not take the token that this command shows: {answer.get('message')}. "
            "Another is made on its box with: tikmatrixd.py token new NAME",
            EX.NOPERM,
        )
    if code == Code.UNAUTHORIZED:
        raise DaemonSilent(
            "the daemon takes this box for any other machine (it listens on an address of the LAN alone, or "
            f"server.trust_loopback is false), so this command needs a token: set {TOKEN_VARIABLE} (made with: "
            f"tikmatrixd.py token new NAME). The daemon says: {answer.get('message')}",
            EX.NOPERM,
        )
    if code:
        status = _REFUSED.get(code // 100, EX.DATAERR)
        # In the words of a command line.
        said = (
            str(answer.get("message")).replace("confirm=true", "--confirm").replace("force=true", "--force")
        )
        raise DaemonSilent(f"the daemon refuses: {said.replace('with force', 'with --force')}", status)
    return answer
