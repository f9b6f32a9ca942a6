-- For wrk: sends a POST of as many bytes as the argument says, or a GET without one, and writes what was measured as a
-- line of JSON, times in microseconds.

function init(args)
  local size = tonumber(args[1])
  if size then
    wrk.method = "POST"
    wrk.body = string.rep("x", size)
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'LOAD {"requests": %d, "duration": %d, "p50": %d, "p99": %d, ' ..
    '"connect": %d, "read": %d, "write": %d, "timeout": %d, "status": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.timeout, errors.status
  ))
end
