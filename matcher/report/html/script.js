"use strict";
(() => {
  const by = id => document.getElementById(id);
  const table = by("findings"), head = table.tHead;
  const rows = Array.from(table.querySelectorAll("tr[id]"));
  const chips = Array.from(document.querySelectorAll("#levels button"));
  const heads = Array.from(head.querySelectorAll("button"));
  const levels = ["unknown", "negligible", "low", "medium", "high", "critical"];
  const column = {level: 0, id: 1, package: 2, version: 3, fix: 4, threat: 5, status: 6, policy: table.classList.contains("policy") ? 7 : -1};
  const number = n => n.toLocaleString("en");
  const count = (n, noun) => number(n) + " " + noun + (n === 1 ? "" : "s");
  const make = (name, text, kind) => {
    const e = document.createElement(name);
    if (text) e.textContent = text;
    if (kind) e.className = kind;
    return e;
  };
  const cell = (i, name) => rows[i].cells[column[name]].textContent;
  const level = i => levels.indexOf(rows[i].className);
  const hidden = i => "hidden" in rows[i].dataset;
  const packages = Array.from(document.querySelectorAll("#packages tbody tr"));
  const packagesOf = row => (row.dataset.p || row.cells[2].firstChild.hash.slice(2)).split(",").map(n => packages[n]);
  const title = row => row.querySelector("summary").textContent;

  // A finding's details are text until it is opened, since most never are. They have been written by html/template, and are parsed
  // as a browser without scripts parses them. Its packages are in the list of packages.
  const inert = document.createElement("template");
  function more(row) {
    const raw = row.querySelector("noscript");
    inert.innerHTML = raw ? raw.textContent : "<dl></dl>";
    const list = inert.content.firstElementChild;
    for (const a of list.querySelectorAll("a:empty")) a.textContent = a.href;
    for (const a of list.querySelectorAll("a[href^='#p']")) a.parentElement.remove();
    if (list.lastElementChild?.tagName !== "DT") list.append(make("dt", "Found in"));
    for (const p of packagesOf(row)) {
      const [name, , , layer, place] = p.cells, dd = make("dd"), at = place.textContent + (layer.textContent && (place.textContent && ", ") + "layer " + layer.textContent);
      dd.append(make("code", name.textContent), at && " " + at);
      list.append(dd);
    }
    return list;
  }
  function open(row) {
    if (row.querySelector("dl")) return;
    const list = more(row), dd = make("dd"), link = make("a", "#" + row.id);
    link.href = "#" + row.id;
    dd.append(link);
    list.append(make("dt", "This finding"), dd);
    row.querySelector("details").append(list);
  }
  table.addEventListener("toggle", e => {
    if (!e.target.open) return;
    const row = e.target.closest("tr");
    open(row);
    point(row);
    try {
      history.replaceState(null, "", "#" + row.id);
    } catch { /* a frame without an address of its own */ }
  }, true);

  // The words of each row, for the filter; made while the browser has nothing else to do, or when they are needed.
  const named = {amp: "&", lt: "<", gt: ">"};
  const plain = s => s.replace(/<[^>]*>/g, " ").replace(/&(?:#(\d+)|(\w+));/g, (all, n, name) => n ? String.fromCodePoint(n) : named[name] || all);
  const texts = [];
  function text(i) {
    if (texts[i] === undefined) {
      const row = rows[i], last = row.lastElementChild, words = [title(row)];
      for (let c = row.firstElementChild; c !== last; c = c.nextElementSibling) words.push(c.textContent);
      words.push(plain(row.querySelector("noscript")?.textContent || ""));
      for (const p of packagesOf(row)) words.push(p.cells[0].textContent, p.cells[4].textContent);
      texts[i] = words.join(" ").toLowerCase();
    }
    return texts[i];
  }
  let next = 0;
  const idle = window.requestIdleCallback || (f => setTimeout(() => f({timeRemaining: () => 10}), 50));
  idle(function work(deadline) {
    while (next < rows.length && deadline.timeRemaining() > 2) for (const end = next + 50; next < end && next < rows.length; next++) text(next);
    if (next < rows.length) idle(work);
  });

  // The order of rows by a column. Numbers within a text count as numbers.
  const natural = s => s.toLowerCase().replace(/\d+/g, n => n.padStart(10, "0"));
  const threats = ["", "exploit known", "exploited", "ransomware"];
  const keys = {};
  function keysOf(name) {
    const value = {
      level: i => level(i) * 100 + (parseFloat(rows[i].cells[0].querySelector("b")?.textContent) || 0),
      threat: i => {
        const c = rows[i].cells[column.threat];
        return threats.indexOf(c.querySelector("strong")?.textContent || "") * 10 + (parseFloat(c.querySelector("data")?.value) || 0);
      },
      policy: i => ["", "go", "warn", "stop"].indexOf(cell(i, "policy")),
    }[name] || (i => natural(cell(i, name)));
    return keys[name] ||= rows.map((_, i) => value(i));
  }

  const state = {sort: "", down: false};
  function selected() {
    const words = by("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const pressed = new Set(chips.filter(c => c.getAttribute("aria-pressed") === "true").map(c => levels.indexOf(c.dataset.level)));
    const fixed = by("fixed").checked, exploited = by("exploited").checked, all = by("hidden")?.checked;
    const list = [];
    let total = 0;
    for (let i = 0; i < rows.length; i++) {
      if (hidden(i) && !all) continue;
      total++;
      if (pressed.size && !pressed.has(level(i)) || fixed && !cell(i, "fix") || exploited && !/^(exploited|ransomware)/.test(cell(i, "threat"))) continue;
      if (words.length) {
        const t = text(i);
        if (!words.every(w => t.includes(w))) continue;
      }
      list.push(i);
    }
    if (state.sort) {
      const k = keysOf(state.sort), sign = state.down ? -1 : 1;
      list.sort((a, b) => (k[a] < k[b] ? -sign : k[a] > k[b] ? sign : a - b));
    }
    return {list, total};
  }

  // Groups. A grouping has the key of a row, the elements of a group's heading, and whether groups are in the order of their keys.
  const layerRows = Array.from(document.querySelectorAll("#layers tbody tr"));
  const layersOf = i => Array.from(new Set(packagesOf(rows[i]).map(p => p.cells[3].textContent))).filter(Boolean).sort((a, b) => a - b);
  const instruction = n => layerRows[n] ? layerRows[n].cells[1].textContent : "";
  const updates = new Map(Array.from(document.querySelectorAll("#updates tbody tr"), r => [r.cells[0].textContent + " " + r.cells[1].textContent, r]));
  const groupings = {
    package: {
      key: i => cell(i, "package") + " " + cell(i, "version"),
      heading(key, list) {
        const [, , name, version] = rows[list[0]].cells, to = updates.get(key);
        return [make("span", name.firstChild.textContent + " " + version.textContent), ...(to ? [make("small", "update to " + to.cells[2].textContent + " fixes " + to.cells[3].textContent, "update")] : [])];
      },
    },
    layer: {
      sorted: true,
      key: i => layersOf(i).join(", "),
      heading(key) {
        if (!key) return [make("span", "No layer")];
        return [make("span", (key.includes(",") ? "Layers " : "Layer ") + key), ...key.split(", ").map(n => make("small", instruction(n)))];
      },
    },
    instruction: {
      sorted: true,
      key: i => Array.from(new Set(layersOf(i).map(instruction))).join("\n"),
      order: i => layersOf(i)[0] || "",
      heading: key => key ? key.split("\n").map(k => make("code", k || "unknown instruction")) : [make("span", "Unknown instruction")],
    },
  };
  function grouped(list) {
    const how = groupings[by("group").value];
    if (!how) return [{list}];
    const groups = new Map();
    for (const i of list) {
      const key = how.key(i);
      if (!groups.has(key)) groups.set(key, {key, list: [], order: natural((how.order || how.key)(i))});
      groups.get(key).list.push(i);
    }
    const all = Array.from(groups.values());
    if (how.sorted) all.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
    for (const g of all) {
      const counts = levels.map(() => 0);
      for (const i of g.list) counts[level(i)]++;
      const summary = counts.map((n, l) => n && number(n) + " " + levels[l]).filter(Boolean).reverse().join(", ");
      g.heading = [...how.heading(g.key, g.list), make("small", summary)];
    }
    return all;
  }

  // Rows are in blocks, which the browser lays out as they come into view.
  const size = 100, width = head.rows[0].cells.length;
  function place(groups) {
    const blocks = [];
    const narrow = matchMedia("(max-width: 900px)").matches;
    for (const g of groups) {
      for (let at = 0; at < g.list.length; at += size) {
        const part = g.list.slice(at, at + size), b = make("tbody");
        if (g.heading && at === 0) {
          const tr = make("tr", "", "group"), th = make("th");
          th.colSpan = width;
          th.scope = "rowgroup";
          th.append(...g.heading);
          tr.append(th);
          b.append(tr);
        }
        if (part.length !== size) b.style.containIntrinsicBlockSize = "auto " + part.length * (narrow ? 150 : 58) + "px";
        b.append(...part.map(i => rows[i]));
        blocks.push(b);
      }
    }
    if (!blocks.length) {
      const b = make("tbody"), tr = make("tr", "", "none"), td = make("td", rows.length ? "No finding is like that." : table.tBodies[0].textContent);
      td.colSpan = width;
      tr.append(td);
      b.append(tr);
      blocks.push(b);
    }
    table.replaceChildren(head, ...blocks);
  }

  let shown = {list: []};
  function show() {
    shown = selected();
    const groups = grouped(shown.list);
    place(groups);
    by("shown").textContent = number(shown.list.length) + " of " + count(shown.total, "finding") + (groups[0]?.heading ? " in " + count(groups.length, "group") : "");
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
    h.focus();
  });
  by("sort").addEventListener("change", e => sort(e.target.value, e.target.value === "level" || e.target.value === "threat"));
  for (const id of ["search", "fixed", "exploited", "hidden", "group"]) if (by(id)) by(id).addEventListener("input", show);

  // Downloads have the findings that are shown, in their order, with their details.
  const keyOf = label => ({Severity: "severities", Policy: "policyMessage"})[label] || label[0].toLowerCase() + label.slice(1).replace(/ (\w)/g, (_, c) => c.toUpperCase());
  function record(i) {
    const row = rows[i], part = (n, name) => row.cells[n].querySelector(name)?.textContent || "";
    const f = {
      id: cell(i, "id"),
      link: row.cells[1].querySelector("a")?.href || "",
      severity: row.className,
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
    if (column.policy > 0) f.policy = cell(i, "policy");
    let list = [];
    for (const e of more(row).children) {
      if (e.tagName === "DT") list = e.textContent === "This finding" ? [] : f[keyOf(e.textContent)] = [];
      else list.push(e.children.length === 1 && e.firstChild.href || e.textContent.trim());
    }
    return f;
  }
  // A spreadsheet runs a text that begins like a formula.
  const field = v => {
    let s = Array.isArray(v) ? v.join("\n") : String(v ?? "");
    if (typeof v !== "number" && /^[=+\-@\t\r]/.test(s)) s = "'" + s;
    return /[",\r\n]/.test(s) ? '"' + s.replaceAll('"', '""') + '"' : s;
  };
  function save(kind) {
    const findings = shown.list.map(record);
    let out = JSON.stringify({image: document.querySelector("h1").textContent, findings}, null, 1) + "\n", type = "application/json";
    if (kind === "csv") {
      const columns = Array.from(new Set(findings.flatMap(Object.keys)));
      out = [columns, ...findings.map(f => columns.map(c => f[c]))].map(line => line.map(field).join(",") + "\r\n").join("");
      type = "text/csv";
    }
    const a = make("a");
    a.href = URL.createObjectURL(new Blob(["\ufeff".slice(kind === "json"), out], {type: type + ";charset=utf-8"}));
    a.download = "findings." + kind;
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 60000);
  }
  for (const b of document.querySelectorAll("#save button")) b.addEventListener("click", () => save(b.dataset.save));

  // A link to a row opens it, also if a filter hides it.
  function point(row) {
    table.querySelector(".at")?.classList.remove("at");
    row.querySelector("details").classList.add("at");
  }
  function reveal() {
    let id = location.hash.slice(1);
    try {
      id = decodeURIComponent(id);
    } catch { /* not written by this page */ }
    const row = id.startsWith("f:") && rows.find(r => r.id === id);
    if (!row) return;
    if (!row.isConnected) {
      by("search").value = "";
      for (const c of chips) c.setAttribute("aria-pressed", "false");
      for (const e of [by("fixed"), by("exploited")]) e.checked = false;
      if (by("hidden")) by("hidden").checked ||= "hidden" in row.dataset;
      show();
    }
    row.querySelector("details").open = true;
    point(row);
    row.scrollIntoView({block: "center"});
    row.querySelector("summary").focus({preventScroll: true});
  }
  addEventListener("hashchange", reveal);

  // Keys: "/" goes to the filter, up and down go from a link or title to that of the next row.
  document.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const at = document.activeElement;
    if (e.key === "/" && !at.matches("input, select")) {
      e.preventDefault();
      by("search").focus();
    }
    const name = at.matches("summary, tbody th a") && at.closest("#findings tr[id]") && at.tagName;
    if (!name || e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
    const all = Array.from(table.querySelectorAll("tr[id]")), to = all[all.indexOf(at.closest("tr")) + (e.key === "ArrowDown" ? 1 : -1)];
    if (!to) return;
    e.preventDefault();
    to.querySelector(name).focus();
    to.scrollIntoView({block: "nearest"});
  });

  document.documentElement.classList.add("script");
  const fit = () => document.documentElement.style.setProperty("--head", (matchMedia("(max-width: 900px)").matches ? 0 : by("controls").offsetHeight) + "px");
  new ResizeObserver(fit).observe(by("controls"));
  shown = {list: [], total: 0};
  for (let i = 0; i < rows.length; i++) if (hidden(i)) rows[i].remove(); else shown.list.push(i);
  for (const b of Array.from(table.tBodies)) if (!b.rows.length) b.remove();
  by("shown").textContent = number(shown.list.length) + " of " + count(shown.list.length, "finding");
  reveal();
})();
