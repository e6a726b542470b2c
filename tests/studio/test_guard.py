"""Whoever is not the studio's own user in the studio's own page is refused, and nothing is started."""

from __future__ import annotations

import re
import socket
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup

from deepfeatures.studio import guard, runs
from tests.studio.conftest import VALUES
from tests.studio.tab import Tab

REFUSED = {
    "another host, as after DNS rebinding": {"Host": "evil.example"},
    "another host with our port": {"Host": "evil.example:{port}", "Origin": "http://evil.example:{port}"},
    "a page of another site": {"Origin": "http://evil.example"},
    "a page of another server on this machine": {"Origin": "http://127.0.0.1:1"},
    "the same name by https": {"Origin": "https://127.0.0.1:{port}"},
    "a sandboxed page": {"Origin": "null"},
    "no origin": {"Origin": None},
    "the browser says cross-site": {"Sec-Fetch-Site": "cross-site"},
    "the browser says same-site": {"Sec-Fetch-Site": "same-site"},
}


def test_what_is_refused_starts_nothing(studio):
    """One studio for all: the last request shows that the very same one, told truthfully, is not refused."""
    tab = studio().tab
    for what, lies in REFUSED.items():
        headers = {name.replace("-", "_"): value and value.format(port=tab.port) for name, value in lies.items()}
        answer = tab.post("/chapters/tiny", VALUES, **headers)
        assert (what, answer.status) == (what, 403)
        assert "evil" not in answer.text
    for xsrf in ("", "nonsense", f"2|00000000|{'0' * 32}|1"):
        assert (xsrf, tab.post("/chapters/tiny", {**VALUES, "_xsrf": xsrf}).status) == (xsrf, 403)
    xsrf = re.search(r'name="_xsrf" value="([^"]+)"', tab.get("/chapters/tiny").text)[1]
    token = tab.cookies.pop(f"studio_{tab.port}")
    for wrong in (None, "", token[:-1], token + "x"):
        stranger = Tab(tab.port, {**tab.cookies, **({} if wrong is None else {f"studio_{tab.port}": wrong})})
        assert (wrong, stranger.post("/chapters/tiny", {**VALUES, "_xsrf": xsrf}).status) == (wrong, 403)
    assert runs.every() == []
    tab.cookies[f"studio_{tab.port}"] = token
    assert tab.post("/chapters/tiny", VALUES).status == 303
    assert len(runs.every()) == 1


def test_reading_needs_this_machine_and_the_token(studio):
    tab = studio().tab
    assert tab.post("/chapters/tiny", VALUES).status == 303
    (run,) = runs.every()
    for path in ("/", "/chapters/tiny", f"/runs/{run.name}", f"/runs/{run.name}/live", "/nowhere"):
        known = tab.get(path)
        assert known.status == (404 if path == "/nowhere" else 200)
        for stranger in (Tab(tab.port), Tab(tab.port, {f"studio_{tab.port}": "guess"})):
            refused = stranger.get(path)
            assert (path, refused.status) == (path, 403) and run.name not in refused.text
        assert tab.get(path, Host="evil.example").status == 403
    assert Tab(tab.port).get("/?token=guess").status == 403
    assert Tab(tab.port).get("/static/studio.css").status == 200
    assert Tab(tab.port).get("/static/studio.css", Host="evil.example").status == 403
    for way in ("/static/../server.py", "/static/%2e%2e/server.py", f"/runs/..%2f{run.name}", "/runs/../../etc"):
        assert tab.get(way).status in (403, 404)


def test_the_rendered_page_opens_with_its_own_pass_only(studio, control):
    one = studio()
    tab, token = one.tab, urlsplit(one.address).query.partition("=")[2]
    tab.post("/chapters/tiny", VALUES)
    (run,) = runs.every()
    page = run.folder / "site" / "chapters" / "tiny.html"
    page.parent.mkdir(parents=True)
    page.write_text("<title>mine</title>")
    stranger = Tab(tab.port)  # a sandboxed page's requests carry no cookie
    right, wrong = guard.pass_for(token, run.name), guard.pass_for(token, "another")
    answer = stranger.get(f"/pages/{right}/{run.name}/chapters/tiny.html")
    assert answer.status == 200 and "mine" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ") and "allow-same-origin" not in policy and "connect-src 'none'" in policy
    for address in (f"/pages/{wrong}/{run.name}/chapters/tiny.html", f"/pages/0/{run.name}/chapters/tiny.html"):
        assert tab.get(address).status == 403
    for way_out in ("../request.json", "..%2frequest.json", "chapters/../../request.json", "%2fetc%2fpasswd"):
        assert stranger.get(f"/pages/{right}/{run.name}/{way_out}").status in (403, 404)
    assert stranger.get(f"/pages/{right}/{run.name}/chapters/tiny.html", Host="evil.example").status == 403


def test_cookies_and_headers(studio):
    one = studio()
    parts = urlsplit(one.address)
    entered = Tab(one.tab.port).get(f"/?{parts.query}")
    kept = entered.headers["Set-Cookie"]
    assert "HttpOnly" in kept and "SameSite=Strict" in kept and "Domain" not in kept
    page = one.tab.get("/chapters/tiny")
    assert "'unsafe" not in page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff" and page.headers["Referrer-Policy"] == "same-origin"
    fresh = Tab(one.tab.port, {f"studio_{one.tab.port}": one.tab.cookies[f"studio_{one.tab.port}"]})
    kept = fresh.get("/chapters/tiny").headers["Set-Cookie"]
    assert "HttpOnly" in kept and "SameSite=Strict" in kept


def test_it_listens_on_one_address_only(studio):
    tab = studio().tab
    with socket.create_connection(("127.0.0.1", tab.port), timeout=5):
        pass
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} | {"127.0.0.2"}
    for other in others - {"127.0.0.1"}:
        with pytest.raises(OSError), socket.create_connection((other, tab.port), timeout=5):
            pass


def test_no_page_holds_inline_script_or_asks_another_host(studio, control):
    tab = studio().tab
    tab.post("/chapters/tiny", VALUES)
    (run,) = runs.every()
    for path in ("/", "/chapters/tiny", f"/runs/{run.name}", "/nowhere"):
        soup = BeautifulSoup(tab.get(path).text, "html.parser")
        for element in soup.find_all(True):
            assert not [name for name in element.attrs if name.startswith("on") or name == "style"], element
            for name in ("src", "href", "action"):
                assert not urlsplit(str(element.get(name, ""))).netloc
        assert all(script.get("src") and not script.string for script in soup.find_all("script"))
        assert not soup.find_all("style")
