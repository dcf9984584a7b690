"""AWS on loopback for one SAM template: ``aikagi-emulator``.

It refuses what AWS refuses, and needs neither an account nor Docker.
``sigv4`` and ``iam`` are pure; ``template`` reads the template; ``runtime`` runs
functions behind ``urls``; ``aws`` is the endpoint; ``control`` moves its clock and
orders its faults; ``launcher`` puts them together.
"""
