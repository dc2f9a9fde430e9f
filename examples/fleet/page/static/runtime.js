// Runtime events: alerts of Falco, joined to images and packages.

import { call, get, path } from "/page/api.js";
import { action, badge, code, el, facts, field, form, link, pages, short, shown, table, text, time } from "/page/dom.js";
import { count, imagePath, pager, where } from "/page/images.js";
import { announce, draw, go } from "/page/app.js";

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

// events shows a page of events. Inside an image, the image has no column. Back is where the reader goes after marking one.
function list(page, inside, back) {
  const columns = ["Time", "Rule", "Priority", "Image", "Program or file", "Package", "Vulnerabilities", "Remarks", "Mark"];
  const rows = page.items.map((e) => [
    time(e.time), [text(e.rule, 80), typeof e.alert?.output === "string" && el("div", { class: "muted" }, text(e.alert.output.replace(/^[0-9:.]+: [A-Z][a-z]+ /, ""), 100))], priority(e.priority),
    [e.digest ? link(imagePath(e.digest), e.image || short(e.digest), 60) : text(e.image || "", 60), e.container && e.container !== "host" ? el("div", { class: "muted" }, "container ", code(e.container.slice(0, 12))) : ""],
    [e.executable ? el("div", {}, code(e.executable, 60)) : "", e.file && e.file !== e.executable ? el("div", {}, code(e.file, 60)) : ""], e.component ? packageOf(e.component) : "",
    [(e.vulnerabilities || []).slice(0, 4).map((v) => el("div", {}, link("/vulnerabilities/" + encodeURIComponent(v), v, 60))), (e.vulnerabilities || []).length > 4 ? `and ${e.vulnerabilities.length - 4} more` : ""],
    e.gap ? gaps[e.gap] || text(e.gap) : "",
    e.falsePositive ? el("a", { href: where("/runtime", { show: "marks" }) }, "false positive")
      : el("a", { href: where("/runtime", { show: "mark", rule: e.rule, image: e.image, digest: e.digest, program: e.executable, file: e.file, back }), "aria-label": "Mark as a false positive: " + shown(e.rule).slice(0, 60) }, "Mark"),
  ]);
  const cells = (row) => (inside ? row.filter((_, n) => n !== 3) : row);
  return table("Runtime events, newest first", cells(columns), rows.map(cells), "No event fits.");
}

// repositoryOf returns the name of an image without its tag and digest.
const repositoryOf = (image) => image.replace(/@.*$/s, "").replace(/:[^/:]*$/, "");

// mark is the form that states that events are false positives.
async function mark({ query, signal }) {
  const me = await get("/v1/whoami", null, signal);
  const [rule, image, digest, program, file] = ["rule", "image", "digest", "program", "file"].map((k) => query.get(k) || "");
  const repository = repositoryOf(image);
  const back = query.get("back")?.startsWith("/images/") ? query.get("back") : "/runtime?" + new URLSearchParams((query.get("back") || "").replace(/^[^?]*\??/, ""));
  const scopes = [...(repository ? [[repository, "all images of " + repository.slice(0, 200)]] : []), ...(digest ? [[digest, "this image"]] : []), ["", "all images"]];
  const paths = [...new Set([program, file].filter(Boolean))].map((p) => [p, p.slice(0, 200)]);
  return [
    el("h2", { tabindex: "-1" }, "Mark a false positive"),
    el("p", {}, "Events of the rule stay in the list, and are marked. So are later ones, until the mark expires or is withdrawn."),
    facts([["Rule", text(rule)]]),
    form({ id: "mark", class: "stack" }, "Store the mark", async (v) => {
      const body = { rule, image: scopes[Number(v.scope)][0], path: v.path === "" ? "" : paths[Number(v.path)][0], reason: v.reason.trim(), author: me.name };
      if (v.expires) body.expires = new Date(v.expires + "T23:59:59").toISOString();
      await call("POST", "/v1/falco/marks", { body });
      await go(back);
      announce("The mark is stored.");
    },
    field("Scope", "scope", "0", { wide: true }, scopes.map(([, says], n) => [String(n), says])),
    field("Program or file", "path", paths.length > 0 ? "0" : "", { wide: true }, [...paths.map(([, says], n) => [String(n), says]), ["", "any"]]),
    field("Reason", "reason", "", { rows: 3, required: true, maxlength: "1000" }),
    field("Expires after", "expires", "", { type: "date", hint: "never if empty" })),
    el("p", {}, el("a", { href: back }, "Back to the events")),
  ];
}

