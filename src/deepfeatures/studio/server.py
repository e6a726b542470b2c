"""The studio's pages and the server behind them. All state is on the disk (`runs`): it may be killed at any moment."""

from __future__ import annotations

import asyncio
import errno
import signal
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, StaticFileHandler, url

from deepfeatures.studio import comparison, form, guard, progress, runs, words
from deepfeatures.studio.guard import Guarded, Refusal
from deepfeatures.study import catalogue, paths, profiles

HERE = Path(__file__).resolve().parent
ADDRESS = "127.0.0.1"
LARGEST_REQUEST = 100_000  # bytes: a form is some hundreds
_RUN = r"([a-z0-9.-]+)"


class Page(Guarded):
    """What all pages share."""

    def get_template_namespace(self) -> dict[str, Any]:
        return {**super().get_template_namespace(), "words": words, "runs": runs, "version": version("deepfeatures")}

    def run_named(self, name: str) -> runs.Run:
        try:
            return runs.find(name)
        except runs.UnknownRun as absence:
            raise Refusal(404, str(absence)) from absence

    def chapter_named(self, slug: str) -> catalogue.Source:
        try:
            return catalogue.chapter(slug)
        except catalogue.UnknownChapter as absence:
            raise Refusal(404, str(absence)) from absence


class Enter(Page):
    """`/?token=...` keeps the token as a cookie; `/` lists chapters and runs."""

    needs_token = False

    def get(self) -> None:
        given = self.get_query_argument("token", None)
        if given is None:
            if not guard.same(self.get_cookie(self.settings["cookie"]), self.settings["token"]):
                raise Refusal(403, guard.NO_TOKEN)
            chapters = [catalogue.chapter(slug) for slug in catalogue.slugs()]
            self.render("index.html", title="Studio", chapters=chapters, listed=runs.every())
            return
        if not guard.same(given, self.settings["token"]):
            raise Refusal(403, guard.NO_TOKEN)
        self.set_cookie(self.settings["cookie"], given, httponly=True, samesite="Strict", path="/")
        # A page and not a redirect: where the address was followed from another site, the browser would count the
        # redirect as that site's and keep the cookie back.
        self.render("enter.html", title="Studio")


class Chapter(Page):
    """A chapter's form, and what it sends."""

    def get(self, slug: str) -> None:
        source = self.chapter_named(slug)
        profile, earlier = self.get_query_argument("profile", None), self.get_query_argument("run", None)
        if profile is not None and profile not in profiles.names():
            raise Refusal(404, f"There is no profile {profile!r}")
        if earlier is not None:
            stored = self.run_named(earlier).request["parameters"]
            kept = {name: value for name, value in stored.items() if name in source.parameters}
            values = {**catalogue.resolve(slug, "default", {}), **kept}  # one that is new since has its default
        else:
            values = catalogue.resolve(slug, profile or "default", {})
        self.form(source, form.shown(values), profile=None if earlier else profile or "default", earlier=earlier)

    def post(self, slug: str) -> None:
        source = self.chapter_named(slug)
        texts = {name: self.get_body_arguments(name, strip=False) for name in self.request.body_arguments}
        texts.pop("_xsrf", None)
        try:
            values = form.submitted(slug, texts)
        except form.Refused as refusal:
            self.set_status(422)
            self.form(source, texts, errors=refusal.errors)
            return
        run, new = runs.start(slug, values, cores=self.settings["cores"], runner=self.settings["runner"])
        self.redirect(f"/runs/{run.name}" + ("" if new else "?again"), status=303)

    def form(
        self,
        source: catalogue.Source,
        texts: Mapping[str, Sequence[str]],
        *,
        errors: Mapping[str, str] | None = None,
        profile: str | None = None,
        earlier: str | None = None,
    ) -> None:
        published = comparison.published(source.slug)
        fields = form.fields(
            source.slug, texts, published=published["parameters"] if published else None, errors=errors
        )
        self.render(
            "chapter.html", title=words.title(source.title), source=source, fields=fields, errors=errors or {},
            presets=profiles.names(), profile=profile, earlier=earlier,
            listed=[run for run in runs.every() if run.slug == source.slug],
        )  # fmt: skip


class Run(Page):
    """One run: how far it is, or what it found."""

    def get(self, name: str) -> None:
        run = self.run_named(name)
        status = run.status
        here = run.result("results.json") if run.slug in catalogue.slugs() else None  # the chapter may have gone since
        told = progress.Progress() if status["state"] in runs.ENDED else progress.of(run)
        compared = comparison.compare(run.slug, here, comparison.published(run.slug)) if here else None
        self.render(
            "run.html", title=f"Run of {run.slug}", run=run, status=status, told=told, compared=compared,
            again=self.get_query_argument("again", None) is not None,
            log="\n".join(progress.tail(run.folder / runs.LOG).splitlines()[-progress.LINES :]),
            page=runs.page_state(run), page_log=progress.tail(run.folder / runs.PAGE_LOG),
            address=f"/pages/{guard.pass_for(self.settings['token'], name)}/{name}/chapters/{run.slug}.html",
        )  # fmt: skip


class Live(Page):
    """What the run's page asks for every second."""

    def get(self, name: str) -> None:
        self.set_header("Content-Type", "application/json")
        self.write(progress.as_json(self.run_named(name)))


