"""How the broker's Lambda package is put together; nothing here is in it."""
