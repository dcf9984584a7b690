"""``python -m aikagi_emulator`` with a stand-in for the broker.

``launch.py TEMPLATE PORT FOLDER [exit status]``: see ``stand_in_broker.py``.
"""

import asyncio
import os
import sys
from pathlib import Path

from aikagi_emulator.launcher.life import run_until_told
from aikagi_emulator.launcher.ports import Ports
from aikagi_emulator.launcher.stack import Options

STAND_IN = str(Path(__file__).with_name("stand_in_broker.py"))


def options(
    template: Path, port: int, folder: Path, *status: str, shell: dict[str, str]
) -> Options:
    return Options(
        template=template,
        ports=Ports(broker=port),
        folder=folder,
        broker=lambda number, _level: (sys.executable, STAND_IN, str(number), *status),
        shell=shell,
    )


if __name__ == "__main__":
    _, template, port, folder, *status = sys.argv
    chosen = options(
        Path(template), int(port), Path(folder), *status, shell=dict(os.environ)
    )
    sys.exit(asyncio.run(run_until_told(chosen)))
