"""Who calls: tenants, hashed API keys with scopes, the secret behind them, and idempotency keys."""
