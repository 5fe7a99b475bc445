"""From labelled rows to a calibrated, measured, published model."""
