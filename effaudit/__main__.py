"""`python -m effaudit` and the console script `effaudit`."""

import sys


def main() -> int:
    """Runs the command line; returns its exit code."""
    from effaudit.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
