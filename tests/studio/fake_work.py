"""Work that a test steers by files: `python fake_work.py CONTROL FOLDER`, says how far it is and waits for its end.

CONTROL/finish: leave the result and end well. fail: complain as the command does. die: killed by the system. stubborn:
ignore SIGINT and SIGTERM. A child in a session of its own stands for a kernel; its number is in FOLDER/kernel.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

control, folder = map(Path, sys.argv[1:])
if (control / "stubborn").exists():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
request = json.loads((folder / "request.json").read_text())
slug = request["slug"]
kernel = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(900)"], start_new_session=True)
(folder / "kernel").write_text(str(kernel.pid))
print(f"\r{slug}:  50%|#####     | 3/6 [00:01<00:01,  2.9cell/s]", file=sys.stderr, flush=True)
partial = folder / ".result"
partial.mkdir()
(partial / f"{slug}.results.json").write_text("{}")
until = time.monotonic() + 900  # a test that was itself killed leaves nothing behind
while time.monotonic() < until:
    if (control / "finish").exists():
        (partial / f"{slug}.results.json").write_text((control / "finish").read_text())
        kernel.kill()
        partial.rename(folder / "result")
        sys.exit(0)
    if (control / "fail").exists():
        kernel.kill()
        print("deepfeatures: chapter tiny, cell 3 ('raise') raised ValueError: no", file=sys.stderr)
        print("deepfeatures: not everything could be made", file=sys.stderr)
        sys.exit(2)
    if (control / "die").exists():
        kernel.kill()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
