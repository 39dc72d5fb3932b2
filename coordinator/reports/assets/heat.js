"use strict";
// The heat map: draws what is in view of accounts x services, filters, sorts, and tells a cell's regions.
const data = JSON.parse(document.getElementById("data").textContent);
const id = (name) => document.getElementById(name);
const heat = id("heat"), canvas = id("canvas"), sizer = id("sizer"), tip = id("tip"), pen = canvas.getContext("2d");
const STATUS = Object.fromEntries(data.statuses.map((status, at) => [status, at]));
const LABELS = 250, HEADS = 132, TALLY = 64;

// What is known of a pattern: its letters, the status of the whole, which statuses are in it.
const patterns = data.patterns.map(([letters, whole]) => {
  const found = new Set([...letters].filter((letter) => letter !== ".").map((letter) => letter.charCodeAt(0) - 97));
  return { letters, whole, found, hidden: data.known[whole] && [...found].find((status) => !data.known[status]) };
});
const isUnknown = (status) => !data.known[status];
const accounts = data.accounts.map(([account, name, unit], at) => ({ at, account, name, unit, text: `${name} ${account}`.toLowerCase() }));
const services = data.services.map(([service, title, category, curated], at) => ({ at, service, title, category, curated, text: `${service} ${title}`.toLowerCase() }));
// The patterns as they are shown: of all regions, or of the one that is chosen.
let shown = patterns;
const patternOf = (account, service) => shown[data.lines[account.at].p[service.at]];
const inRegion = (region) => patterns.map(({ letters }) => {
  if (letters[region] === ".") return undefined;
  const whole = letters.charCodeAt(region) - 97;
  return { letters, whole, found: new Set([whole]), hidden: undefined };
});
const chosen = new Set();
let rows = accounts, columns = services, size = 15, over = null, picked = null, paint = {};

function tally(these, those, pattern) {
  for (const one of these) {
    one.used = one.unknown = 0;
    for (const other of those) {
      const found = pattern(one, other);
      if (!found) continue;
      if (found.whole === STATUS.in_use) one.used++;
      if (isUnknown(found.whole) || found.hidden !== undefined) one.unknown++;
    }
  }
}

const byText = (a, b) => a.localeCompare(b, undefined, { numeric: true });
const orders = {
  unit: (a, b) => byText(a.unit, b.unit) || byText(a.name, b.name),
  name: (a, b) => byText(a.name ?? a.service, b.name ?? b.service),
  used: (a, b) => b.used - a.used || b.unknown - a.unknown,
  unknown: (a, b) => b.unknown - a.unknown || b.used - a.used,
  category: (a, b) => byText(a.category, b.category) || byText(a.service, b.service),
};
const matches = (pattern) => pattern && (!chosen.size || [...chosen].some((status) => pattern.found.has(status)));

function choose() {
  const wanted = { account: id("find-account").value.toLowerCase(), service: id("find-service").value.toLowerCase(), unit: id("unit").value, category: id("category").value };
  const inUnit = (unit) => !wanted.unit || unit === wanted.unit || unit.startsWith(wanted.unit + "/");
  shown = id("region").value === "" ? patterns : inRegion(data.regions.indexOf(id("region").value));
  rows = accounts.filter((one) => one.text.includes(wanted.account) && inUnit(one.unit));
  columns = services.filter((one) => one.text.includes(wanted.service) && (!wanted.category || one.category === wanted.category));
  if (shown !== patterns) columns = columns.filter((column) => rows.some((row) => patternOf(row, column)));
  if (chosen.size) {
    const [allRows, allColumns] = [rows, columns];
    rows = allRows.filter((row) => allColumns.some((column) => matches(patternOf(row, column))));
    columns = allColumns.filter((column) => rows.some((row) => matches(patternOf(row, column))));
  }
  tally(rows, columns, patternOf);
  tally(columns, rows, (column, row) => patternOf(row, column));
  rows.sort(orders[id("sort-rows").value]);
  columns.sort(orders[id("sort-columns").value]);
  size = Number(id("size").value);
  id("shown").textContent = `${rows.length} of ${accounts.length} accounts, ${columns.length} of ${services.length} services`;
  sizer.style.width = `${LABELS + TALLY + columns.length * size + 30}px`;
  sizer.style.height = `${HEADS + rows.length * size + 4}px`;
  over = null;
  draw();
}

