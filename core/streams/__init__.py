"""Streams in event time: windows, watermarks, baselines and the detection of change. Pure; stores nothing."""
