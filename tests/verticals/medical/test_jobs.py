from __future__ import annotations

from core.jobs.wire import path_of, resolve
from tests.verticals.medical.conftest import Parts
from verticals.medical import vertical
from verticals.medical.intake import Complaint


def test_the_job_decides_again_what_a_route_asked_for(parts: Parts) -> None:
    parts.medical.triage("demo", Complaint("a small graze on the knee"))
    job_id = parts.medical.replay_later("demo", parts.clock.now(), actor="k1")
    job = parts.services.jobs.get("demo", job_id)
    handler = resolve(path_of(vertical.jobs[job.kind]))
    lines: list[str] = []
    payload = {**job.payload, "tenant": "demo", "job_id": job_id}
    report = handler(parts.services, payload, lambda done, line: lines.append(line))
    assert (report["reviews"], report["same"]) == (1, 1)
    assert lines == ["1 of 1 reviews decided again"]
