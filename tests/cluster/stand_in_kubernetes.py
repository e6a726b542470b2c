"""As much of Kubernetes' interface as Snakemake's plugin calls, and no cluster behind it.

Jobs that are created are kept, and run here by /bin/sh with the environment that their pod would have: all of a pod but
its image and its volume.
"""

from __future__ import annotations

import json
import subprocess
import threading
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class StandIn:
    """`with StandIn(folder) as cluster:` listens on this machine; `cluster.jobs`: manifests, in order of creation.

    image: the environment that a pod has by its image; the caller's does not reach it but through secrets.
    """

    def __init__(self, folder: Path, image: dict[str, str]) -> None:
        self.folder, self.image = folder, image
        self.jobs: list[dict[str, Any]] = []
        self.secrets: list[dict[str, Any]] = []
        self.said: list[str] = []
        self._ended: dict[str, bool] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    def __enter__(self) -> StandIn:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{self._server.server_port}"
        cluster, user = {"name": "here", "cluster": {"server": address}}, {"name": "me", "user": {}}
        context = {"name": "here", "context": {"cluster": "here", "user": "me"}}
        config = {"apiVersion": "v1", "kind": "Config", "clusters": [cluster], "users": [user], "contexts": [context]}
        self.kubeconfig = self.folder / "kubeconfig.json"
        self.kubeconfig.write_text(json.dumps({**config, "current-context": "here"}))
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _run(self, job: dict[str, Any]) -> None:
        container = job["spec"]["template"]["spec"]["containers"][0]
        workdir = self.folder / "workdir"  # the empty volume that the plugin mounts for each pod
        workdir.mkdir(exist_ok=True)
        told = {name: text for secret in self.secrets for name, text in secret["data"].items()}
        given = {one["name"]: one["valueFrom"]["secretKeyRef"]["key"] for one in container.get("env", [])}
        environment = self.image | {name: b64decode(told[key]).decode() for name, key in given.items()}
        command = [*container["command"], *container["args"]]
        done = subprocess.run(command, cwd=workdir, env=environment, capture_output=True, text=True, check=False)
        self.said.append(done.stdout + done.stderr)
        self._ended[job["metadata"]["name"]] = done.returncode == 0

    def _answer(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if method == "POST" and path.endswith("/secrets"):
            self.secrets.append(body)
        elif method == "POST" and path.endswith("/jobs"):
            self.jobs.append(body)
            threading.Thread(target=self._run, args=(body,), daemon=True).start()
        elif method == "GET" and path.endswith("/status"):
            good = self._ended.get(path.split("/")[-2])
            return {"status": {} if good is None else {"succeeded" if good else "failed": 1}}
        elif method == "GET" and "/pods" in path:
            return {"items": []}
        return body

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or b"{}")
                answer = json.dumps(stand_in._answer(self.command, self.path.split("?")[0], body)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_DELETE = _serve

            def log_message(self, *_: object) -> None:
                pass

        return Handler
