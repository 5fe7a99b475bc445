"""The face: builds the application from parts and mounts what the registry finds."""
