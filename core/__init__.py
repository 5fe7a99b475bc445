"""What all industries share; knows none of them, and no web framework."""
