"""What service refuses, decides and says of itself: one file a subject, all of it pure."""
