"""``python -m aikagi_emulator``: start everything on 127.0.0.1."""

from aikagi_emulator.launcher import program

if __name__ == "__main__":
    program()
