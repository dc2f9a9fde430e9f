// The images of the fleet and one image in all its parts.

import { call, download, get, path } from "/page/api.js";
import { action, badge, code, el, facts, field, form, link, pages, problem, short, shown, table, text, time } from "/page/dom.js";
import { announce, draw, go, settle } from "/page/app.js";
import * as runtime from "/page/runtime.js";

export const levels = ["critical", "high", "medium", "low", "negligible", "unknown"];
const size = 50; // rows

// where returns an address with a query; empty values are left out.
export function where(base, query) {
  const q = new URLSearchParams(Object.entries(query).filter(([, v]) => v !== "" && v !== null && v !== undefined));
  return base + (q.size > 0 ? "?" + q : "");
}

export const imagePath = (digest) => "/images/" + encodeURIComponent(digest).replaceAll("%3A", ":");

// pager links to the next page, and to the first one from others.
export function pager(base, query, next, last = "") {
  const list = [];
  if (query.cursor) list.push(el("a", { href: where(base, { ...query, cursor: "" }) }, "First page"));
  if (next && next !== last) list.push(el("a", { href: where(base, { ...query, cursor: next }), rel: "next" }, "Next page"));
  return list.length > 0 && el("nav", { class: "pager", "aria-label": "Pages" }, list.flatMap((x) => [x, " "]));
}

// none says that a list is empty, or that a later page of it is, since its items are gone.
export const none = (query, all = "None.") => (query.cursor ? "This page has no items any more." : all);

export function count(n, next, one, many) {
  return n === 0 ? `No ${many}.` : `${n}${next ? " or more" : ""} ${n === 1 ? one : many}.`;
}

// unique returns a key that makes a repeated request count once. randomUUID exists with TLS only.
const unique = () => crypto.randomUUID?.() || Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16)).join("-");

// imageRows are the cells of images in lists.
const imageColumns = ["Image", "Verdict", "Highest severity", "State", "Analyzed", "Digest"];
export const imageTable = (caption, items, empty) => table(caption, imageColumns, items.map((i) => [
  [link(imagePath(i.digest), i.reference || short(i.digest), 120), i.platform && el("div", { class: "muted" }, text(i.platform, 60))], badge(i.verdict), badge(i.severity), [badge(i.state), i.reason ? [" ", text(i.reason)] : ""], time(i.finished), code(short(i.digest)),
]), empty);

const searchesKey = "fleet-searches";

function searches() {
  try {
    const list = JSON.parse(localStorage.getItem(searchesKey)) || [];
    return list.filter((s) => typeof s.name === "string" && typeof s.query === "string").slice(0, 50);
  } catch {
    return [];
  }
}

function saved(query) {
  const keep = (list) => { localStorage.setItem(searchesKey, JSON.stringify(list)); return draw("again"); };
  const list = searches();
  return el("section", { "aria-labelledby": "searches" }, el("h2", { id: "searches" }, "Saved searches"),
    list.length === 0 ? el("p", { class: "empty" }, "None. They are kept in this browser.") : el("ul", { class: "inline" }, list.map((s, n) => el("li", {},
      link("/images?" + s.query, s.name, 40), " ",
      el("button", { type: "button", "aria-label": "Delete the search " + shown(s.name).slice(0, 40), click: () => keep(list.filter((_, k) => k !== n)) }, "Delete")))),
    form({ id: "save", class: "row" }, "Save this search", ({ name }) => keep([...list, { name: name.trim() || "Search", query: where("", query).slice(1) }].slice(-50)),
      field("Name", "name", "", { maxlength: "200", required: true })));
}

