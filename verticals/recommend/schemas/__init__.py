"""What goes in and what comes out of the routes of recommend: items, events, lists."""
