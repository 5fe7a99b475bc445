from core.testing.weights import pretrained, wheel

__all__ = ["pretrained", "wheel"]
