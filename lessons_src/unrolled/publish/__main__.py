"""The command line: ``python -m unrolled.publish COMMAND``."""

import importlib
import logging
import sys

from sphinx.errors import SphinxError

COMMANDS = {
    "accept": "write the reference outputs that the tests compare the lessons with",
    "build": "execute the lessons and build the site",
    "export": "write every lesson as a notebook with its outputs into a folder",
    "live": "put Python for the browser beside the built site, so that its live cells run",
    "serve": "show the site in a browser and build it again after each edit",
    "vendor": "check or refresh the files of other projects that the site ships",
}
ROOMS = {"export": "notebooks", "live": "pyodide"}


def main(argv):
    """Run the command that `argv` begins with; returns the exit status."""
    if not argv or argv[0] not in COMMANDS:
        asked_for_help = argv[:1] in (["-h"], ["--help"])
        if argv and not asked_for_help:
            print(f"there is no command {argv[0]!r}; the commands are {', '.join(COMMANDS)}", file=sys.stderr)
            return 2
        print(__doc__, *(f"  {name:8} {what}" for name, what in COMMANDS.items()), sep="\n")
        return 0 if asked_for_help else 2
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("sphinx").setLevel(logging.INFO)    # progress of the execution
    room = importlib.import_module(f"unrolled.publish.{ROOMS.get(argv[0], argv[0])}")
    try:
        return room.main(argv[1:])
    except (SphinxError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
