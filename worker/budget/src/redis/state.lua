-- What is kept of a key: when its bucket is full again and, after a throttle, the share of the rate that is left and
-- when it changed. Times are whole microseconds, which a number here holds exactly until the year 2255.

-- The time in which one token comes back. Adaptive::period says the same.
local function period(per_second, floor, factor)
  local rate = math.max(per_second * factor, floor)
  if rate * LONGEST > 1000000 then
    return math.ceil(1000000 / rate)
  end
  return LONGEST
end

-- full_at (nil for a key first seen, or one that nobody can read), factor, changed.
local function kept(key)
  local text = redis.call('GET', key)
  if not text then
    return nil, 1, 0
  end
  local full_at = tonumber(text)
  if full_at then
    return full_at, 1, 0
  end
  local at, factor, changed = string.match(text, '^(%d+) (%S+) (%d+)$')
  return tonumber(at), tonumber(factor) or 1, tonumber(changed) or 0
end

-- A key expires when its bucket has been full for a while: then it is as good as new.
local function keep(key, now, full_at, factor, changed)
  local text = string.format('%.0f', full_at)
  if factor < 1 then
    text = string.format('%s %.17g %.0f', text, factor, changed)
  end
  local expires = math.ceil((math.max(full_at, now) - now + IDLE) / 1000)
  redis.call('SET', key, text, 'PX', string.format('%.0f', expires))
end
