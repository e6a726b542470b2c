"""The command `deepfeatures`. A build's jobs are done by its fork server where there is one, others here."""

from __future__ import annotations

import sys

from deepfeatures.study import fork_client

JOBS = ("make", "execute")


def main() -> None:
    """Run the command."""
    status = fork_client.run("command", sys.argv[1:]) if sys.argv[1:2] and sys.argv[1] in JOBS else None
    if status is not None:
        sys.exit(status)
    from deepfeatures import cli

    cli.main()


if __name__ == "__main__":
    main()