export async function list({ query, signal }) {
  const q = Object.fromEntries(["name", "state", "verdict", "severity", "cursor"].map((k) => [k, query.get(k) || ""]));
  const page = await get("/v1/images", { ...q, limit: size }, signal);
  const any = (values) => [["", "any"], ...values];
  return {
    title: "Images", count: count(page.items.length, page.next, "image", "images"),
    live: (e) => e.images?.length > 0,
    content: [
      form({ id: "filter", class: "row", role: "search", "aria-label": "Filter images" }, "Filter", (v) => go(where("/images", v)),
        field("Name contains", "name", q.name, { maxlength: "500" }),
        field("Verdict", "verdict", q.verdict, {}, any(["stop", "warn", "go"])),
        field("Highest severity", "severity", q.severity, {}, any(levels)),
        field("State", "state", q.state, {}, any(["waiting", "analyzing", "analyzed", "failed", "archived"]))),
      imageTable("Images", page.items, none(q, Object.values(q).some(Boolean) ? "No image fits." : "No images yet. Submit one below.")),
      pager("/images", q, page.next),
      el("section", { "aria-labelledby": "submit" }, el("h2", { id: "submit" }, "Submit an image"),
        form({ id: "submit-form", class: "row" }, "Submit", async ({ reference, platform }) => {
          const body = { reference: reference.trim() };
          if (platform.trim()) body.platform = platform.trim();
          const m = await call("POST", "/v1/submissions", { body, headers: { "Idempotency-Key": unique() } });
          await follow(m);
        }, field("Reference", "reference", "", { required: true, maxlength: "1024", hint: "registry.example/team/app:1" }), field("Platform", "platform", "", { maxlength: "100", hint: "optional: linux/arm64" })),
        form({ id: "upload", class: "row" }, "Upload", async ({ file, kind, name }) => {
          announce("The file is being uploaded.");
          const m = await call("POST", "/v1/" + kind, { query: { reference: name.trim() }, file, headers: { "Idempotency-Key": unique() } });
          await follow(m);
        }, field("File", "file", "", { type: "file", required: true, hint: "from this computer" }), field("Content", "kind", "uploads", {}, [["uploads", "image: docker save, OCI layout"], ["sboms", "SBOM"]]),
        field("Name", "name", "", { maxlength: "1024", hint: "optional: registry.example/team/app:1" }))),
      saved({ ...q, cursor: "" }),
    ],
  };
}

// follow shows a submission that the reader just made, and then its image.
const follow = (m) => go(where("/submissions/" + encodeURIComponent(m.id), { follow: "1" }));

export async function submission({ element, query, signal }) {
  const url = path("submissions", element);
  const m = await get(url, null, signal);
  const ended = (s) => s.state === "analyzed" || s.state === "failed";
  const box = el("div", { role: "status" });
  const show = (s) => box.replaceChildren(
    facts([["State", badge(s.state)], ["Reason", s.reason ? [text(s.reason), ": ", text(s.message, 500)] : ""], ["Attempts", String(s.attempts)], ["Submitted", time(s.submitted)], ["Finished", time(s.finished)],
      ["Index", s.index ? link(imagePath(s.index), s.index) : ""], ["Image", s.image ? link(imagePath(s.image), s.image) : ""]]),
    ...(ended(s) ? [] : [el("p", { class: "muted" }, "The page shows the image as soon as it is analyzed.")]));
  show(m);
  const wait = async () => {
    let s = m;
    const follows = query.has("follow") || !ended(s);
    while (!ended(s) && !signal.aborted) {
      s = await get(url, { wait: 20 }, signal);
      show(s);
    }
    if (follows && s.state === "analyzed") return go(imagePath(s.index || s.image), true);
  };
  wait().catch((err) => { if (!signal.aborted) box.replaceChildren(problem(err)); });
  return { title: "Submission of " + (m.reference || m.kind), content: [box] };
}

const analyzeAgain = (digest) => action("Analyze again", async () => {
  const s = await call("POST", path("images", digest, "analyze"), { headers: { "Idempotency-Key": unique() } });
  await follow(s);
});

const tagList = (tags) => (tags || []).slice(0, 10).flatMap((t, n) => [n ? ", " : "", link(imagePath(t.name), t.name)]);

const most = 16; // platforms that a submission analyzes

