"""``make deploy`` and ``make destroy``: run where the operator is, deployed nowhere."""
