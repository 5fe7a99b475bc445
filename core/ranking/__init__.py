"""Ranking of items out of who took what, and when: closed-form models, popularity, honest evaluation."""
