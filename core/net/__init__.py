"""The one way out to addresses that somebody else has chosen."""
