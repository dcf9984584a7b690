"""The way to what is being resolved: errors name its end, circles cross it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

from aikagi_emulator.template.stack import TemplateError


@final
class Trail:
    def __init__(self) -> None:
        self._places: list[str] = []

    @contextmanager
    def inside(self, place: str) -> Iterator[None]:
        """Name ``place`` in errors, and refuse to enter it from within itself."""
        if place in self._places:
            circle = [*self._places[self._places.index(place) :], place]
            msg = f"circular dependency: {' -> '.join(circle)}"
            raise TemplateError(msg)
        self._places.append(place)
        try:
            yield
        except _PlacedError:
            raise
        except TemplateError as error:
            msg = f"{place}: {error}"
            raise _PlacedError(msg) from error
        finally:
            self._places.pop()


@final
class _PlacedError(TemplateError):
    """One that already says where; the innermost place says the most."""
