"""The real runner with the fake work: `python fake_runner.py CONTROL FOLDER LOCK_DESCRIPTOR`."""

import sys
from pathlib import Path

from deepfeatures.studio import detached, runner

control, folder, descriptor = sys.argv[1:]
detached.keep(int(descriptor))
if (Path(control) / "stubborn").exists():
    runner.TIDY_S = runner.LAST_S = 0.5
runner.attend(Path(folder), [sys.executable, str(Path(__file__).with_name("fake_work.py")), control])
