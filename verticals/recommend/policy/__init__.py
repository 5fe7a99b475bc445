"""What may be shown: hard rules, variants, diversity; and how events are named and weighed."""
