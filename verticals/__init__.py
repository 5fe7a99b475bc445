"""Industries, strangers to each other; each is found by an entry point of `colonnade.verticals`."""
