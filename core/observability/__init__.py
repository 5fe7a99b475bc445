"""What the running system says of itself: log lines and figures."""
