-- One request, again and again. It comes by the environment, so that no credential stands in a file or an argument.
wrk.method = os.getenv("BENCH_METHOD")
for name, value in os.getenv("BENCH_HEADERS"):gmatch("([^\n:]+): ([^\n]*)\n") do
  wrk.headers[name] = value
end
local length = tonumber(os.getenv("BENCH_BODY"))
if length > 0 then
  wrk.body = string.rep("x", length)
end

-- Microseconds. `failed`: every answer of 400 and more, and every connection that broke.
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests":%d,"micros":%d,"failed":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.timeout + e.status,
    latency:percentile(50), latency:percentile(99)))
end