function theme() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  paint = { ink: colour("ink"), soft: colour("soft"), paper: colour("paper"), line: colour("line"), mark: colour("mark"), status: data.statuses.map(colour) };
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const stripe = tile.getContext("2d");
  stripe.strokeStyle = "rgba(0,0,0,.38)";
  stripe.lineWidth = 1.6;
  for (const shift of [-6, 0, 6]) { stripe.moveTo(shift, 6); stripe.lineTo(shift + 6, 0); }
  stripe.stroke();
  paint.stripes = pen.createPattern(tile, "repeat");
  draw();
}

function cell(pattern, x, y) {
  const edge = size - 1;
  pen.globalAlpha = matches(pattern) ? 1 : 0.12;
  pen.fillStyle = paint.status[pattern.whole];
  pen.fillRect(x, y, edge, edge);
  if (isUnknown(pattern.whole)) {
    pen.fillStyle = paint.stripes;
    pen.fillRect(x, y, edge, edge);
  } else if (pattern.hidden !== undefined) {
    // Known as a whole, yet some regions are not: a corner says so.
    pen.fillStyle = paint.status[pattern.hidden];
    pen.beginPath();
    pen.moveTo(x + edge, y); pen.lineTo(x + edge, y + edge * 0.62); pen.lineTo(x + edge * 0.38, y);
    pen.fill();
  }
  pen.globalAlpha = 1;
}

function fit(text, room) {
  if (pen.measureText(text).width <= room) return text;
  let cut = text;
  while (cut && pen.measureText(cut + "…").width > room) cut = cut.slice(0, -1);
  return cut + "…";
}

function draw() {
  const scale = devicePixelRatio || 1, width = heat.clientWidth, height = heat.clientHeight;
  if (!width || !paint.status) return;
  canvas.width = width * scale; canvas.height = height * scale;
  canvas.style.width = `${width}px`; canvas.style.height = `${height}px`;
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.fillStyle = paint.paper;
  pen.fillRect(0, 0, width, height);
  const left = LABELS + TALLY - heat.scrollLeft, top = HEADS - heat.scrollTop;
  const firstRow = Math.max(0, Math.floor(heat.scrollTop / size)), lastRow = Math.min(rows.length, Math.ceil((heat.scrollTop + height - HEADS) / size));
  const firstColumn = Math.max(0, Math.floor(heat.scrollLeft / size)), lastColumn = Math.min(columns.length, Math.ceil((heat.scrollLeft + width - LABELS - TALLY) / size));
  const clip = (x, y, w, h, inside) => { pen.save(); pen.beginPath(); pen.rect(x, y, w, h); pen.clip(); inside(); pen.restore(); };

  clip(LABELS + TALLY, HEADS, width, height, () => {
    for (let r = firstRow; r < lastRow; r++) for (let c = firstColumn; c < lastColumn; c++) {
      const pattern = patternOf(rows[r], columns[c]);
      if (pattern) cell(pattern, left + c * size, top + r * size);
    }
    for (const [spot, colour] of [[over, paint.soft], [picked, paint.mark]]) {
      if (!spot) continue;
      const [r, c] = [rows.indexOf(spot.row), columns.indexOf(spot.column)];
      if (r < 0 || c < 0) continue;
      pen.strokeStyle = colour;
      pen.lineWidth = 2;
      pen.strokeRect(left + c * size - 1, top + r * size - 1, size + 1, size + 1);
    }
  });

  const font = Math.min(12, Math.max(8, size - 3));
  pen.textBaseline = "middle";
  clip(0, HEADS, LABELS + TALLY, height, () => {
    for (let r = firstRow; r < lastRow; r++) {
      const y = top + r * size + size / 2, row = rows[r], lit = over?.row === row || picked?.row === row;
      pen.font = `${lit ? "600 " : ""}${font}px system-ui, "DejaVu Sans", sans-serif`;
      pen.fillStyle = lit ? paint.mark : paint.ink;
      pen.textAlign = "left";
      pen.fillText(fit(row.name, LABELS - 16), 8, y);
      pen.textAlign = "right";
      pen.fillStyle = paint.status[STATUS.in_use];
      pen.fillText(row.used, LABELS + 22, y);
      if (row.unknown) { pen.fillStyle = paint.status[STATUS.denied]; pen.fillText(row.unknown, LABELS + TALLY - 8, y); }
    }
  });

  clip(LABELS + TALLY - 4, 0, width, HEADS, () => {
    pen.textAlign = "left";
    for (let c = firstColumn; c < lastColumn; c++) {
      const column = columns[c], lit = over?.column === column || picked?.column === column;
      const last = columns[c - 1];
      if (id("sort-columns").value === "category" && last?.category !== column.category) {
        const span = columns.filter((other) => other.category === column.category).length * size;
        pen.font = `600 10px system-ui, "DejaVu Sans", sans-serif`;
        pen.fillStyle = paint.soft;
        pen.fillRect(left + c * size, HEADS - 5, span - 3, 1);
        if (span > 34) pen.fillText(fit(column.category, span - 4), left + c * size, 8);
      }
      pen.save();
      pen.translate(left + c * size + size / 2 - 1, HEADS - 10);
      pen.rotate(-Math.PI / 2.6);
      pen.font = `${lit ? "600 " : ""}${font}px system-ui, "DejaVu Sans", sans-serif`;
      pen.fillStyle = lit ? paint.mark : column.used ? paint.ink : paint.soft;
      pen.fillText(fit(column.service, 108), 0, 0);
      pen.restore();
    }
  });
  pen.font = `10px system-ui, "DejaVu Sans", sans-serif`;
  pen.fillStyle = paint.soft;
  pen.textAlign = "left";
  pen.fillText("account", 8, HEADS - 12);
  pen.textAlign = "right";
  pen.fillText("in use", LABELS + 24, HEADS - 12);
  pen.fillText("unkn.", LABELS + TALLY - 6, HEADS - 12);
  pen.fillStyle = paint.line;
  pen.fillRect(0, HEADS - 1, width, 1);
  if (!rows.length || !columns.length) { pen.textAlign = "center"; pen.fillText("nothing matches", width / 2, HEADS + 40); }
}

