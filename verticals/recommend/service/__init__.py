"""The use cases of recommend: one file each, and what builds them."""

from verticals.recommend.service.batches import take_events, take_items
from verticals.recommend.service.choose import Order
from verticals.recommend.service.fit import FitRequest
from verticals.recommend.service.recommend import Recommend, build

FIT = "recommend.fit"
"""The kind of job that fits a model."""

__all__ = ["FIT", "FitRequest", "Order", "Recommend", "build", "take_events", "take_items"]
