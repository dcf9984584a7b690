"""``python -m aikagi_emulator``: start everything on 127.0.0.1."""

import sys

from aikagi_emulator.launcher import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
