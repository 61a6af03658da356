-- One request after the other, each as another sender: a file has a line of headers for each of them, `name: value` with tabs
-- between. Requests are made beforehand, so that many senders cost wrk as little as one.
local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local requests, sent = {}, 0

init = function()
  local body = read(os.getenv("BENCH_BODY_FILE"))
  for line in read(os.getenv("BENCH_SENDERS_FILE")):gmatch("[^\n]+") do
    local headers = { ["Content-Type"] = "application/x-protobuf" }
    for name, value in line:gmatch("([^\t:]+): ([^\t]*)") do
      headers[name] = value
    end
    requests[#requests + 1] = wrk.format("POST", os.getenv("BENCH_PATH"), headers, body)
  end
end

request = function()
  sent = sent + 1
  return requests[(sent - 1) % #requests + 1]
end

-- Microseconds. `failed`: every answer of 400 and more, and every connection that broke.
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests":%d,"micros":%d,"failed":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.timeout + e.status,
    latency:percentile(50), latency:percentile(99)))
end
