"""How quickly the demo and `serve` start, how much memory the demo takes, and what the two queries of the README cost.

usage: start.py path/to/erp-gateway

Prints figures. Fails where an answer is wrong, or a bar is missed by far (three times, since machines are noisy).
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

START_SECONDS = 2.0
SERVE_SECONDS = 0.3
IDLE_MEGABYTES = 100

INVOICES = """{ invoices(first: 50) { nodes { number total { amount } customer { name } }
                sources { erp { id } status calls } } }"""
CUSTOMERS = """{ customers(first: 20) { nodes { name
                   invoices(first: 5) { nodes { number } } salesOrders(first: 5) { nodes { number } } }
                sources { erp { id } status } } }"""


def resident_megabytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) / 1024


def ask(url, query, key=None):
    body = json.dumps({"query": query}).encode()
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(f"{url}/graphql", body, headers)
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
    took = time.monotonic() - began
    if "errors" in answer:
        sys.exit(f"the gateway answered an error: {answer['errors'][0]['message']}")
    return answer["data"], took


def listening(process):
    first_line = process.stdout.readline()
    url = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", first_line)
    if not url:
        sys.exit(f"the first line on stdout is {first_line!r}")
    return url[1]


def serve(binary):
    """From nothing to an answer, and again: the first start makes the store."""
    def run(*args):
        command = [binary, *args]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, text=True, check=True).stdout

    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "ERP_GATEWAY_SERVER_LISTEN": "127.0.0.1:0", "ERP_GATEWAY_STORE_URL": f"sqlite:{folder}/gateway.db"}
        env["ERP_GATEWAY_MASTER_KEY"] = run("keys", "generate").strip()
        key = run("apikey", "create", "--name", "start", "--role", "admin").strip()
        starts = []
        for _ in range(5):
            began = time.monotonic()
            gateway = subprocess.Popen([binary, "serve"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, text=True)
            try:
                url = listening(gateway)
                starts.append(time.monotonic() - began)
                ask(url, "{ viewer { subject } erps { id } }", key)
            finally:
                gateway.terminate()
                gateway.wait(20)
    median = statistics.median(starts)
    print(f"cold start of serve on SQLite: {median * 1000:.0f} ms (bar {SERVE_SECONDS * 1000:.0f} ms)")
    if median > 3 * SERVE_SECONDS:
        sys.exit("far from the bar")


def main():
    binary = os.path.abspath(sys.argv[1])
    serve(binary)
    began = time.monotonic()
    demo = subprocess.Popen([binary, "demo", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        url = listening(demo)
        started = time.monotonic() - began
        print(f"cold start of demo: {started:.2f} s (bar {START_SECONDS} s)")

        data, took = ask(url, INVOICES)
        sources = data["invoices"]["sources"]
        if len(sources) != 3 or any(s["status"] != "OK" for s in sources):
            sys.exit(f"not all ERPs answered: {sources}")
        if len(data["invoices"]["nodes"]) != 50 or not all(n["customer"]["name"] for n in data["invoices"]["nodes"]):
            sys.exit("invoices or their customers are missing")
        print(f"first invoices of three ERPs with their customers, log-ins included: {took * 1000:.0f} ms")
        data, took = ask(url, CUSTOMERS)
        if len(data["customers"]["nodes"]) != 20 or any(s["status"] != "OK" for s in data["customers"]["sources"]):
            sys.exit("customers are missing")
        print(f"first customers with invoices and orders: {took * 1000:.0f} ms")
        _, took = ask(url, INVOICES)
        print(f"the invoices again, from the cache: {took * 1000:.1f} ms")

        time.sleep(3)
        idle = resident_megabytes(demo.pid)
        print(f"resident memory when idle, three simulators included: {idle:.0f} MB (bar {IDLE_MEGABYTES} MB)")
        if started > 3 * START_SECONDS or idle > 3 * IDLE_MEGABYTES:
            sys.exit("far from the bar")
    finally:
        demo.terminate()
        demo.wait(20)


main()
