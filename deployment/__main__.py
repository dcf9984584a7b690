"""``python -m deployment``."""

import sys

from deployment.commands import main

if __name__ == "__main__":
    sys.exit(main())
