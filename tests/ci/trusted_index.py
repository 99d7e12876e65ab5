"""An index by https that takes a hosted job's identity for a password, as PyPI does (trusted publishing).

The identity provider, too, is here: what GitHub gives a job that may ask for its identity.
"""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

from scripts.rehearsal.faults import Handler, Proxy

IDENTITY, TOKEN, REQUEST = "header.identity.signature", "pypi-minted", "of-this-job"


class Trusting(Handler):
    """Gives the job its identity, takes that for a token, and takes files with that token alone."""

    refuses = False

    def do_GET(self) -> None:  # noqa: N802  # http.server calls it
        if self.path == "/_/oidc/audience":
            self.say(200, {"audience": "pypi"})
        elif self.path == "/identity?audience=pypi":
            known = self.headers.get("Authorization") == f"Bearer {REQUEST}"
            self.say(200 if known else 401, {"value": IDENTITY} if known else {})
        else:
            super().do_GET()

    def do_POST(self) -> None:  # noqa: N802  # http.server calls it
        if self.path == "/_/oidc/mint-token":
            asked = json.loads(self.read_body())
            trusted = asked == {"token": IDENTITY} and not self.refuses
            error = {"message": "Token request failed", "errors": [{"code": "invalid-publisher", "description": "unknown"}]}
            self.say(200 if trusted else 422, {"success": True, "token": TOKEN} if trusted else error)
        elif self.path == "/_/oidc/burn-token":
            self.read_body()
            self.say(200, {})
        elif self.headers.get("Authorization") == f"Basic {base64.b64encode(f'__token__:{TOKEN}'.encode()).decode()}":
            super().do_POST()
        else:
            self.read_body()
            self.say(403, {"message": "not with this credential"})

    def say(self, status: int, body: object) -> None:
        self.reply(status, [("Content-Type", "application/json")], json.dumps(body).encode())


class Refusing(Trusting):
    """Knows no publisher."""

    refuses = True


@contextmanager
def trusting(upstream: str, folder: Path, handler: type[Trusting] = Trusting) -> Iterator[tuple[Proxy, dict[str, str]]]:
    """The index by https, and the environment of a hosted job that may ask for its identity."""
    authority = trustme.CA()
    trusted = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(trusted))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with Proxy(upstream, handler=handler, context=context) as proxy:
        yield (
            proxy,
            {
                "GITHUB_ACTIONS": "true",
                "ACTIONS_ID_TOKEN_REQUEST_URL": f"{proxy.url}identity",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST,
                "SSL_CERT_FILE": str(trusted),
                "NO_PROXY": "localhost,127.0.0.1",
                "no_proxy": "localhost,127.0.0.1",
            },
        )
