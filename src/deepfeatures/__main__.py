"""The command `deepfeatures`. A build's jobs are done by its fork server where there is one, others here."""

from __future__ import annotations

import sys

from deepfeatures.study import fork_client

JOBS = ("make", "execute")
INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main() -> None:
    """Run the command. Ctrl-C, at any time, is one line and exit status 130; a job says nothing: its build does."""
    job = bool(sys.argv[1:2]) and sys.argv[1] in JOBS
    try:
        status = fork_client.run("command", sys.argv[1:]) if job else None
        if status is not None:
            sys.exit(status)
        from deepfeatures import cli

        cli.main()
    except KeyboardInterrupt:
        if not job:
            print("deepfeatures: interrupted; what was finished is kept for the next time", file=sys.stderr)
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
