-- KEYS: the key of a call that was throttled. ARGV: its burst, its rate a second and the rate's floor.
local now = present()
local _, factor, changed = kept(KEYS[1])
local since = now - changed

-- Adaptive::cut says the same. A cut in the future was made before the clock went back.
if factor < 1 and since >= 0 and since < ONE_CUT then
  return 0
end
factor = math.max(factor / 2, LEAST)
local empty = period(tonumber(ARGV[2]), tonumber(ARGV[3]), factor) * tonumber(ARGV[1])
keep(KEYS[1], now, now + empty, factor, now)
return 1
