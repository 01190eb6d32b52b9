"""The dashboard and the alert rules use the metrics that there are, with the labels and values that they have."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.support.http_side import Client

SYSTEMD = Path(__file__).resolve().parents[4] / "systemd"
#: What Prometheus itself adds.
ADDED = {"instance", "job"}
SELECTOR = re.compile(r"\b((?:tikmatrixd|process|python)_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|=|!=|!~)\s*"([^"]*)"')


@pytest.fixture
def series(api: Client) -> dict[str, list[dict[str, str]]]:
    """Names of /metrics, each with the labels of its samples; after a request of each kind."""
    api.call("GET", "/api/v1/task/stats")
    found: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(api.call("GET", "/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(dict(sample.labels))
    return found


def rules() -> list[dict[str, str]]:
    (group,) = yaml.safe_load((SYSTEMD / "alert-rules.yml").read_text())["groups"]
    return group["rules"]


def expressions() -> list[tuple[str, str, str]]:
    """Where, expression, and the text that uses its labels."""
    dashboard = json.loads((SYSTEMD / "grafana-dashboard.json").read_text())
    found = [
        (f"panel {panel['title']}", target["expr"], target["legendFormat"])
        for panel in dashboard["panels"]
        for target in panel["targets"]
    ]
    return found + [
        (f"rule {rule['alert']}", rule["expr"], rule["annotations"]["summary"]) for rule in rules()
    ]


@pytest.mark.parametrize(("where", "expression", "text"), expressions(), ids=lambda value: value[:40])
def test_every_expression_uses_metrics_labels_and_values_that_exist(
    series: dict[str, list[dict[str, str]]], where: str, expression: str, text: str
) -> None:
    used = SELECTOR.findall(expression)
    labels: set[str] = set(ADDED)
    for name, matchers in used:
        assert name in series, f"{where}: there is no {name}"
        known = series[name]
        labels |= {label for sample in known for label in sample}
        for label, operator, value in MATCHER.findall(matchers):
            if label in ADDED:
                continue
            values = {sample.get(label) for sample in known}
            wanted = value.split("|") if operator in {"=~", "!~"} else [value]
            assert set(wanted) <= values, f"{where}: {name} has no {label} {wanted}, only {values}"
    assert used or expression.startswith("up{"), where
    grouped = {
        label.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(",")
    }
    named = set(re.findall(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}", text))
    assert grouped | named <= labels, f"{where}: labels {(grouped | named) - labels}"
    if "by (" in expression and grouped:
        assert named <= grouped | ({"instance"} & grouped), f"{where}: {named - grouped} is summed away"


def test_every_metric_of_our_own_is_on_the_dashboard_or_in_a_rule(
    series: dict[str, list[dict[str, str]]],
) -> None:
    shown = {name for _, expression, _ in expressions() for name, _ in SELECTOR.findall(expression)}
    ours = {
        name
        for name in series
        if name.startswith("tikmatrixd_") and not name.endswith(("_created", "_sum", "_count"))
    }
    assert ours <= shown, f"nobody looks at {sorted(ours - shown)}"


def test_alerts_have_names_severities_and_say_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}  # type: ignore[index]
