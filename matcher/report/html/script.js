"use strict";
(() => {
  const by = id => document.getElementById(id);
  const table = by("findings"), head = table.tHead;
  const rows = Array.from(table.querySelectorAll("tr[id]"));
  const chips = Array.from(document.querySelectorAll("#levels button"));
  const heads = Array.from(head.querySelectorAll("button"));
  const packages = Array.from(document.querySelectorAll("#packages tbody tr"));
  const names = ["unknown", "negligible", "low", "medium", "high", "critical"];
  const threats = ["", "exploit known", "exploited", "ransomware"];
  const actions = ["", "go", "warn", "stop"];
  const column = {id: 1, package: 2, version: 3, fix: 4, threat: 5, status: 6};
  if (table.classList.contains("policy")) column.policy = 7;
  const narrow = matchMedia("(max-width: 900px)");
  const number = n => n.toLocaleString("en");
  const count = (n, noun) => number(n) + " " + noun + (n === 1 ? "" : "s");
  const make = (name, text, kind) => {
    const e = document.createElement(name);
    if (text) e.textContent = text;
    if (kind) e.className = kind;
    return e;
  };
  const levels = rows.map(r => names.indexOf(r.className));
  const hidden = rows.map(r => "hidden" in r.dataset);
  const at = new Map(rows.map((r, i) => [r, i]));
  const packagesOf = row => (row.dataset.p || row.cells[2].firstChild.hash.slice(2)).split(",").map(n => packages[n]);
  const title = row => row.lastElementChild.firstChild.textContent;

  const nothing = rows.length ? "No finding is like that." : table.tBodies[0].textContent.trim();

  // Texts of cells, read once.
  const cells = {};
  const cell = (i, name) => (cells[name] ||= [])[i] ??= rows[i].cells[column[name]].textContent;

  // A finding's details are text until it is opened, since most never are. They have been written by html/template, and are parsed
  // as a browser without scripts parses them. Its packages are in the list of packages.
  const inert = document.createElement("template");
  function more(row) {
    const raw = row.querySelector("noscript");
    inert.innerHTML = raw ? raw.textContent : "<dl></dl>";
    const list = inert.content.firstElementChild;
    for (const a of list.querySelectorAll("a:empty")) a.textContent = a.href;
    for (const a of list.querySelectorAll("a[href^='#p']")) a.parentElement.remove();
    if (list.lastElementChild?.textContent !== "Found in") list.append(make("dt", "Found in"));
    for (const p of packagesOf(row)) {
      const [name, , , layer, place] = Array.from(p.cells, c => c.textContent.trim()), dd = make("dd");
      dd.append(make("code", name), " " + [place, layer && "layer " + layer].filter(Boolean).join(", "));
      list.append(dd);
    }
    return list;
  }
  function toggle(row, open) {
    const button = row.lastElementChild.firstChild;
    let list = row.querySelector("dl");
    if (!list && open) {
      list = more(row);
      const dt = make("dt", "This finding", "self"), dd = make("dd", "", "self"), link = make("a", "#" + row.id);
      link.href = "#" + row.id;
      dd.append(link);
      list.append(dt, dd);
      row.lastElementChild.append(list);
    }
    button.setAttribute("aria-expanded", open);
    row.classList.toggle("open", open);
    if (list) list.hidden = !open;
    if (!open) return;
    table.querySelector(".at")?.classList.remove("at");
    row.classList.add("at");
  }
  table.addEventListener("click", e => {
    const button = e.target.closest("tbody button"), row = button?.closest("tr");
    if (!row || String(getSelection()) && e.detail) return; // the end of a selection is no click
    toggle(row, button.getAttribute("aria-expanded") !== "true");
    try {
      history.replaceState(null, "", "#" + row.id);
    } catch { /* a frame without an address of its own */ }
  });

  // The words of each row, for the filter.
  const entities = {amp: "&", lt: "<", gt: ">"};
  const plain = s => s.replace(/<[^>]*>/g, " ").replace(/&(?:#(\d+)|(\w+));/g, (all, n, name) => n ? String.fromCodePoint(n) : entities[name] || all);
  const texts = [];
  function text(i) {
    if (texts[i] === undefined) {
      const row = rows[i], words = [names[levels[i]], title(row)], raw = row.querySelector("noscript");
      for (const name in column) words.push(cell(i, name));
      if (raw) words.push(plain(raw.textContent));
      for (const p of packagesOf(row)) words.push(p.cells[0].textContent, p.cells[4].textContent);
      texts[i] = words.join(" ").toLowerCase();
    }
    return texts[i];
  }

  // Each row's rank by a column. Numbers within a text count as numbers.
  const natural = s => s.toLowerCase().replace(/\d+/g, n => n.padStart(10, "0"));
  const numeric = {
    level: i => levels[i] * 100 + (parseFloat(rows[i].cells[0].children[0]?.textContent) || 0),
    threat: i => cell(i, "threat") && threats.findLastIndex(t => cell(i, "threat").startsWith(t)) * 10 + (parseFloat(rows[i].cells[5].querySelector("data")?.value) || 0),
    policy: i => actions.indexOf(cell(i, "policy")),
  };
  const ranks = {};
  function ranksOf(name) {
    if (ranks[name]) return ranks[name];
    if (numeric[name]) return ranks[name] = rows.map((_, i) => +numeric[name](i));
    const order = new Map();
    for (let i = 0; i < rows.length; i++) order.set(cell(i, name), "");
    for (const s of order.keys()) order.set(s, natural(s));
    const sorted = Array.from(order).sort((a, b) => (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0));
    let rank = 0;
    sorted.forEach(([s, n], k) => order.set(s, k > 0 && n === sorted[k - 1][1] ? rank : rank = k));
    return ranks[name] = rows.map((_, i) => order.get(cell(i, name)));
  }

  // All of these are made while the browser has nothing else to do, or when they are needed.
  const idle = window.requestIdleCallback || (f => setTimeout(() => f({timeRemaining: () => 10}), 50));
  let next = 0;
  const later = heads.map(h => h.dataset.sort);
  idle(function work(deadline) {
    for (; next < rows.length && deadline.timeRemaining() > 1; next++) {
      text(next);
      layersOf(next);
      const button = rows[next].lastElementChild.firstChild;
      if (!button.hasAttribute("aria-expanded")) button.setAttribute("aria-expanded", false);
    }
    if (next === rows.length && deadline.timeRemaining() > 8) ranksOf(later.pop());
    if (later.length) idle(work);
  });

  const state = {sort: "", down: false};
  function selected() {
    const words = by("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const pressed = new Set(chips.filter(c => c.getAttribute("aria-pressed") === "true").map(c => names.indexOf(c.dataset.level)));
    const fixed = by("fixed").checked, exploited = by("exploited").checked, all = by("hidden")?.checked;
    const list = [];
    let total = 0;
    for (let i = 0; i < rows.length; i++) {
      if (hidden[i] && !all) continue;
      total++;
      if (pressed.size && !pressed.has(levels[i]) || fixed && !cell(i, "fix") || exploited && !/^(exploited|ransomware)/.test(cell(i, "threat"))) continue;
      if (words.length) {
        const t = text(i);
        if (!words.every(w => t.includes(w))) continue;
      }
      list.push(i);
    }
    if (state.sort) {
      const r = ranksOf(state.sort), sign = state.down ? -1 : 1;
      list.sort((a, b) => sign * (r[a] - r[b]) || a - b);
    }
    return {list, total};
  }

  // Groupings. Each has the key of a row, and the elements of a group's heading. One with an order has its groups in this order, others
  // in the order of their first rows.
  const layerRows = Array.from(document.querySelectorAll("#layers tbody tr"));
  const instruction = n => layerRows[n] ? layerRows[n].cells[1].textContent : "";
  const memo = [];
  const layersOf = i => memo[i] ||= Array.from(new Set(packagesOf(rows[i]).map(p => p.cells[3].textContent))).filter(Boolean).sort((a, b) => a - b);
  const updates = new Map(Array.from(document.querySelectorAll("#updates tbody tr"), r => [r.cells[0].textContent + " " + r.cells[1].textContent, r]));
  const groupings = {
    package: {
      key: i => cell(i, "package") + " " + cell(i, "version"),
      heading(key, i) {
        const to = updates.get(key);
        return [make("span", rows[i].cells[2].firstChild.textContent + " " + cell(i, "version")), ...(to ? [make("small", "update to " + to.cells[2].textContent + " fixes " + to.cells[3].textContent, "update")] : [])];
      },
    },
    layer: {
      key: i => layersOf(i).join(", "),
      order: natural,
      heading: key => key ? [make("span", (key.includes(",") ? "Layers " : "Layer ") + key), ...key.split(", ").map(n => make("code", instruction(n)))] : [make("span", "No layer")],
    },
    instruction: {
      key: i => Array.from(new Set(layersOf(i).map(instruction))).join("\n"),
      order: (_, i) => natural(layersOf(i)[0] || ""),
      heading: key => key ? key.split("\n").map(k => make("code", k)) : [make("span", "No instruction")],
    },
    base: {
      key: i => layersOf(i).some(n => layerRows[n] && "base" in layerRows[n].dataset) ? "Base image" : "Application",
      order: key => key === "Base image" ? "0" : "1",
      heading: key => [make("span", key)],
    },
  };
  function grouped(list) {
    const how = groupings[by("group").value];
    if (!how) return [{list}];
    const groups = new Map();
    for (const i of list) {
      const key = how.key(i), g = groups.get(key);
      if (g) g.list.push(i);
      else groups.set(key, {key, list: [i], order: how.order ? how.order(key, i) : ""});
    }
    const all = Array.from(groups.values());
    if (how.order) all.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
    for (const g of all) g.heading = () => [...how.heading(g.key, g.list[0]), make("small", tally(g.list))].flatMap(e => [e, " "]);
    return all;
  }
  function tally(list) {
    const counts = names.map(() => 0);
    for (const i of list) counts[levels[i]]++;
    return counts.map((n, l) => n && number(n) + " " + names[l]).filter(Boolean).reverse().join(", ");
  }

  // Rows are in blocks, which the browser lays out as they come into view. The first block fills the window and is placed at once, the
  // others in the time between frames. Rows that a filter leaves out stay in blocks that are hidden.
  const width = head.rows[0].cells.length;
  function* blocks(groups) {
    let block = make("tbody"), height = 0, size = Math.min(100, Math.ceil(innerHeight / 40) + 8);
    function finish() {
      size = 100;
      block.style.containIntrinsicBlockSize = "auto " + height + "px";
      const done = block;
      block = make("tbody");
      height = 0;
      return done;
    }
    const across = (kind, name, ...content) => {
      const tr = make("tr", "", kind), e = make(name);
      e.colSpan = width;
      e.append(...content);
      tr.append(e);
      block.append(tr);
      height += 60;
    };
    for (const g of groups) {
      if (g.heading) across("group", "th", ...g.heading());
      for (const i of g.list) {
        block.append(rows[i]);
        height += narrow.matches ? 150 : 58;
        if (block.rows.length >= size) yield finish();
      }
    }
    if (!height) across("none", "td", nothing);
    if (height) yield finish();
  }
  let placing = null;
  function step(until) {
    const old = placing.old;
    for (let i = 0; performance.now() < until || placing.first && i < 1; i++) {
      const {value, done} = placing.blocks.next();
      if (done) {
        for (const b of old) if (!b.rows.length) b.remove();
        table.removeAttribute("aria-busy");
        placing = null;
        return;
      }
      table.insertBefore(value, old[0]);
    }
    placing.first = false;
    clearTimeout(placing.timer);
    placing.timer = setTimeout(() => placing && step(performance.now() + 12), 4);
  }
  function flush() {
    if (placing) step(Infinity);
  }
  function place(groups) {
    if (placing) clearTimeout(placing.timer);
    for (const r of table.querySelectorAll("tr.group, tr.none, tr.head")) r.remove();
    const old = Array.from(table.tBodies);
    for (const b of old) b.hidden = true;
    if (!old.length) table.append(old[0] = make("tbody"));
    table.setAttribute("aria-busy", true);
    placing = {blocks: blocks(groups), old, first: true};
    step(0);
  }

  // On paper each block is a table with a head of its own. Chromium's memory grows with the square of the rows of one table: 8,000 take
  // 3 GB, and 20,000 in blocks as much.
  function removeHeads() {
    for (const r of table.querySelectorAll("tr.head")) r.remove();
  }
  addEventListener("beforeprint", () => {
    flush();
    removeHeads();
    for (const block of table.tBodies) {
      const tr = make("tr", "", "head");
      for (const th of head.rows[0].cells) tr.append(make("th", th.textContent));
      block.prepend(tr);
    }
  });
  addEventListener("afterprint", removeHeads);

  let shown = {list: [], total: 0};
  function say(groups) {
    by("shown").textContent = number(shown.list.length) + " of " + count(shown.total, "finding") + (groups ? " in " + count(groups, "group") : "");
  }
  function show() {
    const above = table.getBoundingClientRect().top - (narrow.matches ? 0 : by("controls").offsetHeight);
    shown = selected();
    const groups = grouped(shown.list);
    place(groups);
    if (above < 0) scrollBy(0, above); // the rows that were in view are elsewhere: show the first ones
    say(by("group").value && groups.length);
  }
  function sort(key, down) {
    state.sort = key;
    state.down = down;
    for (const h of heads) {
      const th = h.closest("th");
      if (h.dataset.sort === key) th.setAttribute("aria-sort", down ? "descending" : "ascending");
      else th.removeAttribute("aria-sort");
    }
    show();
  }
  for (const c of chips) c.addEventListener("click", () => {
    c.setAttribute("aria-pressed", c.getAttribute("aria-pressed") !== "true");
    show();
  });
  for (const h of heads) h.addEventListener("click", () => {
    const now = h.closest("th").getAttribute("aria-sort");
    sort(h.dataset.sort, now ? now !== "descending" : "down" in h.dataset);
  });
  by("sort").addEventListener("change", e => sort(e.target.value, e.target.value === "level" || e.target.value === "threat"));
  for (const id of ["search", "fixed", "exploited", "hidden", "group"]) by(id)?.addEventListener("input", show);

  // Downloads have the findings that are shown, in their order, with their details.
  const keyOf = label => ({Severity: "severities", Policy: "policyMessage", VEX: "vex"})[label] || label[0].toLowerCase() + label.slice(1).replace(/ (\w)/g, (_, c) => c.toUpperCase());
  function record(i) {
    const row = rows[i], part = (n, name) => row.cells[n].querySelector(name)?.textContent || "";
    const f = {
      id: cell(i, "id"),
      link: row.cells[1].querySelector("a")?.href || "",
      severity: names[levels[i]],
      score: parseFloat(part(0, "b")) || 0,
      source: part(0, "small"),
      package: row.cells[2].firstChild.textContent,
      ecosystem: part(2, "small"),
      installed: cell(i, "version"),
      fixedIn: cell(i, "fix"),
      threat: part(5, "strong"),
      epss: parseFloat(row.cells[5].querySelector("data")?.value) || 0,
      status: cell(i, "status"),
      title: title(row) === "Details" ? "" : title(row),
    };
    if (column.policy) f.policy = cell(i, "policy");
    let list = [];
    for (const e of more(row).children) {
      if (e.tagName === "DT") list = f[keyOf(e.textContent)] = [];
      else list.push(e.children.length === 1 && e.firstChild.href || e.textContent.trim());
    }
    return f;
  }
  // A spreadsheet runs a text that begins like a formula.
  const field = v => {
    let s = Array.isArray(v) ? v.join("\n") : String(v ?? "");
    if (typeof v !== "number" && /^[\s]*[=+\-@\t\r]/.test(s)) s = "'" + s;
    return /[",\r\n]/.test(s) ? '"' + s.replaceAll('"', '""') + '"' : s;
  };
  function save(kind) {
    const findings = shown.list.map(record);
    let out = JSON.stringify({image: document.querySelector("h1").textContent, findings}, null, 1) + "\n";
    if (kind === "csv") {
      const columns = Array.from(new Set(findings.flatMap(Object.keys)));
      out = "\ufeff" + [columns, ...findings.map(f => columns.map(c => f[c]))].map(line => line.map(field).join(",") + "\r\n").join("");
    }
    const a = make("a");
    a.href = URL.createObjectURL(new Blob([out], {type: kind === "csv" ? "text/csv;charset=utf-8" : "application/json"}));
    a.download = "findings." + kind;
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 60000);
  }
  for (const b of document.querySelectorAll("#save button")) b.addEventListener("click", () => save(b.dataset.save));

  // A link to a finding opens it, also if a filter leaves it out. A link to a package opens the list of packages.
  function reveal() {
    let id = location.hash.slice(1);
    try {
      id = decodeURIComponent(id);
    } catch { /* not written by this page */ }
    if (/^p\d+$/.test(id) && by(id)) {
      by("packages").open = true;
      by(id).scrollIntoView({block: "center"});
      return;
    }
    const row = id.startsWith("f:") && document.getElementById(id);
    if (!at.has(row)) return;
    if (!shown.list.includes(at.get(row))) {
      by("search").value = "";
      for (const c of chips) c.setAttribute("aria-pressed", false);
      for (const e of [by("fixed"), by("exploited")]) e.checked = false;
      if (hidden[at.get(row)]) by("hidden").checked = true;
      show();
    }
    flush();
    toggle(row, true);
    row.scrollIntoView({block: "center"});
    row.lastElementChild.firstChild.focus({preventScroll: true});
  }
  addEventListener("hashchange", reveal);

  // Keys: "/" goes to the filter, up and down go from a link or title to that of the next row.
  function beside(row, way) {
    let r = row, block = row.parentElement;
    do {
      r = r[way + "Sibling"];
      while (!r && (block = block?.[way + "Sibling"])) r = block.hidden || block === head ? null : block[way === "nextElement" ? "firstElementChild" : "lastElementChild"];
    } while (r && !r.id);
    return r;
  }
  document.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const from = document.activeElement;
    if (e.key === "/" && !from.matches("input, select")) {
      e.preventDefault();
      by("search").focus();
    }
    const row = from.closest("#findings tr[id]");
    if (!row || e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
    const to = beside(row, e.key === "ArrowDown" ? "nextElement" : "previousElement");
    if (!to) return;
    e.preventDefault();
    (to.querySelector(from.tagName === "A" ? "a" : "button") || to.querySelector("button")).focus();
  });

  document.documentElement.classList.add("script");
  const fit = () => document.documentElement.style.setProperty("--head", (narrow.matches ? 0 : by("controls").offsetHeight) + "px");
  new ResizeObserver(fit).observe(by("controls"));
  const stash = make("tbody");
  stash.hidden = true;
  rows.forEach((r, i) => hidden[i] ? stash.append(r) : shown.list.push(i));
  for (const b of Array.from(table.tBodies)) if (!b.rows.length) b.remove();
  if (stash.rows.length) table.append(stash);
  shown.total = shown.list.length;
  if (rows.length) say();
  if (rows.length && !shown.total) show();
  reveal();
  addEventListener("load", () => setTimeout(reveal)); // after the browser went there by itself
})();
