# SPDX-License-Identifier: MIT
"""Debian's Prometheus scrapes a real daemon under the project's alert rules:
every rule evaluates, every panel of the dashboard has something to show."""

import json
import os
import socket
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

from tests.http.daemon import FAST, LONG, Daemon, photo, wait_for

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
DASHBOARD = os.path.join(ROOT, "deploy/grafana/aha.json")
SCALER = os.path.join(ROOT,
                      "deploy/kubernetes/overlays/keda/scaledobject.yaml")
CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{root}/deploy/prometheus/rules.yaml"]
scrape_configs:
  - job_name: aha
    static_configs: [targets: ["{target}"]]
"""
VARIABLES = {"$__rate_interval": "1m", "$__range": "5m", "$job": ".*",
             "$instance": ".*"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus:
    """One that scrapes a target each second; a context manager."""

    def __init__(self, target):
        self.folder = tempfile.TemporaryDirectory()
        config = os.path.join(self.folder.name, "prometheus.yaml")
        with open(config, "w") as stream:
            stream.write(CONFIG.format(root=ROOT, target=target))
        address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{address}/api/v1/"
        with open(os.path.join(self.folder.name, "log"), "w") as log:
            self.process = subprocess.Popen(
                ["prometheus", "--config.file", config,
                 "--storage.tsdb.path", os.path.join(self.folder.name, "data"),
                 "--web.listen-address", address], stderr=log, stdout=log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def ask(self, path, **query):
        """The "data" of an answer; None while it is not up."""
        try:
            with urllib.request.urlopen(self.url + path + "?" +
                                        urllib.parse.urlencode(query)) as got:
                return json.load(got)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:
                return None
            raise AssertionError(f"{query}: {error.read()}") from error
        except OSError:
            return None

    def query(self, text):
        """The samples of an instant query: [({label: value}, number)]."""
        answer = self.ask("query", query=text) or {"result": []}
        return [(sample["metric"], float(sample["value"][1]))
                for sample in answer["result"]]


def panel_queries():
    """[(panel's title, query)], with the dashboard's variables filled in."""
    with open(DASHBOARD) as stream:
        panels = json.load(stream)["panels"]
    for panel in panels:
        for target in panel.get("targets", []):
            text = target["expr"]
            for name, value in VARIABLES.items():
                text = text.replace(name, value)
            yield panel["title"], text


class Scrape(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(Daemon(*LONG))
        self.prometheus = self.enterContext(
            Prometheus(self.daemon.admin_url.removeprefix("http://")))

    def traffic(self):
        """A little of everything, once the first scrape has the zeros."""
        self.assertTrue(wait_for(lambda: self.prometheus.query("aha_workers")))
        for _ in range(3):
            self.assertEqual(self.daemon.analyze(photo(), FAST)[0], 200)
        self.assertEqual(self.daemon.analyze(b"no image")[0], 415)
        self.assertEqual(self.daemon.admin("POST", "/admin/reload")[0], 200)
        self.assertTrue(wait_for(lambda: (
            [], 3.0) in self.sums("sum(aha_images_total)")))
        # A rate wants two scrapes of a series.
        self.assertTrue(wait_for(lambda: self.prometheus.query(
            'min(count_over_time(http_server_request_duration_seconds_count'
            '{http_route="/v1/analyze"}[1m])) >= 3')))

    def sums(self, text):
        return [(list(labels), value)
                for labels, value in self.prometheus.query(text)]

    def test_what_people_are_shown(self):
        self.traffic()
        with self.subTest("the figures are the daemon's"):
            self.assertEqual(self.sums("sum(aha_faces_total)"), [([], 3.0)])
            self.assertEqual(self.sums('sum(up{job="aha"})'), [([], 1.0)])
        queries = list(panel_queries())
        self.assertGreater(len(queries), 25)
        for title, text in queries:
            with self.subTest(title):
                self.assertTrue(self.prometheus.query(text), text)
        with self.subTest("what KEDA scales by"), open(SCALER) as stream:
            line = next(line for line in stream if "query:" in line)
            self.assertEqual(self.sums(line.split("query:")[1].strip()),
                             [([], 0.0)])
        with self.subTest("rules"):
            self.rules()

    def rules(self):
        def evaluated():
            groups = self.prometheus.ask("rules")["groups"]
            rules = [rule for group in groups for rule in group["rules"]]
            return rules if all(rule["health"] != "unknown"
                                for rule in rules) else []
        self.assertTrue(wait_for(evaluated))
        self.assertGreaterEqual(len(evaluated()), 15)
        for rule in evaluated():
            self.assertEqual(rule["health"], "ok", rule)
            if rule["type"] == "alerting":
                self.assertEqual(rule["state"], "inactive", rule)

    def test_that_an_alert_comes(self):
        self.assertTrue(wait_for(lambda: self.prometheus.query("aha_workers")))
        # SIGTERM's way out is short; a target that is gone pends at once.
        self.assertEqual(self.daemon.stop(), 0)
        self.assertTrue(wait_for(lambda: self.prometheus.query(
            'ALERTS{alertname="AhaDown",alertstate="pending"}')))


if __name__ == "__main__":
    unittest.main()