// index shows an index: an image for each platform. Attestations are no platforms for the service.
function index(x) {
  const platforms = x.platforms || [];
  const others = platforms.filter((p) => ["not-selected", "limit"].includes(p.reason)).map((p) => p.platform).filter(Boolean).slice(0, most);
  const undecided = platforms.some((p) => p.state === "analyzed" && !p.verdict);
  const name = x.reference || x.digest;
  return {
    title: name, heading: text(name, 200),
    live: (e) => (e.images || []).some((i) => i.digest === x.digest || platforms.some((p) => p.digest === i.digest)),
    content: [
      el("p", {}, "An index: the name of an image for each platform. Packages and vulnerabilities are those of the images. The verdict is the worst of theirs, and needs all of them unless one is ", badge("stop"), "."),
      facts([["Verdict", x.verdict ? badge(x.verdict) : [badge(""), x.message ? [": ", text(x.message, 500)] : undecided ? [": ", el("a", { href: "/policies" }, "choose a policy")] : ""]],
        ["Highest severity", badge(levels.find((l) => platforms.some((p) => p.severity === l)))], ["State", badge(x.state)], ["Digest", code(x.digest)], ["Tags", tagList(x.tags)], ["Submitted", time(x.submitted)]]),
      el("p", { class: "actions" }, analyzeAgain(x.digest),
        x.reference && others.length > 0 && action(`Analyze ${others.length} more`, async () => {
          const reference = x.reference.replace(/@.*$/, "").replace(/:[^/:]*$/, "") + "@" + x.digest; // the tag may have moved
          const s = await call("POST", "/v1/submissions", { body: { reference, platforms: others }, headers: { "Idempotency-Key": unique() } });
          await follow(s);
        }, "", `Analyze ${others.length} more, which no submission asked for`),
        action("Delete", async () => { await call("DELETE", path("images", x.digest)); await go("/images"); }, "Delete the index, and keep its images", "Delete the index")),
      el("h2", {}, "Platforms"),
      pages(platforms, size, (part) => table("Platforms", ["Platform", "Verdict", "Highest severity", "State", "Image"], part.map((p) => [
        p.platform ? text(p.platform, 100) : "unknown", p.state === "analyzed" ? badge(p.verdict) : "", p.state === "analyzed" ? badge(p.severity) : "",
        [p.state ? badge(p.state) : badge("not analyzed", "unknown"), p.reason && p.reason !== p.state ? [" ", text(reasons[p.reason] || p.reason)] : ""],
        p.state ? link(imagePath(p.digest), short(p.digest)) : code(short(p.digest)),
      ]), "The index lists no platform.")),
      x.more > 0 && el("p", {}, `The index has ${x.more.toLocaleString("en")} more platforms, which the service does not keep.`),
    ],
  };
}

const reasons = { "not-selected": "no submission asked for it", limit: "over the limit of a submission", "not-found": "the registry lacks it" };

const parts = { vulnerabilities: "Vulnerabilities", remedies: "What to update", packages: "Packages", layers: "Layers", findings: "Findings", runtime: "Runtime events", verdicts: "Verdicts" };

const patience = 120; // milliseconds after which a view is painted without a part that the service still computes

// inTime returns the value of a promise, or undefined if it takes longer.
const inTime = (promise) => Promise.race([promise, new Promise((done) => setTimeout(done, patience))]);

// later returns content that a promise has, and says that the service computes it until then.
async function later(promise, what, signal) {
  const caught = promise.catch((err) => { if (signal.aborted || err.status === 401) throw err; return problem(err); });
  const content = await inTime(caught);
  if (content) return content;
  const box = el("div", { "aria-busy": "true" }, el("p", { class: "empty", role: "status" }, what));
  caught.then((found) => {
    if (signal.aborted) return;
    box.replaceChildren(...[found].flat(Infinity).filter(Boolean));
    box.removeAttribute("aria-busy");
    settle();
  }, () => {});
  return box;
}

