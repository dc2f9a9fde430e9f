// Runtime events: alerts of Falco, joined to images and packages.

import { get } from "/page/api.js";
import { badge, code, el, field, form, link, pages, short, shown, table, text, time } from "/page/dom.js";
import { count, imagePath, pager, where } from "/page/images.js";
import { go } from "/page/app.js";

const size = 50;
const most = 200; // rules in the filter
const priorities = { Emergency: "critical", Alert: "critical", Critical: "critical", Error: "high", Warning: "medium", Notice: "low", Informational: "", Debug: "" };
const gaps = {
  "no-container": "the alert names no container", host: "on the host, outside of containers", "unknown-image": "the image is not analyzed", ambiguous: "several containers fit", platform: "the image has several platforms, and the host's is not known", failed: "the image could not be read",
  "no-owner": "of no package",
};

const priority = (p) => badge(p, priorities[p] || "unknown");

let off = false; // the service takes no alerts

// counts returns the counts of alerts, of an image or of all, or null if the service takes none.
export async function counts(image, signal) {
  if (off) return null;
  try {
    return (await get("/v1/falco/counts", { image }, signal)).items;
  } catch (err) {
    if (err.status !== 404) throw err;
    off = true;
    return null;
  }
}

const packageOf = (purl) => (purl.startsWith("pkg:") ? link(where("/packages", { purl: purl.replace(/[?#].*$/, "") }), purl.replace(/[?#].*$/, ""), 80) : text(purl, 80));

// events shows a page of events. Inside an image, the image has no column.
function list(page, inside) {
  const columns = ["Time", "Rule", "Priority", "Image", "Program or file", "Package", "Vulnerabilities", "Remarks"];
  const rows = page.items.map((e) => [
    time(e.time), [text(e.rule, 80), typeof e.alert?.output === "string" && el("div", { class: "muted" }, text(e.alert.output.replace(/^[0-9:.]+: [A-Z][a-z]+ /, ""), 100))], priority(e.priority),
    [e.digest ? link(imagePath(e.digest), e.image || short(e.digest), 60) : text(e.image || "", 60), e.container && e.container !== "host" ? el("div", { class: "muted" }, "container ", code(e.container.slice(0, 12))) : ""],
    [e.executable ? el("div", {}, code(e.executable, 60)) : "", e.file && e.file !== e.executable ? el("div", {}, code(e.file, 60)) : ""], e.component ? packageOf(e.component) : "",
    [(e.vulnerabilities || []).slice(0, 4).map((v) => el("div", {}, link("/vulnerabilities/" + encodeURIComponent(v), v, 60))), (e.vulnerabilities || []).length > 4 ? `and ${e.vulnerabilities.length - 4} more` : ""],
    [e.falsePositive ? "false positive " : "", e.gap ? gaps[e.gap] || text(e.gap) : ""],
  ]);
  const cells = (row) => (inside ? row.filter((_, n) => n !== 3) : row);
  return table("Runtime events, newest first", cells(columns), rows.map(cells), "No event fits.");
}

const filter = (q, rules, base, keep) => form({ id: "filter", class: "row", role: "search", "aria-label": "Filter runtime events" }, "Filter", (v) => go(where(base, { ...keep, ...v })),
  field("Rule", "rule", q.rule, {}, [["", "any"], ...new Set([...rules.slice(0, most).map((r) => r.rule), q.rule].filter(Boolean))].map((r) => (Array.isArray(r) ? r : [r, shown(r).slice(0, 80)]))),
  field("Priority", "priority", q.priority, {}, [["", "any"], ...Object.keys(priorities)]));

const queryOf = (query) => Object.fromEntries(["rule", "priority", "cursor"].map((k) => [k, query.get(k) || ""]));

export async function view({ query, signal }) {
  const q = queryOf(query);
  const rules = await counts("", signal);
  if (!rules) {
    return { title: "Runtime events", content: [el("p", { class: "empty" }, "The service takes no alerts. It takes those of Falco if it is started with ", code("--falco"), ".")] };
  }
  const page = await get("/v1/falco/events", { ...q, order: "newest", limit: size }, signal);
  const all = !q.rule && !q.priority && !q.cursor;
  return {
    title: "Runtime events", count: count(page.items.length, page.next, "event", "events"),
    content: [
      el("p", {}, "Alerts of Falco with the image, the package that owns the program or file, and its vulnerabilities."),
      filter(q, rules, "/runtime", {}),
      all && rules.length > 0 && el("section", { "aria-labelledby": "rules" }, el("h2", { id: "rules" }, "By rule and priority"), pages(rules, 8, (part) => table("Events by rule and priority", ["Rule", "Priority", "Events"], part.map((r) => [
        link(where("/runtime", { rule: r.rule, priority: r.priority }), r.rule, 100), priority(r.priority), r.events.toLocaleString("en")])))),
      el("section", { "aria-labelledby": "newest" }, el("h2", { id: "newest" }, all ? "Newest events" : "Events"), list(page, false), pager("/runtime", q, page.next)),
    ],
  };
}

// part shows the events of an image.
export async function part({ image, base, query, signal }) {
  const q = queryOf(query);
  const [rules, page] = await Promise.all([counts(image.digest, signal), get("/v1/falco/events", { ...q, image: image.digest, order: "newest", limit: size }, signal)]);
  return [
    el("h2", {}, "Runtime events"),
    el("p", {}, "Alerts of Falco about containers of this image."),
    filter(q, rules || [], base, { show: "runtime" }),
    list(page, true),
    pager(base, { show: "runtime", ...q }, page.next),
  ];
}