// marks lists the marks of false positives.
async function marks({ signal }) {
  const list = (await get("/v1/falco/marks", null, signal)).items.toReversed();
  const about = (m) => (m.image === "" ? "all images" : /^sha256:[0-9a-f]{64}$/.test(m.image) ? link(imagePath(m.image), short(m.image)) : text(m.image, 80));
  return [
    el("h2", {}, "False positives"),
    pages(list, size, (part) => table("Marks of false positives, newest first", ["Rule", "Images", "Program or file", "Reason", "Author", "Made", "Expires", "Action"], part.map((m) => [
      text(m.rule, 80), about(m), m.path ? code(m.path, 60) : "any", text(m.reason, 160), text(m.author, 60), time(m.created), m.expires ? [time(m.expires), new Date(m.expires) < new Date() ? " (expired)" : ""] : "never",
      action("Withdraw", async () => { await call("DELETE", path("falco", "marks", m.id)); await draw("again"); announce("The mark is withdrawn."); }, "Withdraw the mark", "Withdraw the mark of " + shown(m.rule).slice(0, 60)),
    ]), "None. Each event has a link that makes one.")),
  ];
}

const filter = (q, rules, base, keep) => form({ id: "filter", class: "row", role: "search", "aria-label": "Filter runtime events" }, "Filter", (v) => go(where(base, { ...keep, ...v })),
  field("Rule", "rule", q.rule, {}, [["", "any"], ...new Set([...rules.slice(0, most).map((r) => r.rule), q.rule].filter(Boolean))].map((r) => (Array.isArray(r) ? r : [r, shown(r).slice(0, 80)]))),
  field("Priority", "priority", q.priority, {}, [["", "any"], ...Object.keys(priorities)]));

// source is that of events after those of the first page.
const source = (q, image, page) => (q.cursor ? null : { url: "/v1/falco/events", query: { rule: q.rule, priority: q.priority, image }, cursor: page.items[0]?.id || "0", id: (e) => e.id });

const queryOf = (query) => Object.fromEntries(["rule", "priority", "cursor"].map((k) => [k, query.get(k) || ""]));

export async function view({ query, signal }) {
  const q = queryOf(query);
  const rules = await counts("", signal);
  if (!rules) {
    return { title: "Runtime events", content: [el("p", { class: "empty" }, "The service takes no alerts. It takes those of Falco if it is started with ", code("--falco"), ".")] };
  }
  const show = query.get("show");
  const tabs = el("nav", { class: "parts", "aria-label": "Parts of runtime events" }, el("ul", {}, [["", "Events"], ["marks", "False positives"]].map(([k, label]) =>
    el("li", {}, el("a", { href: where("/runtime", { show: k }), "aria-current": k === "marks" === (show === "marks") ? "page" : null }, label)))));
  if (show === "mark" || show === "marks") return { title: "Runtime events", content: [tabs, await (show === "mark" ? mark : marks)({ query, signal })] };
  const page = await get("/v1/falco/events", { ...q, order: "newest", limit: size }, signal);
  const all = !q.rule && !q.priority && !q.cursor;
  return {
    title: "Runtime events", count: count(page.items.length, page.next, "event", "events"), source: source(q, "", page),
    content: [
      tabs,
      el("p", {}, "Alerts of Falco with the image, the package that owns the program or file, and its vulnerabilities."),
      filter(q, rules, "/runtime", {}),
      all && rules.length > 0 && el("section", { "aria-labelledby": "rules" }, el("h2", { id: "rules" }, "By rule and priority"), pages(rules, 8, (part) => table("Events by rule and priority", ["Rule", "Priority", "Events"], part.map((r) => [
        link(where("/runtime", { rule: r.rule, priority: r.priority }), r.rule, 100), priority(r.priority), r.events.toLocaleString("en")])))),
      el("section", { "aria-labelledby": "newest" }, el("h2", { id: "newest" }, all ? "Newest events" : "Events"), list(page, false, where("/runtime", q)), pager("/runtime", q, page.next)),
    ],
  };
}

// part shows the events of an image.
export async function part({ image, base, query, signal, news }) {
  const q = queryOf(query);
  const [rules, page] = await Promise.all([counts(image.digest, signal), get("/v1/falco/events", { ...q, image: image.digest, order: "newest", limit: size }, signal)]);
  news.source = source(q, image.digest, page);
  return [
    el("h2", {}, "Runtime events"),
    el("p", {}, "Alerts of Falco about containers of this image."),
    filter(q, rules || [], base, { show: "runtime" }),
    list(page, true, where(base, { show: "runtime", ...q })),
    pager(base, { show: "runtime", ...q }, page.next),
  ];
}