export async function one({ element, query, signal }) {
  // The service evaluates a verdict that is not up to date when it is asked, and the image has the outcome afterwards.
  const judged = get(path("images", element, "verdict"), null, signal).then((v) => v.action, (err) => { if (![404, 409, 503].includes(err.status)) throw err; return ""; });
  const early = await inTime(judged);
  const image = await get(path("images", element), null, signal);
  if (image.kind === "index") return index(image);
  const base = imagePath(image.digest);
  const shownPart = query.get("show") || "vulnerabilities";
  const name = image.reference || image.digest;
  const ready = image.state === "analyzed";
  const restore = action("Restore", async () => { await call("POST", path("images", image.digest, "restore")); await draw("again"); });
  let content = { failed: el("p", {}, "The analysis failed."), archived: el("p", { class: "actions" }, "The image is archived. ", restore) }[image.state] || el("p", {}, "The image is not analyzed yet.");
  if (early === undefined) judged.then((action) => { if (!signal.aborted && action !== (image.verdict || "")) draw("again"); }, () => {});
  let alerts = null; // of Falco, by rule
  const news = {}; // of the part
  if (ready) {
    const part = ({ ...shows, runtime: runtime.part, mark }[shownPart] || shows.vulnerabilities)({ image, base, query, signal, news });
    [content, alerts] = await Promise.all([later(part, "The service matches the packages with the advisories.", signal), runtime.counts(image.digest, signal)]);
  }
  const seen = (alerts || []).reduce((n, r) => n + r.events, 0);
  const save = (label, kind, q, file) => action(label, () => download(path("images", image.digest, kind), q, file).then(() => "Saved."));
  return {
    title: name, heading: text(name, 200),
    live: (e) => !query.has("vulnerability") && (e.images || []).some((i) => i.digest === image.digest),
    get source() { return news.source; },
    content: [
      facts([["Verdict", image.verdict || !ready ? badge(image.verdict) : [badge(""), ": ", el("a", { href: "/policies" }, "choose a policy")]], ["Highest severity", badge(image.severity)], ["State", [badge(image.state), image.reason ? [" ", text(image.reason), ": ", text(image.message, 300)] : ""]],
        ["Digest", code(image.digest)], ["Platform", image.platform ? text(image.platform) : ""], ["Tags", tagList(image.tags)],
        ["Submitted", time(image.submitted)], ["Analyzed", time(image.finished)],
        ["Annotations", Object.entries(image.annotations).slice(0, 20).flatMap(([k, v], n) => [n ? "; " : "", text(k), " = ", text(v)])]]),
      (ready || image.state === "failed") && el("p", { class: "actions" }, ready && [save("Download the report", "report", { format: "html" }, "report.html"), save("Download the SBOM", "sbom", {}, "sbom.cdx.json")],
        image.kind === "reference" && analyzeAgain(image.digest),
        action("Delete", async () => { await call("DELETE", path("images", image.digest)); await go("/images"); }, "Delete the image")),
      ready && el("nav", { class: "parts", "aria-label": "Parts of the image" }, el("ul", {}, Object.entries(parts).filter(([k]) => k !== "runtime" || alerts || shownPart === k).map(([k, label]) =>
        el("li", {}, el("a", { href: where(base, { show: k === "vulnerabilities" ? "" : k }), "aria-current": k === shownPart || (shownPart === "mark" && k === "vulnerabilities") ? "page" : null }, label))))),
      seen > 0 && ["vulnerabilities", "findings"].includes(shownPart) && el("p", {}, `Falco reported ${seen.toLocaleString("en")} ${seen === 1 ? "event" : "events"} of its containers. `, el("a", { href: where(base, { show: "runtime" }) }, "Show them")),
      content,
    ],
  };
}

// statusName returns a status. A vulnerability that is fixed in a newer version is still in the image.
export const statusName = (s) => (s === "fixed" ? "fix available" : text(s));

const packageName = (p) => [text(p.namespace && !p.os ? p.namespace + "/" + p.name : p.name, 100), " ", text(p.version, 60)];

