"""The real studio with the fake runner: `python fake_studio.py CONTROL`."""

import sys
from pathlib import Path

from deepfeatures.studio import server

fake = (sys.executable, str(Path(__file__).with_name("fake_runner.py")), sys.argv[1])
server.serve(0, browser=False, runner=fake, say=lambda line: print(line, flush=True))
