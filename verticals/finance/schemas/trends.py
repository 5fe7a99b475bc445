"""Windows of a trend."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from verticals.finance.schemas.closed import Closed


class WindowOut(Closed):
    """What is counted in [start, end), in event time."""

    start: AwareDatetime
    end: AwareDatetime
    count: Annotated[int, Field(description="Stories; reposts of one story are one.")]
    negative: Annotated[int, Field(description="Bad news among them.")]
    negative_share: Annotated[float | None, Field(description="Null where there is no story.")]
    reach: Annotated[int, Field(description="Documents.")]
    final: Annotated[
        bool, Field(description="Every source has come past it; a late document corrects it all the same.")
    ]
    complete: Annotated[
        bool, Field(description="It is over, and nothing that counts in it waits to be read.")
    ]


class TrendOut(Closed):
    """Windows without a gap, oldest first."""

    data: list[WindowOut]
    window: Literal["15m", "1h", "1d", "7d"]
    as_of: Annotated[
        AwareDatetime | None,
        Field(description="Ask for this moment again to get the same counts, whatever comes later."),
    ]
