"use strict";
(function () {
  const body = document.querySelector("#findings tbody");
  const rows = Array.from(body.querySelectorAll("tr.finding"));
  const at = new Map(rows.map((row, i) => [row, i]));
  const by = id => document.getElementById(id);
  const chips = Array.from(document.querySelectorAll("#levels button"));
  const heads = Array.from(document.querySelectorAll("#findings th button"));

  function filter() {
    const words = by("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const levels = chips.filter(c => c.getAttribute("aria-pressed") === "true").map(c => c.dataset.level);
    const fixed = by("fixed").checked, exploited = by("exploited").checked, all = by("hidden") && by("hidden").checked;
    let shown = 0, total = 0;
    for (const row of rows) {
      const d = row.dataset, hidden = row.classList.contains("hidden");
      if (!hidden || all) total++;
      row.hidden = hidden && !all || levels.length > 0 && !levels.includes(d.name) || fixed && !d.fix ||
        exploited && d.exploited !== "exploited" && d.exploited !== "ransomware" || !words.every(w => d.text.includes(w));
      if (!row.hidden) shown++;
    }
    by("shown").textContent = rows.length ? shown + " of " + total + " findings" : "";
  }

  function sort(key, down) {
    const number = key === "level" || key === "epss" || key === "policy";
    const compare = (a, b) => {
      const x = a.dataset[key], y = b.dataset[key];
      const c = number ? x - y : x.localeCompare(y, "en", {numeric: true});
      return (down ? -c : c) || at.get(a) - at.get(b);
    };
    body.append(...(key ? rows.slice().sort(compare) : rows));
    for (const h of heads) {
      const th = h.closest("th");
      if (h.dataset.sort === key) th.setAttribute("aria-sort", down ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    }
  }

  for (const c of chips) c.addEventListener("click", () => {
    c.setAttribute("aria-pressed", c.getAttribute("aria-pressed") !== "true");
    filter();
  });
  for (const h of heads) h.addEventListener("click", () => {
    const now = h.closest("th").getAttribute("aria-sort");
    const first = "down" in h.dataset;
    sort(h.dataset.sort, now ? now !== "descending" : first);
  });
  by("sort").addEventListener("change", e => sort(e.target.value, e.target.value === "level" || e.target.value === "epss"));
  for (const id of ["search", "fixed", "exploited", "hidden"]) if (by(id)) by(id).addEventListener("input", filter);
  filter();
})();
