"""Encoders, batching and prediction: one encoder pass feeds every head of a text."""
