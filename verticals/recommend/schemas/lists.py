"""Lists of items for people: what is asked, and what is answered, with reasons and propensities."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from core.text.types import SafeText
from verticals.recommend.schemas.closed import Closed, ItemId, Name, Who

MAX_K = 100
K = Annotated[int, Field(ge=1, le=MAX_K, description="Length of the list.")]
Share = Annotated[float, Field(ge=0, le=1)]
Price = Annotated[float | None, Field(ge=0, le=1e12)]


class FiltersIn(Closed):
    """What an item must be; all of them at once."""

    category: Annotated[
        Name | Annotated[list[Name], Field(max_length=100)] | None,
        Field(description="One, or any of several."),
    ] = None
    min_price: Price = None
    max_price: Price = None
    attributes: Annotated[
        dict[Name, Name | bool | float | Annotated[list[Name], Field(max_length=100)]],
        Field(max_length=20, description="By name the value, or any of several."),
    ] = Field(default_factory=dict)


class ContextIn(Closed):
    """What is going on at the moment."""

    item_ids: Annotated[
        list[ItemId],
        Field(max_length=20, description="Items on the page or in the cart; counted as the newest."),
    ] = Field(default_factory=list)
    query: Annotated[
        SafeText | None, Field(max_length=1000, description="What the person searches for, in any language.")
    ] = None


class _AskIn(Closed):
    user_id: Who | None = None
    session_id: Annotated[Who | None, Field(description="One that joined a user stands for the user.")] = None
    filters: FiltersIn = FiltersIn()
    exclude: Annotated[list[ItemId], Field(max_length=1000)] = Field(default_factory=list)
    diversity: Annotated[Share, Field(description="0: by score alone; 1: as unlike as possible.")] = 0.0
    context: ContextIn = ContextIn()


class RecommendIn(_AskIn):
    """Who asks, and for what; without user and session the list is that of a stranger."""

    k: K = 10
    pins: Annotated[
        list[ItemId], Field(max_length=20, description="Put first, where no rule removes them.")
    ] = Field(default_factory=list)
    explore: Annotated[
        float,
        Field(ge=0, le=0.5, description="How often the last place is drawn from those behind it."),
    ] = 0.0


class RerankIn(_AskIn):
    """Items found elsewhere, to be put into this person's order."""

    items: Annotated[list[ItemId], Field(min_length=1, max_length=1000)]
    k: Annotated[int | None, Field(ge=1, le=1000)] = None


class ReasonOut(Closed):
    """One source that spoke for the item.

    `because` are items of the person's history that it goes with.
    """

    source: str
    rank: Annotated[int, Field(description="Its place in that source's own list, 1 the best.")]
    because: list[str]
    detail: str


class ListedOut(Closed):
    """One item of a list."""

    item_id: str
    title: Any
    score: float
    reasons: list[ReasonOut]
    propensity: Annotated[
        float, Field(description="How likely this item was to stand here; 1 unless `explore` is asked for.")
    ]


class RemovedOut(Closed):
    """One item that a rule kept out, and the first rule that did."""

    item_id: str
    rule: str
    detail: str


class ListOut(Closed):
    """A list, the best first."""

    data: list[ListedOut]
    filled_by: Annotated[
        dict[str, int],
        Field(description="How many of the items each source brought; the first that named it."),
    ]
    explanation: Annotated[str | None, Field(description="Why the list is shorter than asked for.")] = None
    removed: Annotated[dict[str, int], Field(description="How many candidates each rule kept out.")] = Field(
        default_factory=dict
    )
    model: Annotated[
        str | None, Field(description="The fitted model that took part; null: live methods only.")
    ]
    degraded: Annotated[
        str | None, Field(description="What did not work, where the answer is a fallback.")
    ] = None


class RecommendOut(ListOut):
    """A list for a person; `recommendation_id` goes into the events that come of it."""

    recommendation_id: str
    logged: Annotated[
        bool,
        Field(description="False where the propensities could not be stored; the list is good all the same."),
    ] = True


class RerankOut(ListOut):
    """The items that no rule removed, in this person's order, and the others."""

    left_out: list[RemovedOut]


class ExplainOut(Closed):
    """Why an item is on a person's list, or why not."""

    item_id: str
    shown: bool
    rank: Annotated[int | None, Field(description="Its place, 1 the best; behind k it is not on the list.")]
    k: int
    removed_by: RemovedOut | None
    sources: list[ReasonOut]
    detail: str
    model: str | None


class FitIn(Closed):
    """How to fit; `force` promotes a model that its baselines beat."""

    force: bool = False
    method: Literal["auto", "blend", "ease", "item-knn"] = "auto"


class FitOut(Closed):
    """The job that fits; see GET /v1/jobs/{id}."""

    job_id: str
