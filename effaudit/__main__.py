"""`python -m effaudit` and the console script `effaudit`."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:  # before any other import: `python -m` looks in the current folder first
    sys.path[:1] = []


def main() -> int:
    """Runs the command line; returns its exit code."""
    from effaudit.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
