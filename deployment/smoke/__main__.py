"""``python -m deployment.smoke``."""

import sys

from deployment.smoke.command import main

if __name__ == "__main__":
    sys.exit(main())
