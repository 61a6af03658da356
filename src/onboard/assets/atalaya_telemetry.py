"""OpenTelemetry for a Python program that sends to Atalaya itself: `import atalaya_telemetry` before anything else.

Atalaya's tests run this file as it stands. Settings are in atalaya.json; no secret is in either.

An SDK has queues in memory alone: what waits is lost when the process ends hard, and a batch that could not be sent for
`patienceSeconds` is dropped. Not to lose it, send to a collector on the same machine (npx atalaya onboard TENANT --shipper otelcol).
"""

import atexit
import json
import pathlib
import signal
import sys
import threading
import time

import requests
from opentelemetry import _logs, metrics, trace
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

_HERE = pathlib.Path(__file__).resolve().parent
_SETTINGS = json.loads((_HERE / "atalaya.json").read_text())
_PATIENCE = _SETTINGS["patienceSeconds"]


class _Token(requests.auth.AuthBase):
    """Of every request. A failure to get one is a connection error, which exporters try again."""

    def __init__(self):
        self._lock = threading.Lock()
        self._value, self._until = "", 0.0

    def __call__(self, request):
        with self._lock:
            if time.monotonic() >= self._until:
                self._renew()
            request.headers["Authorization"] = f"Bearer {self._value}"
        return request

    def _renew(self):
        answer = requests.post(
            _SETTINGS["tokenUrl"],
            data={
                "grant_type": "client_credentials",
                "client_id": _SETTINGS["clientId"],
                "client_secret": (_HERE / _SETTINGS["secretFile"]).read_text().strip(),
            },
            timeout=10,
        )
        if not answer.ok:
            raise requests.exceptions.ConnectionError(f"{_SETTINGS['tokenUrl']} answers {answer.status_code}")
        token = answer.json()
        life = token["expires_in"]
        # A minute before its end, or at half of a life that is short.
        self._value, self._until = token["access_token"], time.monotonic() + max(life - 60, life / 2)


class _Session(requests.Session):
    """With its own authority also where REQUESTS_CA_BUNDLE is set, which requests would take in its place."""

    def merge_environment_settings(self, url, proxies, stream, verify, cert):
        return super().merge_environment_settings(url, proxies, stream, self.verify if verify is None else verify, cert)


def _exporting(kind):
    session = _Session()
    session.auth = _TOKEN
    return {
        "endpoint": f"{_SETTINGS['endpoint']}/v1/{kind}",
        "certificate_file": str(_HERE / _SETTINGS["authorityFile"]),
        "session": session,
        "timeout": _PATIENCE,
    }


_TOKEN = _Token()
_RESOURCE = Resource.create()
_providers = []

if "traces" in _SETTINGS["signals"]:
    _tracing = TracerProvider(resource=_RESOURCE)
    _tracing.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(**_exporting("traces"))))
    trace.set_tracer_provider(_tracing)
    _providers.append(_tracing)
if "metrics" in _SETTINGS["signals"]:
    _reader = PeriodicExportingMetricReader(OTLPMetricExporter(**_exporting("metrics")), export_interval_millis=30_000)
    _metering = MeterProvider(resource=_RESOURCE, metric_readers=[_reader], shutdown_on_exit=False)
    metrics.set_meter_provider(_metering)
    _providers.append(_metering)
if "logs" in _SETTINGS["signals"]:
    _logging = LoggerProvider(resource=_RESOURCE, shutdown_on_exit=False)
    _logging.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(**_exporting("logs"))))
    _logs.set_logger_provider(_logging)
    _providers.append(_logging)


@atexit.register
def shutdown():
    """Sends what waits."""
    while _providers:
        _providers.pop().shutdown()


# By itself Python ends at once, and nothing of the above happens. A program that decides for itself is left alone.
if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
