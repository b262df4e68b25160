# SPDX-License-Identifier: ISC
"""A headless Chromium driven through chromedriver (W3C WebDriver) with nothing but urllib. It resolves the names that it
is told of to 127.0.0.1 and no others, and keeps its network log."""
import base64
import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def missing():
    """What is not installed, or None."""
    for program in ("chromium", "chromedriver"):
        if not shutil.which(program):
            return program
    return None


class Browser:
    def __init__(self, folder, hosts, domain):
        self.domain = domain
        self.log = os.path.join(folder, "net.json")
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": folder, "TMPDIR": folder,
                       "LANG": "C.UTF-8"}
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       text=True, env=environment)
        self.session = None
        self.base = None
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                self.base = f"http://127.0.0.1:{found[1]}"
                break
        if self.base is None:
            raise RuntimeError("chromedriver did not start")
        rules = ", ".join([f"MAP {host} 127.0.0.1" for host in hosts] + ["MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1"])
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     "--no-proxy-server", "--disable-background-networking", "--disable-component-update",
                     "--disable-sync", "--disable-default-apps", "--disable-domain-reliability",
                     "--disable-client-side-phishing-detection", "--hide-scrollbars", "--window-size=1280,860",
                     "--disable-features=OptimizationHints,MediaRouter,AutofillServerCommunication,"
                     "InterestFeedContentSuggestions,CertificateTransparencyComponentUpdater",
                     f"--host-resolver-rules={rules}", f"--user-data-dir={folder}/profile",
                     f"--log-net-log={self.log}", "--net-log-capture-mode=Default", "about:blank"]
        options = {"args": arguments, "excludeSwitches": ["enable-automation"]}
        answer = self.ask("POST", "", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "acceptInsecureCerts": True, "goog:chromeOptions": options}}})
        self.session = answer["sessionId"]

    def ask(self, method, path, body=None):
        url = f"{self.base}/session" + (f"/{self.session}" if self.session else "") + path
        request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as fault:
            raise RuntimeError(f"{method} {path}: {fault.read().decode(errors='replace')[:600]}") from None

    def size(self, width, height):
        """As a screen of that size; narrow ones as a telephone's."""
        self.ask("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}})

    def go(self, url):
        self.ask("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, selector):
        return self.ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def type(self, selector, text):
        self.ask("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def click(self, selector, seconds=30):
        """Clicks, and waits for the page that this leads to."""
        self.run("document.documentElement.dataset.old = 'yes'")
        self.ask("POST", f"/element/{self.find(selector)}/click", {})
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if self.run("return document.readyState == 'complete' && !document.documentElement.dataset.old"):
                    return
            except RuntimeError:
                pass  # between two pages
            time.sleep(0.02)
        raise RuntimeError(f"no new page after a click on {selector}")

    def cookies_clear(self):
        self.ask("DELETE", "/cookie")

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.ask("GET", "/screenshot")))

    def close(self):
        """Ends both, so that the network log is whole."""
        try:
            if self.session:
                self.ask("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(20)
            self.driver.stdout.close()

    def network(self):
        """After close(): hosts that pages of `domain` asked for, and addresses that anything connected to."""
        with open(self.log, encoding="utf-8") as file:
            log = json.load(file)
        names = {number: name for name, number in log["constants"]["logEventTypes"].items()}
        asked, reached = set(), set()
        for event in log["events"]:
            parameters = event.get("params") or {}
            if names[event["type"]] == "URL_REQUEST_START_JOB" and "url" in parameters and self.domain in (
                    parameters.get("network_isolation_key", "") + parameters.get("initiator", "") + parameters["url"]):
                asked.add(urllib.parse.urlsplit(parameters["url"]).hostname)
            if names[event["type"]] == "TCP_CONNECT_ATTEMPT" and "address" in parameters:
                reached.add(parameters["address"].rsplit(":", 1)[0])
            if names[event["type"]] == "UDP_BYTES_SENT":  # a bare connect() tries a route and sends nothing
                reached.add("by UDP: " + parameters.get("address", "somewhere"))
        return asked, reached
