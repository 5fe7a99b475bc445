"""What a key may be allowed to do here, and where the routes stand."""

from __future__ import annotations

READ, WRITE, CHAT = "service:read", "service:write", "service:chat"
PREFIX = "/v1/service"