function at(event) {
  const box = canvas.getBoundingClientRect();
  const x = event.clientX - box.left - LABELS - TALLY, y = event.clientY - box.top - HEADS;
  if (x < 0 || y < 0) return null;
  const row = rows[Math.floor((y + heat.scrollTop) / size)], column = columns[Math.floor((x + heat.scrollLeft) / size)];
  return row && column ? { row, column } : null;
}

function make(tag, text, kind) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (kind) element.className = kind;
  return element;
}
const pill = (status) => make("span", data.statuses[status], `pill s-${data.statuses[status]}`);

// Things and reasons of a pair, by region.
function facts({ row, column }) {
  const { n, w } = data.lines[row.at], things = new Map(), reasons = new Map();
  for (let i = 0; i < n.length; i += 4) if (n[i] === column.at) things.set(n[i + 1], (n[i + 3] ? "≥ " : "") + n[i + 2].toLocaleString());
  for (let i = 0; i < w.length; i += 3 + w[i + 2]) {
    if (w[i] !== column.at) continue;
    for (let j = 0; j < w[i + 2]; j++) reasons.set(w[i + 3 + j], data.causes[w[i + 1]]);
  }
  return { things, reasons };
}

function tell(spot) {
  picked = spot;
  const { row, column } = spot, pattern = patterns[data.lines[row.at].p[column.at]], detail = id("detail");
  const { things, reasons } = facts(spot);
  const parts = [make("h3", `${column.title}`), make("p", row.name), make("p", [row.account, row.unit].filter(Boolean).join(" · "), "note")];
  if (!column.curated) parts.push(make("p", "A derived entry: whose its things are is not judged.", "note"));
  if (pattern) {
    const whole = make("p");
    whole.append(pill(pattern.whole));
    const table = make("table"), weight = (letter) => (letter === "." ? 99 : data.known[letter.charCodeAt(0) - 97] ? letter.charCodeAt(0) : 50);
    const regions = [...pattern.letters].map((letter, region) => ({ letter, region })).filter(({ letter }) => letter !== ".");
    regions.sort((a, b) => weight(a.letter) - weight(b.letter) || byText(data.regions[a.region], data.regions[b.region]));
    for (const { letter, region } of regions) {
      const line = table.insertRow(), why = reasons.get(region);
      line.insertCell().textContent = data.regions[region];
      line.insertCell().append(pill(letter.charCodeAt(0) - 97));
      const last = line.insertCell();
      last.className = "num";
      last.textContent = things.get(region) ?? "";
      if (why && why[1]) {
        const said = table.insertRow().insertCell();
        said.colSpan = 3;
        said.className = "said";
        said.textContent = [why[1], why[2] && `by ${why[2]}`].filter(Boolean).join(" ");
      }
    }
    parts.push(whole, table);
    for (const why of new Set(reasons.values())) {
      parts.push(make("p", why[4], "note"));
      if (why[3]) parts.push(make("code", why[3]));
    }
  } else parts.push(make("p", "Not asked.", "note"));
  detail.replaceChildren(...parts);
  draw();
}

