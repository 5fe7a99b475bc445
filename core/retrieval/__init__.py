"""Documents as passages that can be found and cited: parse, chunk, store, search, answer."""
