"""Notifications that arrive: queued with the state they tell of, sent with retries and receipts."""
