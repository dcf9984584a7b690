"""The Aikagi broker.

``domain`` and ``broker`` decide and know nothing outside; ``adapters`` talk to
AWS, ``web`` to people; ``bootstrap`` joins them, and ``main``, ``lambda_handler``
and ``cli`` are the doors. Imports point one way, towards ``domain``: ``web`` and
``adapters`` never meet, and import-linter proves it.
"""
