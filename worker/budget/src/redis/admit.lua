-- KEYS: the key of each ask, all of one owner. ARGV: for each ask its burst, its rate a second and the rate's floor.
-- Answers for each ask the microseconds to wait, 0 where a token was taken.
local now = present()
local waits = {}
for i, key in ipairs(KEYS) do
  local burst, per_second, floor = tonumber(ARGV[i * 3 - 2]), tonumber(ARGV[i * 3 - 1]), tonumber(ARGV[i * 3])
  local full_at, factor, changed = kept(key)
  local differs = false

  -- Adaptive::recover says the same.
  if factor < 1 then
    local steps = math.floor((now - changed) / STEP_TIME)
    if steps > 0 then
      factor = math.min(factor + STEP * steps, 1)
    end
    if steps ~= 0 then
      -- Also where the clock went back: the quiet time begins now, and not when it has caught up.
      changed, differs = now, true
    end
  end

  local one = period(per_second, floor, factor)
  local all = one * burst
  if not full_at then
    -- One token, not a burst.
    full_at = now + all - one
  elseif full_at > now + all then
    -- The budget was changed, or the clock went back: no bucket is emptier than empty.
    full_at, differs = now + all, true
  end

  local wait = full_at + one - all - now
  if wait <= 0 then
    waits[i] = 0
    keep(key, now, math.max(full_at, now) + one, factor, changed)
  else
    waits[i] = wait
    if differs then
      keep(key, now, full_at, factor, changed)
    end
  end
end
return waits
