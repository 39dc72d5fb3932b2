"""What is watched is what is emitted, and what is woken for is what the runbook explains."""

import re
import unittest

import promql_parser

import tree


def expressions():
    """Every query: those of the dashboard, and those of the alerts."""
    for panel in tree.dashboard()["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m")
    for group in tree.plain("deploy/prometheus-alerts.yaml")["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


def cloudwatch():
    """Our metrics as CloudWatch is asked for them: name and names of dimensions."""
    for path in ("deploy/ecs/fleet.yaml", "deploy/ecs/alarms.yaml"):
        for one in tree.walk(tree.template(path)["Resources"]):
            if one.get("Namespace") == "orgsweep":
                yield one["MetricName"], tuple(sorted(dimension["Name"] for dimension in one["Dimensions"]))


def alarms():
    return tree.resources("deploy/ecs/alarms.yaml", "AWS::CloudWatch::Alarm")


def alerts():
    return [rule["alert"] for group in tree.plain("deploy/prometheus-alerts.yaml")["groups"] for rule in group["rules"]]


class Metrics(unittest.TestCase):
    def test_every_query_can_be_read_and_asks_for_metrics_and_labels_that_are_emitted(self):
        known = tree.prometheus_names()
        for title, expression in expressions():
            with self.subTest(title):
                promql_parser.parse(expression)
                used = set(re.findall(r"\borgsweep_\w+", expression))
                self.assertFalse(used - set(known), "no source emits it")
                labels = set.union(*(known[name] for name in used))
                told = {label.strip() for by in re.findall(r"\b(?:by|on) \(([^)]*)\)", expression) for label in by.split(",")}
                self.assertFalse(told - labels, "it has no such label")
                for name, selector in re.findall(r"\b(orgsweep_\w+)\{([^}]*)\}", expression):
                    asked = set(re.findall(r"(\w+)\s*[=!]", selector))
                    self.assertFalse(asked - known[name], f"{name} has no such label")

    def test_cloudwatch_is_asked_for_metrics_that_are_emitted(self):
        known = tree.emitted()
        for name, dimensions in cloudwatch():
            self.assertIn(name, known)
            self.assertFalse(set(dimensions) - {"Fleet"} - known[name][1], name)

    def test_what_cloudwatch_is_asked_for_is_exactly_what_the_collector_sends(self):
        collector = tree.collector_of_tasks()
        sent = collector["processors"]["filter"]["metrics"]["include"]["metric_names"]
        self.assertEqual(sorted({name for name, _ in cloudwatch()}), sent)
        sets = set()
        for declaration in collector["exporters"]["awsemf"]["metric_declarations"]:
            for name in sent:
                if any(re.search(selector, name) for selector in declaration["metric_name_selectors"]):
                    sets |= {(name, tuple(sorted(dimensions))) for dimensions in declaration["dimensions"]}
        self.assertEqual(set(cloudwatch()), sets)

    def test_every_part_of_a_collector_is_declared_and_used(self):
        for collector in (tree.collector_of_tasks(), tree.plain("deploy/otel-collector.yaml")):
            pipelines = collector["service"]["pipelines"].values()
            for part in ("receivers", "processors", "exporters"):
                self.assertEqual(set(collector[part]), {name for one in pipelines for name in one[part]}, part)
            self.assertEqual(set(collector["extensions"]), set(collector["service"]["extensions"]))
            self.assertTrue(collector["receivers"]["otlp"]["protocols"]["http"]["endpoint"].endswith(":4318"))

    def test_prometheus_fetches_from_where_the_collector_offers(self):
        (scrape,) = tree.plain("deploy/prometheus.yaml")["scrape_configs"]
        port = tree.plain("deploy/otel-collector.yaml")["exporters"]["prometheus"]["endpoint"].split(":")[1]
        self.assertEqual(scrape["static_configs"], [{"targets": [f"collector:{port}"]}])


class Runbook(unittest.TestCase):
    def test_every_alarm_has_its_chapter_and_every_chapter_its_alarm(self):
        chapters = re.search(r"\n## Alerts\n(.*?)\n## ", tree.text("deploy/RUNBOOK.md"), re.S)[1]
        self.assertEqual(sorted(re.findall(r"^### (\w+)$", chapters, re.M)), sorted(alarms()))

    def test_an_alarm_says_which_chapter_it_is(self):
        for name, alarm in alarms().items():
            self.assertIn(f"(RUNBOOK.md, {name})", alarm["AlarmDescription"])
            self.assertEqual(alarm["AlarmName"], {"Fn::Sub": "${Prefix}-" + name})

    def test_an_alert_of_prometheus_is_an_alarm_too(self):
        self.assertFalse(set(alerts()) - set(alarms()))

    def test_the_dashboard_points_at_chapters_that_there_are(self):
        for panel in tree.dashboard()["panels"]:
            named = re.search(r"Runbook: ([\w, ]+)\.", panel.get("description", ""))
            self.assertFalse(set(named[1].split(", ")) - set(alarms()) if named else None)


class Dashboard(unittest.TestCase):
    def test_every_panel_says_what_it_shows(self):
        for panel in tree.dashboard()["panels"]:
            self.assertTrue(panel["type"] == "row" or panel["description"], panel["title"])

    def test_no_two_panels_have_the_same_id_or_place(self):
        panels = tree.dashboard()["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(taken & cells, panel["title"])
            taken |= cells
        self.assertLess(max(x for x, _ in taken), 24)


if __name__ == "__main__":
    unittest.main()
