"""The scopes that the routes of finance ask for."""

READ = "finance:read"
WRITE = "finance:write"
