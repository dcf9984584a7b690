"""``make run OIDC=1``: the stack, an OpenID provider, and the entry that joins them.

Arguments are the emulator's.
"""

import os
import sys
from typing import Final

from aikagi_emulator.launcher.run import main as run_stack
from tests.provider.on_stack import ALIAS, ROOT, template_with
from tests.provider.server import Provider, ProviderSettings

_BESIDE: Final = 90
"""What is added to the broker's port."""


def main(arguments: list[str]) -> int:
    port = os.environ.get("AIKAGI_PORT", "")
    base = int(port) if port.isascii() and port.isdecimal() else 8000
    settings = ProviderSettings(port=base + _BESIDE)
    try:
        with Provider(settings) as provider:
            folder = ROOT / ".local" / f"oidc-{base}"
            template = template_with(folder, provider.entry())
            sys.stdout.write(
                f"An OpenID provider is at {provider.issuer}, the issuer {ALIAS}: "
                "nobody has a password there.\n"
                f"  aikagi login --local --issuer {ALIAS}\n\n"
            )
            sys.stdout.flush()
            return run_stack([*arguments, "--template", str(template)])
    except (OSError, RuntimeError) as error:
        sys.stderr.write(f"The OpenID provider cannot be started: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
