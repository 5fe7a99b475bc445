"""What every plug-in inherits: contract suites, fakes that are real, hostile input. Shipped; needs pytest."""
