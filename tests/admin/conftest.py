from tests.adapters.conftest import script

__all__ = ["script"]
