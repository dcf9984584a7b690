"""The Aikagi broker.

``domain`` and ``broker`` decide and know nothing outside; ``adapters`` talk to
AWS, ``web`` to people; ``bootstrap`` joins them for the entry points ``main`` and
``lambda_handler``. ``admin`` is the operator's, with an entry point of its own.
Imports point one way, towards ``domain``: ``web`` and ``adapters`` never meet, and
import-linter proves it.
"""
