"""How recommend ranks, as data: what events weigh, how sources are joined, what a fit needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

DATA = Path(__file__).parent / "data"

TASK = "recommend.interest"
"""The task under which fitted models are kept: promote, roll back and list them by this name."""
MODEL_FILE = "interest.safetensors"

WEIGHTS: Mapping[str, float] = {
    "view": 1.0,
    "click": 1.0,
    "share": 2.0,
    "like": 2.0,
    "cart": 3.0,
    "purchase": 5.0,
    "rating": 2.0,
}
"""The interest in its item that an event of a type tells of; other types say nothing good of it."""
TYPES = frozenset({*WEIGHTS, "refund", "dislike", "impression", "login", "remove_from_cart"})
ALIASES: Mapping[str, str] = {
    "buy": "purchase",
    "order": "purchase",
    "add-to-cart": "cart",
    "favorite": "like",
    "favourite": "like",
    "rate": "rating",
    # Google Analytics 4
    "view_item": "view",
    "select_item": "click",
    "add_to_cart": "cart",
    "add_to_wishlist": "like",
    "view_item_list": "impression",
    "sign_up": "login",
    # Google Retail
    "detail-page-view": "view",
    "purchase-complete": "purchase",
    "remove-from-cart": "remove_from_cart",
}
WITHOUT_ITEM = frozenset({"login", "impression"})
GOOD_STARS = 3.0
"""A rating below it says that somebody did not like the item: it is kept from them."""

SKEW_SECONDS = 300.0
"""How far ahead of our clock an event may be: clocks differ."""
HISTORY = 100
"""Newest events of a person that a list is made from; purchases count without a limit."""

SHARES: Mapping[str, float] = {
    "query": 2.0,
    "model": 1.0,
    "live": 0.8,
    "text": 0.6,
    "again": 1.2,
    "trending": 0.15,
}
"""Weight of each source in the joined ranking."""
FUSION_K = 20.0
"""share / (FUSION_K + rank): how quickly a place in a source's list loses weight."""
COLD_FACTOR = 0.8
"""An item that nobody took yet is ranked by its text as if all sources said so, times this."""
TEXT_HISTORY = 10
"""Newest items of a history whose texts are looked at: a long mean is near to everything."""
DEPTH = 300
"""Candidates that each source brings from a large shop; all of them where a filter asks for few."""
SMALL_SHOP = 1_000
SEEN_FACTOR = 0.5
"""What the score of an item is multiplied with that the person has looked at already: new things first."""
POOL = 5
"""Diversity chooses from the best POOL × k, exploration from the next POOL."""
SIMILAR_SHARES: Mapping[str, float] = {"model": 1.0, "live": 0.8, "text": 1.0}

WINDOW_DAYS = 30.0
"""Event time that the live methods look back; at a half-life of three days older events weigh nothing."""
WINDOW_EVENTS = 200_000
"""The newest events of the window that are kept in memory, a tenant."""

MIN_INTERACTIONS = 50
MIN_PEOPLE = 5
"""Below them a fit says so and fits nothing: trending and text do better than chance pairs."""
PRIMARY = "ndcg@10"

_ENGLISH = (
    "xs s m l xl xxl xxxl small medium large mini black white red blue green grey gray yellow "
    "pink brown orange purple beige navy silver gold"
)
_CHINESE = (
    "黑色 白色 红色 蓝色 绿色 灰色 黄色 粉色 棕色 橙色 紫色 米色 银色 金色 大号 中号 小号 加大 深灰 浅灰 藏青"
)
GROUPED_WORDS = frozenset(f"{_ENGLISH} {_CHINESE}".split())
"""Words of sizes and colours: titles that differ in nothing else are variants of one thing."""
