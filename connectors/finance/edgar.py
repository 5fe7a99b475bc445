"""The `edgar` connector: filings at the U.S. Securities and Exchange Commission as they come in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

from connectors.finance.edgar_place import EdgarPlace
from connectors.finance.edgar_shapes import Filing, current, joined, submissions
from connectors.finance.pace import Pace
from core.errors import InvalidInput, Unavailable
from core.jobs.clock import SystemClock
from core.net.client import Response, SafeClient
from core.net.fetch import retry_after
from core.ports import Clock
from core.records import Record, Refused
from core.text.types import safe

# The SEC's own limit, for everything that one user sends: all connections of the process share it.
PACE = Pace(10)
_BLOCKED = 600
_PAGE, _MOST_PAGES = 100, 20
_CONTACT = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_CIK = re.compile(r"\d{1,10}")


class EdgarConnector:
    """Reads the current filings of everybody, or those of some companies.

    The cursor holds the latest acceptance time and the accession numbers of the week before it. Several
    companies may take part in one filing: it is one record that names them all.

    Args:
        user_agent: Who asks, as the SEC demands it: a name and an e-mail address.
        client: Sends the requests.
        ciks: Central Index Keys of the companies to follow; default: the current filings of all.
        forms: Forms to keep, e.g. `8-K` and `8-K/A`; default: all.
        source: Name of this connection.
        www: Base of the current filings and of documents.
        data: Base of the submissions.
        clock: For a Retry-After that is a date.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        client: SafeClient,
        ciks: Sequence[str] = (),
        forms: Sequence[str] = (),
        source: str = "edgar",
        www: str = "https://www.sec.gov",
        data: str = "https://data.sec.gov",
        clock: Clock | None = None,
    ) -> None:
        if not _CONTACT.search(user_agent) or not (user_agent.isascii() and user_agent.isprintable()):
            raise InvalidInput(
                "EDGAR wants to know who asks.",
                remedy="Give user_agent as 'Company Name contact@company.com'.",
            )
        wrong = next((cik for cik in ciks if not _CIK.fullmatch(str(cik))), None)
        if wrong is not None:
            raise InvalidInput(f"{wrong!r} is no Central Index Key.", remedy="Give up to ten digits.")
        self._agent, self._client = user_agent, client
        self._ciks = [str(cik).zfill(10) for cik in ciks]
        self._forms = tuple(dict.fromkeys(forms))
        self._source = source
        self._www, self._data = www.rstrip("/"), data.rstrip("/")
        self._clock = clock or SystemClock()

    def read(self, cursor: str | None) -> Iterator[tuple[Record | Refused, str]]:
        """Yield the filings after `cursor`, the oldest first.

        Raises:
            Unavailable: the SEC does not answer, or asks to slow down.
            InvalidInput: the cursor is not this connector's, the SEC refuses the user agent, or its answer
                has another shape.
        """
        place = EdgarPlace.decoded(cursor)
        filings: dict[str, Filing] = {}
        for found in self._followed() if self._ciks else self._current(place):
            if isinstance(found, Filing):
                filings[found.accession] = joined(filings.get(found.accession), found)
            elif place.takes_odd(found.place + found.raw, self._clock.now()):
                yield found, place.encoded()
        for filing in sorted(filings.values(), key=lambda filing: (filing.accepted, filing.accession)):
            wanted = not self._forms or filing.form in self._forms
            if wanted and not place.knows(filing.accession, filing.accepted):
                place.add(filing.accession, filing.accepted)
                yield self._record(filing), place.encoded()

    def _followed(self) -> Iterator[Filing]:
        for cik in self._ciks:
            body = self._get(f"{self._data}/submissions/CIK{cik}.json").body
            yield from submissions(body, f"{self._www}/Archives/edgar/data")

    def _current(self, place: EdgarPlace) -> Iterator[Filing | Refused]:
        for form in self._forms or ("",):
            for page in range(_MOST_PAGES if place.latest else 1):
                filings = current(self._page(form, page))
                yield from filings
                # The newest come first: a page on which something is known ends the search.
                known = (place.knows(f.accession, f.accepted) for f in filings if isinstance(f, Filing))
                if not filings or any(known):
                    break

    def _page(self, form: str, page: int) -> bytes:
        asked = {"action": "getcurrent", "type": form, "company": "", "dateb": "", "owner": "include"}
        asked |= {"start": str(page * _PAGE), "count": str(_PAGE), "output": "atom"}
        return self._get(f"{self._www}/cgi-bin/browse-edgar?{urlencode(asked)}").body

    def _get(self, url: str) -> Response:
        PACE.wait()
        answer = self._client.request("GET", url, headers={"User-Agent": self._agent})
        if answer.status == 200:
            return answer
        # The SEC answers 403 to whom it does not know, and to who is too fast.
        if answer.status == 403 and b"undeclared" in answer.body.lower():
            raise InvalidInput(
                "The SEC refuses the user agent as undeclared.", remedy="Name a company and a contact in it."
            )
        if answer.status in {403, 429} or answer.status >= 500:
            wait = retry_after(answer.headers, self._clock.now(), _BLOCKED if answer.status < 500 else 60)
            raise Unavailable(
                f"The SEC answered {answer.status}.", remedy="It is asked again later.", retry_after=wait
            )
        cik = re.search(r"CIK(\d{10})", url)
        raise InvalidInput(
            f"The SEC answered {answer.status}{f' for CIK {cik[1]}' if cik else ''}.",
            remedy="Check the Central Index Keys and the base addresses.",
        )

    def _record(self, filing: Filing) -> Record:
        names = ", ".join(str(company["name"]) for company in filing.companies)
        told = {
            "title": f"{names}: {filing.form}{f' {filing.description}' if filing.description else ''}",
            "content": "\n".join(filing.items),
            "url": filing.url,
            "form": filing.form,
            "filed": filing.filed,
            "accepted": filing.accepted.isoformat(),
            "lang": "en",
        }
        payload = {name: safe(value) for name, value in told.items() if value}
        return Record(
            self._source,
            filing.accession,
            {**payload, "companies": [dict(company) for company in filing.companies]},
            filing.accepted,
        )