heat.addEventListener("scroll", draw);
addEventListener("resize", draw);
canvas.addEventListener("mousemove", (event) => {
  over = at(event);
  canvas.style.cursor = over ? "pointer" : "default";
  tip.hidden = !over;
  if (over) {
    const pattern = patternOf(over.row, over.column);
    const { things } = facts(over);
    const found = pattern ? data.statuses[pattern.whole] + (pattern.hidden !== undefined ? ", some regions unknown" : "") : "not asked";
    tip.textContent = `${over.row.name} × ${over.column.service}: ${found}` + (things.size ? `, things in ${things.size} region${things.size > 1 ? "s" : ""}` : "");
    tip.style.left = `${Math.min(event.clientX + 14, innerWidth - 320)}px`;
    tip.style.top = `${event.clientY + 16}px`;
  }
  draw();
});
canvas.addEventListener("mouseleave", () => { over = null; tip.hidden = true; draw(); });
canvas.addEventListener("click", (event) => { const spot = at(event); if (spot) tell(spot); });
heat.addEventListener("keydown", (event) => {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (!step || !rows.length || !columns.length) return;
  event.preventDefault();
  const clamp = (value, most) => Math.max(0, Math.min(most - 1, value));
  const r = clamp((picked ? rows.indexOf(picked.row) : -1) + step[0], rows.length), c = clamp((picked ? columns.indexOf(picked.column) : -1) + step[1], columns.length);
  heat.scrollTop = Math.min(heat.scrollTop, r * size);
  heat.scrollTop = Math.max(heat.scrollTop, (r + 1) * size - (heat.clientHeight - HEADS));
  heat.scrollLeft = Math.min(heat.scrollLeft, c * size);
  heat.scrollLeft = Math.max(heat.scrollLeft, (c + 1) * size - (heat.clientWidth - LABELS - TALLY));
  tell({ row: rows[r], column: columns[c] });
});

function options(select, all, texts) {
  select.append(new Option(all, ""));
  for (const text of [...texts].sort(byText)) select.append(new Option(text, text));
}
const units = new Set();
for (const { unit } of accounts) unit.split("/").forEach((_, at, steps) => units.add(steps.slice(0, at + 1).join("/")));
units.delete("");
options(id("unit"), "all", units);
options(id("region"), "all", data.regions);
options(id("category"), "all", new Set(services.map((service) => service.category)));
for (const name of ["find-account", "find-service", "unit", "region", "category", "sort-rows", "sort-columns", "size"]) id(name).addEventListener("input", choose);
for (const button of id("legend").children) {
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    const status = STATUS[button.dataset.status], on = !chosen.delete(status);
    if (on) chosen.add(status);
    button.setAttribute("aria-pressed", String(on));
    choose();
  });
}
id("clear").addEventListener("click", () => {
  chosen.clear();
  for (const button of id("legend").children) button.setAttribute("aria-pressed", "false");
  for (const name of ["find-account", "find-service", "unit", "region", "category"]) id(name).value = "";
  choose();
});
id("theme").addEventListener("click", () => {
  const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  theme();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", theme);
if (services.length * 22 + LABELS + TALLY + 40 < heat.clientWidth) id("size").value = "22";
heat.style.height = `${Math.min(innerHeight * 0.72, HEADS + accounts.length * Number(id("size").value) + 24)}px`;
choose();
theme();
