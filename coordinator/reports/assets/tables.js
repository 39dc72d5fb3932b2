"use strict";
// Sorts a table by the header that is chosen, and filters its rows by text.
for (const section of document.querySelectorAll("section")) {
  const body = section.querySelector("tbody");
  const input = section.querySelector("[data-filter]");
  if (!body || !input) continue;
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
  section.querySelectorAll("th").forEach((head, at) => {
    const sort = () => {
      const up = head.getAttribute("aria-sort") === "descending";
      section.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => row.cells[at].dataset.order ?? row.cells[at].textContent;
      const by = (a, b) => key(a).localeCompare(key(b), undefined, { numeric: true });
      const number = head.classList.contains("num");
      const compare = number ? (a, b) => Number(key(a) || -1) - Number(key(b) || -1) : by;
      body.append(...[...body.rows].sort((a, b) => (up ? compare(a, b) : compare(b, a))));
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => event.key === "Enter" && sort());
  });
}