const shows = {
  async vulnerabilities({ image, base, query, signal }) {
    const q = Object.fromEntries(["severity", "type", "status", "layer", "package", "cursor"].map((k) => [k, query.get(k) || ""]));
    const page = await get(path("images", image.digest, "vulnerabilities"), { ...q, order: "severity", limit: size }, signal);
    const uncovered = page.coverage.filter((c) => !c.feed);
    return [
      el("h2", {}, "Vulnerabilities"),
      form({ id: "filter", class: "row", role: "search", "aria-label": "Filter vulnerabilities" }, "Filter", (v) => go(where(base, { ...v, layer: q.layer, package: q.package })),
        field("Severity at least", "severity", q.severity, {}, [["", "any"], ...levels]),
        field("Packages", "type", q.type, {}, [["", "all"], ["os", "of the distribution"], ["non-os", "others"]]),
        field("Status", "status", q.status, {}, [["", "any"], "affected", ["fixed", "fix available"], "will-not-fix", "deferred", "under-investigation", "end-of-life"])),
      el("p", {}, `${page.total.toLocaleString("en")} ${page.total === 1 ? "vulnerability" : "vulnerabilities"}.`),
      (q.layer || q.package) && el("p", {}, q.layer ? `Only of layer ${Number(q.layer)}. ` : "Only of one package. ", el("a", { href: base }, "Show all")),
      uncovered.length > 0 && el("p", { class: "problem" }, "The service has no advisories for some packages of ", uncovered.slice(0, 5).flatMap((c, n) => [n ? ", " : "", text([c.type, c.namespace, c.release].filter(Boolean).join(" "))]), ". They may have vulnerabilities."),
      table("Vulnerabilities", ["Vulnerability", "Severity", "Package", "Status", "Fixed in", "Layer", "Mark"], page.items.map((v) => [
        [link("/vulnerabilities/" + encodeURIComponent(v.id), v.id, 60), v.summary ? [" ", text(v.summary, 80)] : ""],
        [badge(v.severity.level), v.exploited ? " exploited" : ""], packageName(v.package), [statusName(v.status), v.suppressed ? [", suppressed: ", text(v.suppressed)] : ""],
        v.fixed ? text(v.fixed, 60) : "", v.package.layer >= 0 ? String(v.package.layer) : "",
        el("a", { href: where(base, { show: "mark", vulnerability: v.id, package: v.package.purl, back: where("", q).slice(1) }), "aria-label": `Mark ${shown(v.id).slice(0, 60)} in ${shown(v.package.name).slice(0, 60)}` }, "Mark"),
      ]), q.severity || q.type || q.status || q.layer || q.package ? "No vulnerability fits." : "The advisories of the service name none."),
      pager(base, q, page.next),
    ];
  },

  async remedies({ image, signal }) {
    const r = await get(path("images", image.digest, "remedies"), null, signal);
    return [
      el("h2", {}, "What to update"),
      r.base ? facts([["Base image", r.base.name ? text(r.base.name) : "unknown name"], ["Found by", text(r.base.origin)], ["Its layers", r.base.layers > 1 ? `the lowest ${r.base.layers}` : r.base.layers === 1 ? "the lowest" : "unknown"], ["Findings in them", r.base.layers ? String(r.base.findings) : ""],
        ["Other findings", r.base.layers ? String(r.base.application) : ""], ["Only another base image can fix", String(r.openBase)]]) : el("p", {}, "The base image is unknown."),
      r.items.length === 0 && el("p", { class: "empty" }, "No upgrade fixes a vulnerability."),
      pages(r.items.flatMap((x) => x.upgrades.map((u) => ({ ...u, type: x.type }))), size, (part) => table("Upgrades", ["Package", "Type", "From", "To", "Fixes", "Worst", "Still open"], part.map((u) =>
        [[text(u.name), u.packages && u.packages.join() !== u.name ? [" (", text(u.packages.join(", "), 80), ")"] : ""], text(u.type), text(u.version, 60), [text(u.to, 60), u.unsure ? [" ", text(u.unsure)] : ""], String(u.fixes), badge(u.worst), String(u.open || 0)]), "")),
      r.items.filter((x) => x.command).slice(0, 20).map((x) => el("figure", {}, el("figcaption", {}, "Command that closes ", String(x.closes), x.closes === 1 ? " finding of " : " findings of ", text(x.type)), el("pre", { tabindex: "0" }, code(x.command, 1000)))),
      r.open > 0 && el("p", {}, `No version fixes ${r.open} other findings.`),
    ];
  },

  async packages({ image, base, query, signal }) {
    const q = { show: "packages", ...Object.fromEntries(["type", "layer", "cursor"].map((k) => [k, query.get(k) || ""])) };
    const page = await get(path("images", image.digest, "packages"), { ...q, show: "", limit: size }, signal);
    return [
      el("h2", {}, "Packages"),
      form({ id: "filter", class: "row", role: "search", "aria-label": "Filter packages" }, "Filter", (v) => go(where(base, { ...q, ...v, cursor: "" })),
        field("Type", "type", q.type, { maxlength: "50", hint: "deb, npm, maven" }), field("Layer", "layer", q.layer, { inputmode: "numeric", pattern: "[0-9]*", maxlength: "5" })),
      table("Packages", ["Package", "Type", "Source package", "Licenses", "Layer", "File", "Vulnerabilities"], page.items.map((p) => [
        packageName(p), text(p.type), p.source ? text([p.source, p.sourceVersion].filter(Boolean).join(" ")) : "", p.licenses ? text(p.licenses.join(", "), 60) : "", p.layer >= 0 ? String(p.layer) : "", p.path ? code(p.path, 80) : "",
        el("a", { href: where(base, { package: p.id }), "aria-label": "Show vulnerabilities of " + shown(p.name).slice(0, 60) }, "Show"),
      ]), "No package fits."),
      pager(base, q, page.next),
    ];
  },

  async layers({ image, base, signal }) {
    const [history, r] = await Promise.all([get(path("images", image.digest, "history"), null, signal), get(path("images", image.digest, "remedies"), null, signal).catch(() => ({}))]);
    const rows = history.items.map((l, n) => ({ ...l, n }));
    return [
      el("h2", {}, "Layers"),
      el("p", {}, r.base?.layers ? [r.base.layers === 1 ? "The lowest layer is" : `The lowest ${r.base.layers} layers are`, " the base image", r.base.name ? [" ", text(r.base.name)] : "", "."] : "The base image is unknown."),
      pages(rows, size, (part) => table("Layers, lowest first", ["Layer", "Made by", "Size", "Entries", "Base image", "Content"], part.map((l) => [
        String(l.n), l.createdBy ? code(l.createdBy, 120) : "", (l.size / 1e6).toFixed(1) + " MB", String(l.entries), r.base?.layers ? (l.n < r.base.layers ? "yes" : "no") : "unknown",
        [el("a", { href: where(base, { show: "packages", layer: String(l.n) }), "aria-label": `Packages of layer ${l.n}` }, "Packages"), " ", el("a", { href: where(base, { layer: String(l.n) }), "aria-label": `Vulnerabilities of layer ${l.n}` }, "Vulnerabilities")],
      ]), "The image has no layers.")),
    ];
  },

  async findings({ image, base, query, signal }) {
    const q = { show: "findings", cursor: query.get("cursor") || "" };
    const page = await get(path("images", image.digest, "findings"), { cursor: q.cursor, limit: size }, signal);
    return [
      el("h2", {}, "Findings in files"),
      table("Findings in files", ["Finding", "Severity", "File", "Layer", "Analyzer"], page.items.map((f) => [[text(f.title), " ", code(f.rule, 60), f.detail ? [" ", text(f.detail, 120)] : ""], badge(f.severity), f.path ? [code(f.path, 80), f.line ? `:${f.line}` : ""] : "configuration", f.layer >= 0 ? [String(f.layer), f.hidden ? " (hidden)" : ""] : "", text(f.analyzer)])),
      pager(base, q, page.next),
    ];
  },

  async verdicts({ image, base, query, signal }) {
    const q = { show: "verdicts", cursor: query.get("cursor") || "" };
    const history = await get(path("images", image.digest, "verdicts"), { cursor: q.cursor, limit: 30 }, signal);
    let now = null;
    try {
      now = await get(path("images", image.digest, "verdict"), null, signal);
    } catch (err) {
      if (err.status !== 409 && err.status !== 503) throw err;
      now = err;
    }
    const key = (d) => [d.action, d.rule, d.id || d.message, d.package].join("\u0001");
    const label = (d) => d.id || d.message || d.rule || d.target;
    const change = (n) => {
      const of = (v) => new Map((v?.summary?.decisions || []).map((d) => [key(d), label(d)]));
      let before = n - 1;
      while (before >= 0 && history.items[before].policy !== history.items[n].policy) before--;
      if (before < 0) return "";
      const [a, b] = [of(history.items[before]), of(history.items[n])];
      const list = (x, y) => [...new Set([...x].filter(([k]) => !y.has(k)).map(([, v]) => v))].join(", ");
      const [added, gone] = [list(b, a), list(a, b)];
      const marks = (v) => (v.summary?.marks || []).length;
      const [m, k] = [marks(history.items[before]), marks(history.items[n])];
      return [m !== k && `Marks: ${m} before, ${k} now. `, added && ["New: ", text(added, 100), " "], gone && ["Gone: ", text(gone, 100)]];
    };
    return [
      el("h2", {}, "Verdict"),
      now.action ? [facts([["Verdict", badge(now.action)], ["Policy", link("/policies/" + encodeURIComponent(now.policy), now.policy)], ["Since", time(now.since)], ["Valid until", time(now.until)]]), decisionTable(now.summary?.decisions || [])] : el("p", {}, text(now.message)),
      el("h2", {}, "History"),
      table("Verdicts, oldest first", ["Since", "Policy", "Verdict", "Change of decisions"], history.items.map((v, n) => [time(v.since), text(v.policy), badge(v.action), change(n)]), "The image has had no verdict."),
      pager(base, q, history.next),
    ];
  },
};

