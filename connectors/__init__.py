"""Outside systems, strangers to industries; each is found by an entry point of `colonnade.connectors`."""
