"""The figures that Prometheus reads. No label carries a tenant, a user's task name or any text."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The figures of one application; each instance has a registry of its own, so two apps never mix.

    Attributes:
        requests: Answers by method, route template and status.
        duration: Seconds from the first byte of the request's head to the last of the answer.
        in_flight: Requests being worked on (their bodies are complete).
        refused: Requests turned away before routing, by reason.
        predicted: Texts predicted over `/v1/predict`.
        jobs: Jobs finished, by kind and end state.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self.requests = Counter(
            "colonnade_http_requests", "Answers.", ("method", "route", "status"), registry=self._registry
        )
        self.duration = Histogram(
            "colonnade_http_request_seconds",
            "Seconds to answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.in_flight = Gauge(
            "colonnade_http_in_flight", "Requests being worked on.", registry=self._registry
        )
        self.refused = Counter(
            "colonnade_http_refused",
            "Requests turned away before routing.",
            ("reason",),
            registry=self._registry,
        )
        self.predicted = Counter("colonnade_predicted_texts", "Texts predicted.", registry=self._registry)
        self.jobs = Counter("colonnade_jobs", "Jobs finished.", ("kind", "state"), registry=self._registry)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request.

        Args:
            method: HTTP method.
            route: The route's template (`/v1/jobs/{job_id}`), never the path itself.
            status: HTTP status of the answer.
            seconds: How long it took.
        """
        self.requests.labels(method, route, str(status)).inc()
        self.duration.labels(method, route).observe(seconds)

    def render(self) -> bytes:
        """Return every figure in Prometheus' text format."""
        return generate_latest(self._registry)