// decisionTable shows the decisions of a verdict.
export const decisionTable = (list) => pages(list, 30, (part) => table("Decisions", ["Action", "Rule", "About", "Message", "Place"], part.map((d) => [
  badge(d.action), text(d.rule), d.id && d.target === "match" ? link("/vulnerabilities/" + encodeURIComponent(d.id), d.id, 60) : text(d.id || d.target), text(d.message, 120), d.place ? code(d.place, 80) : "",
]), "The policy objects to nothing."));

const justifications = ["component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path", "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist"];

// mark is the form that makes a mark from a finding.
async function mark({ image, base, query }) {
  const reference = image.tags?.[0]?.name || image.reference || "";
  const repository = reference.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  const back = query.get("back") ? base + "?" + new URLSearchParams(query.get("back")) : base; // the list as it was
  const scopes = [["image", "this image"], ...(repository ? [["repository", "all images of " + repository.slice(0, 200)]] : []), ["all", "all images"]];
  return [
    el("h2", { tabindex: "-1" }, "Mark a finding"),
    el("p", {}, "A mark states how a vulnerability affects packages. Policies take it into account."),
    form({ id: "mark", class: "stack" }, "Store the mark", async (v) => {
      const body = { vulnerability: v.vulnerability, packages: [v.package], status: v.status, detail: v.detail };
      if (v.status === "not-affected") body.justification = v.justification;
      if (v.scope === "image") body.scope = { images: [image.digest] };
      if (v.scope === "repository") body.scope = { repositories: [repository] };
      if (v.expires) body.expires = new Date(v.expires + "T23:59:59").toISOString();
      await call("POST", "/v1/marks", { body });
      await go(back);
      announce("The mark is stored.");
    },
    field("Vulnerability", "vulnerability", query.get("vulnerability") || "", { required: true, maxlength: "200" }),
    field("Package", "package", query.get("package") || "", { required: true, maxlength: "2000", hint: "a package URL; without a version it fits all versions" }),
    field("Status", "status", "not-affected", {}, ["not-affected", "affected", "fixed", "under-investigation"]),
    field("Justification", "justification", "vulnerable_code_not_in_execute_path", { hint: "of not-affected", wide: true }, justifications),
    field("Detail", "detail", "", { rows: 3, maxlength: "4000" }),
    field("Scope", "scope", "image", {}, scopes),
    field("Expires after", "expires", "", { type: "date" })),
    el("p", {}, el("a", { href: back }, "Back to the vulnerabilities")),
  ];
}
