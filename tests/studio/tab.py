"""A browser's tab as the server sees it: keeps cookies, sends Host and Origin, and can be told to lie about each."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def place(self) -> str:
        return self.headers["Location"]


@dataclass
class Tab:
    """port: of the studio. cookies: as a browser would send them."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, headers: dict[str, str | None], body: str | None = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        sent = {"Host": f"127.0.0.1:{self.port}", **headers}
        if self.cookies:
            sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **sent}
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body.encode())))
        connection.endheaders(body.encode() if body is not None else None)
        answer = connection.getresponse()
        for kept in answer.headers.get_all("Set-Cookie", []):
            name, _, value = kept.partition(";")[0].partition("=")
            self.cookies[name] = value
        found = Answer(answer.status, answer.headers, answer.read().decode())
        connection.close()
        return found

    def get(self, path: str, **headers: str | None) -> Answer:
        return self.ask("GET", path, {name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, fields: dict[str, object], **headers: str | None) -> Answer:
        """A form as the browser sends it, its XSRF field taken from the page unless given."""
        if "_xsrf" not in fields:
            page = self.get("/chapters/tiny").text
            token = re.search(r'name="_xsrf" value="([^"]+)"', page)
            fields = {"_xsrf": token[1] if token else "", **fields}
        told = {"Origin": f"http://127.0.0.1:{self.port}", "Content-Type": "application/x-www-form-urlencoded"}
        told.update({name.replace("_", "-"): value for name, value in headers.items()})
        return self.ask("POST", path, told, urlencode(fields, doseq=True))


def enter(address: str) -> Tab:
    """A tab that opened the address the studio printed."""
    parts = urlsplit(address)
    tab = Tab(parts.port or 0)
    assert tab.get(f"{parts.path}?{parts.query}").status == 200
    return tab
