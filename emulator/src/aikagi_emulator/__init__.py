"""The whole of Aikagi on a laptop: ``python -m aikagi_emulator``.

AWS as the broker meets it, refusing what AWS refuses, without an account or Docker.
Never shipped, and nothing imports it. ``sigv4`` and ``iam`` are pure; ``template``
reads ``template.yaml``; ``runtime`` runs functions behind ``urls``; ``aws`` is the
endpoint; ``launcher`` puts them together.
"""
