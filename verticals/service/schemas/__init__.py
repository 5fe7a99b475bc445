"""What goes in and what comes out of the routes of service, one file a subject."""
