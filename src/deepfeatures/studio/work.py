"""What a run does, which is what `deepfeatures run` does: plan the chapter, make what is missing, execute it.

    python -m deepfeatures.studio.work FOLDER
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

from deepfeatures.studio import runs


def run(folder: Path) -> None:
    """Run what FOLDER asks for; the executed chapter appears in it whole, at the end."""
    from deepfeatures.study import build, catalogue
    from deepfeatures.study.chapter_key import Planned, plan

    request = json.loads((folder / runs.REQUEST).read_text())
    slug = request["slug"]
    planned: Planned = plan(slug, catalogue.resolve(slug, "default", request["parameters"]))
    named = {recipe.key: name for name, group in planned.recipes.items() for recipe in group}
    direct = [recipe for group in planned.recipes.values() for recipe in group]
    wanted = {key: recipe for one in direct for key, recipe in one.closure().items()}
    artifacts = {
        key: {"kind": recipe.kind, "name": named.get(key, ""), "seed": recipe.params.get("seed")}
        for key, recipe in wanted.items()
    }
    runs.write(folder / runs.PLAN, {"key": planned.key, "artifacts": artifacts})
    build.build([planned], cores=request["cores"])
    unfinished = build.gather([planned], folder / f".{runs.RESULT}")
    shutil.rmtree(folder / runs.RESULT, ignore_errors=True)
    unfinished.rename(folder / runs.RESULT)


def end_with_parent() -> None:
    """End this process and its group when the process that watches it is gone: nobody would end it otherwise."""
    watcher = os.getppid()

    def watch() -> None:
        while os.getppid() == watcher:
            time.sleep(1)
        for how in (signal.SIGINT, signal.SIGKILL):
            os.killpg(0, how)
            time.sleep(10)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    end_with_parent()
    try:
        run(Path(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as failure:
        if not (type(failure).__module__.startswith("deepfeatures.") or isinstance(failure, ValueError | OSError)):
            raise
        print(f"deepfeatures: {failure}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
