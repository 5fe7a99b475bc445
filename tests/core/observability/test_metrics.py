"""Figures are per application and in Prometheus' format."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from core.observability.metrics import Metrics


def _value(metrics: Metrics, name: str, **labels: str) -> float:
    for family in text_string_to_metric_families(metrics.render().decode()):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    return 0.0


def test_answers_are_counted_by_route_template() -> None:
    metrics = Metrics()

    metrics.observe("GET", "/v1/jobs/{job_id}", 404, 0.002)
    metrics.observe("GET", "/v1/jobs/{job_id}", 404, 0.004)

    route = "/v1/jobs/{job_id}"
    assert _value(metrics, "colonnade_http_requests_total", method="GET", route=route, status="404") == 2
    assert _value(metrics, "colonnade_http_request_seconds_count", route=route) == 2


def test_two_applications_do_not_share_figures() -> None:
    one, other = Metrics(), Metrics()

    one.predicted.inc(3)

    assert _value(one, "colonnade_predicted_texts_total") == 3
    assert _value(other, "colonnade_predicted_texts_total") == 0
