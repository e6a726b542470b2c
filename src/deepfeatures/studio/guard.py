"""Who may ask the studio for what. Every request passes here; each rule is tested by breaking it.

Host        must be this machine by name or number, else a page elsewhere could rebind its name to us (DNS rebinding)
token       a cookie that was set by the address the studio printed; scripts cannot read it, other sites do not send it
Origin      of whatever changes something must be the studio's own page, and present
XSRF        tornado's own double-submitted token, and its check of Sec-Fetch-Site
content     nothing from elsewhere, no inline script, no framing
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import urlsplit

from tornado.web import HTTPError, RequestHandler

HOSTS = ("127.0.0.1", "localhost")
OWN = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# A chapter's page holds whatever its notebook put out, script included. `sandbox` without allow-same-origin takes the
# studio's origin from it: its requests carry no cookie and are cross-site.
RENDERED = (
    "sandbox allow-scripts allow-forms allow-popups; default-src 'none'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; media-src data:; "
    "connect-src 'none'; form-action {site}; base-uri 'none'; frame-ancestors 'none'"
)  # site: the address of the rendered pages, whose search is a form


class Refusal(HTTPError):
    """A request that is not answered, with the reason for the page that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status)
        self.message = message


NOT_THIS_MACHINE = "The studio answers only under 127.0.0.1 and localhost."
NOT_OURS = "Something other than the studio's own page tried to change something. Nothing was changed."
NO_TOKEN = (
    "This browser has not opened the address that the studio printed, or the studio was started anew since: "
    "open the address with ?token= that stands in its terminal."
)
FORGED = "The request did not come from a form of this studio. Nothing was changed; reload the page and try again."


class Guarded(RequestHandler):
    """A handler that answers only the studio's own user. `needs_token` is False for what anybody may have."""

    needs_token = True

    def set_default_headers(self) -> None:
        self.set_header("Content-Security-Policy", OWN)
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Referrer-Policy", "same-origin")  # no-referrer would make the browser send Origin: null
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")
        self.clear_header("Server")

    def prepare(self) -> None:
        if urlsplit(f"//{self.request.host}").hostname not in HOSTS:
            raise Refusal(403, NOT_THIS_MACHINE)
        if self.request.method not in ("GET", "HEAD"):
            origin = self.request.headers.get("Origin", "")
            if origin != f"http://{self.request.host}":
                raise Refusal(403, NOT_OURS)
        if self.needs_token and not same(self.get_cookie(self.settings["cookie"], ""), self.settings["token"]):
            raise Refusal(403, NO_TOKEN)

    def write_error(self, status_code: int, **told: Any) -> None:
        failure = told.get("exc_info", (None, None))[1]
        if isinstance(failure, Refusal):
            message = failure.message
        elif status_code == 403:  # tornado's own: XSRF, Sec-Fetch-Site
            message = FORGED
        elif status_code == 404:
            message = "There is no such file."
        else:
            message = f"{self._reason}. What the studio printed in its terminal says more."
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.render("error.html", title=str(status_code), message=message)

    def log_exception(self, *told: Any) -> None:
        if not isinstance(told[1], HTTPError):  # a refusal is no news, and its address may hold a token
            super().log_exception(*told)


def same(given: str | None, right: str) -> bool:
    """Compared in the same time wherever they differ."""
    return hmac.compare_digest((given or "").encode(), right.encode())


def new_token() -> str:
    return secrets.token_urlsafe(32)


def pass_for(token: str, run: str) -> str:
    """The part of an address that opens the rendered page of one run and nothing else: its page may know it."""
    return hmac.new(token.encode(), f"page of {run}".encode(), hashlib.sha256).hexdigest()[:40]
