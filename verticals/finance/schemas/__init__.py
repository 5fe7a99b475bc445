"""What goes in and what comes out of the routes of finance, one file a subject."""
