"""``python -m app.admin``."""

import sys

from app.admin.commands import main

if __name__ == "__main__":
    sys.exit(main())