class Act(Page):
    """Buttons of a run: stop, delete, page."""

    def post(self, name: str, what: str) -> None:
        run = self.run_named(name)
        try:
            if what == "stop":
                runs.stop(run)
            elif what == "page":
                runs.make_page(run)
            else:
                runs.delete(run)
                self.redirect("/", status=303)
                return
        except runs.StillRunning as refusal:
            raise Refusal(409, str(refusal)) from refusal
        self.redirect(f"/runs/{name}", status=303)


class Missing(Page):
    """Any other address."""

    def prepare(self) -> None:
        super().prepare()
        raise Refusal(404, "There is no such page in the studio")


class Style(Guarded, StaticFileHandler):
    """The studio's own style and script: anybody's on this machine, the page that refuses needs them too."""

    needs_token = False

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "no-cache")


class Rendered(Guarded, StaticFileHandler):
    """The rendered site of one run, in a sandbox. The address is the pass: sandboxed pages send no cookie."""

    needs_token = False

    async def get(self, given: str, name: str, path: str, include_body: bool = True) -> None:  # type: ignore[override]
        if not guard.same(given, guard.pass_for(self.settings["token"], name)):
            raise Refusal(403, guard.NO_TOKEN)
        try:
            self.root = str(runs.find(name).folder / runs.SITE)
        except runs.UnknownRun as absence:
            raise Refusal(404, str(absence)) from absence
        self.site = f"http://{self.request.host}/pages/{given}/{name}/"
        await super().get(path, include_body)

    async def head(self, given: str, name: str, path: str) -> None:  # type: ignore[override]
        await self.get(given, name, path, include_body=False)

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Content-Security-Policy", guard.RENDERED.format(site=self.site))
        self.set_header("Cross-Origin-Resource-Policy", "cross-origin")  # of an origin of its own, even to itself
        self.set_header("Access-Control-Allow-Origin", "*")  # fonts are asked for across origins; the pass guards them
        self.set_header("Cache-Control", "no-cache")


def application(token: str, port: int, *, cores: int | None = None, runner: Sequence[str] = runs.RUNNER) -> Application:
    """The web application. runner: the command that a run's folder and lock are given to."""
    return Application(
        [
            url(r"/", Enter),
            url(r"/chapters/([a-z0-9-]+)", Chapter),
            url(rf"/runs/{_RUN}", Run),
            url(rf"/runs/{_RUN}/live", Live),
            url(rf"/runs/{_RUN}/(stop|delete|page)", Act),
            url(rf"/pages/([0-9a-f]+)/{_RUN}/(.+)", Rendered, {"path": ""}),
            url(r"/static/(.+)", Style, {"path": str(HERE / "static")}),
        ],
        default_handler_class=Missing,
        template_path=str(HERE / "templates"),
        log_function=lambda handler: None,  # addresses hold the token
        xsrf_cookies=True,
        xsrf_cookie_name=f"studio_xsrf_{port}",  # cookies do not tell ports apart: two studios would share one
        xsrf_cookie_kwargs={"httponly": True, "samesite": "Strict"},
        cross_origin_protection=True,
        cookie=f"studio_{port}",
        token=token,
        cores=cores,
        runner=tuple(runner),
    )


def serve(
    port: int = 0,
    *,
    browser: bool = True,
    cores: int | None = None,
    runner: Sequence[str] = runs.RUNNER,
    say: Callable[[str], None] = print,
) -> None:
    """Serve on 127.0.0.1 until Ctrl-C or SIGTERM. port 0: any that is free. Raises OSError where the port is taken."""
    asyncio.run(_serve(port, browser, cores, runner, say))


async def _serve(
    port: int, browser: bool, cores: int | None, runner: Sequence[str], say: Callable[[str], None]
) -> None:
    runs.sweep()  # raises here, not at the first click, where nothing can be written
    try:
        sockets = bind_sockets(port, ADDRESS)
    except OSError as failure:
        if failure.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        why = "taken by another program" if failure.errno == errno.EADDRINUSE else "not yours to use"
        raise OSError(failure.errno, f"port {port} is {why}: choose another, or leave --port away") from None
    port, token = sockets[0].getsockname()[1], guard.new_token()
    app = application(token, port, cores=cores, runner=runner)
    server = HTTPServer(app, max_body_size=LARGEST_REQUEST, max_buffer_size=2 * LARGEST_REQUEST)
    server.add_sockets(sockets)
    address = f"http://{ADDRESS}:{port}/?token={token}"
    say(f"studio of {paths.root()}, runs in {runs.folder()}")
    say(f"  {address}")
    say("Ctrl-C ends the studio; what runs goes on, and the next studio finds it.")
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, over.set)
    # The browser is given a file, for anybody on the machine may read the arguments of its process.
    entry = runs.folder() / f"open-{port}.html"
    if browser:
        entry.touch(mode=0o600)
        entry.write_text(f'<!doctype html><meta http-equiv="refresh" content="0; url={address}"><title>Studio</title>')
        await loop.run_in_executor(None, webbrowser.open, entry.as_uri())
    await over.wait()
    entry.unlink(missing_ok=True)
    server.stop()
    at_work = [run.name for run in runs.every() if not run.ended]
    say("The studio has ended." + (f" Still running: {', '.join(at_work)}." if at_work else ""))
