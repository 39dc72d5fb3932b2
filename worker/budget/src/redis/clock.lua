-- The server's own time in microseconds: no worker's clock counts.
local function present()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end
