// Vulnerabilities, packages, events, subscriptions and feeds.

import { call, get, path } from "/page/api.js";
import { action, badge, code, el, facts, field, form, link, outside, pages, short, table, text, time } from "/page/dom.js";
import { count, imagePath, imageTable, none, pager, statusName, where } from "/page/images.js";
import { draw, go } from "/page/app.js";

const size = 50;

const find = (value) => form({ id: "filter", class: "row", role: "search", "aria-label": "Find a vulnerability" }, "Find", ({ id }) => go("/vulnerabilities/" + encodeURIComponent(id.trim())),
  field("Identifier", "id", value, { required: true, maxlength: "200", hint: "CVE-2021-44228, or that of any publisher" }));

export async function search() {
  return { title: "Vulnerabilities", content: [el("p", {}, "Find a vulnerability and the images that it affects."), find("")] };
}

export async function vulnerability({ element, query, signal }) {
  const base = "/vulnerabilities/" + encodeURIComponent(element);
  const q = { cursor: query.get("cursor") || "", advisories: query.get("advisories") || "" };
  const [v, affected] = await Promise.all([
    get(path("vulnerabilities", element), { cursor: q.advisories, limit: 40 }, signal).catch((err) => { if (err.status !== 404) throw err; return null; }),
    get("/v1/affected", { id: element, cursor: q.cursor, limit: size }, signal),
  ]);
  const ranges = (s) => [...(s.ranges || []).slice(0, 20).map((r) => [r.introduced && r.introduced !== "0" ? "from " + r.introduced : "", r.fixed ? "below " + r.fixed : r.lastAffected ? "up to " + r.lastAffected : ""].filter(Boolean).join(" ") || "all"), ...(s.versions || []).slice(0, 20)].join("; ");
  return {
    title: element, count: count(affected.items.length, affected.next, "image", "images"), live: (e) => e.kind === "image-analyzed" || e.vulnerability === element,
    content: [
      find(element),
      v ? [v.summary && el("p", {}, text(v.summary, 1000)),
        facts([["Other identifiers", v.aliases ? v.aliases.slice(0, 20).flatMap((a, n) => [n ? ", " : "", text(a, 60)]) : ""],
          ["Severities", (v.severities || []).slice(0, 10).flatMap((s, n) => [n ? ", " : "", badge(s.level), " ", text([s.source, s.score].filter(Boolean).join(" "), 60)])],
          ["Published", time(v.published)], ["See", (v.urls || []).slice(0, 10).map((u) => el("div", {}, outside(u)))]])]
        : el("p", { class: "problem" }, "The service has no advisory with this identifier."),
      el("section", { "aria-labelledby": "affected" }, el("h2", { id: "affected" }, "Affected images"), imageTable("Affected images", affected.items, "It affects no image."), pager(base, q, affected.next)),
      v && el("section", { "aria-labelledby": "advisories" }, el("h2", { id: "advisories" }, "Advisories"),
        table("Advisories", ["Package", "Status", "Affected versions", "Advisory", "Feed"], v.items.map((s) => [
          [text(s.package, 100), " ", el("span", { class: "muted" }, text([s.type, s.namespace, s.release].filter(Boolean).join(" ")))], [statusName(s.status), s.reason ? [" ", text(s.reason)] : ""], text(ranges(s), 80), text(s.id, 60), text(s.feed)])),
        v.next && el("p", { class: "pager" }, el("a", { href: where(base, { ...q, advisories: v.next }) }, "More advisories"))),
    ],
  };
}

const examples = ["pkg:maven/org.apache.logging.log4j/log4j-core@vers:maven/<2.17.1", "pkg:deb/debian/libc6", "pkg:npm/lodash@4.17.20"];

export async function packages({ query, signal }) {
  const q = { purl: query.get("purl") || "", cursor: query.get("cursor") || "" };
  const page = q.purl ? await get("/v1/affected", { ...q, limit: size }, signal) : null;
  return {
    title: "Packages", count: page ? count(page.items.length, page.next, "image", "images") : "", live: (e) => page && e.kind === "image-analyzed",
    content: [
      form({ id: "filter", class: "row", role: "search", "aria-label": "Find images by package" }, "Find images", (v) => go(where("/packages", { purl: v.purl.trim() })),
        field("Package URL", "purl", q.purl, { required: true, maxlength: "2000", hint: "its version may be a range" })),
      page ? [el("h2", {}, "Images with the package"), imageTable("Images with the package", page.items, "No image has it."), pager("/packages", q, page.next)]
        : [el("h2", {}, "Examples"), el("ul", {}, examples.map((e) => el("li", {}, link(where("/packages", { purl: e }), e))))],
    ],
  };
}

const kinds = ["image-analyzed", "analysis-failed", "tag-moved", "verdict-changed", "appeared", "disappeared", "fix-available", "severity-changed", "exploited", "status-changed", "renamed", "mark-expired", "feed-failed"];

// imageOf returns an image of an event. One whose analysis failed may have no digest.
function imageOf(i) {
  const name = i.repository ? i.repository + (i.tag ? ":" + i.tag : "") : short(i.digest || "");
  return i.digest ? link(imagePath(i.digest), name, 80) : text(name, 80);
}

export async function events({ query, signal }) {
  const q = { kind: query.get("kind") || "", cursor: query.get("cursor") || "" };
  const page = await get("/v1/events", { ...q, order: "newest", limit: size }, signal);
  return {
    title: "Events", count: count(page.items.length, page.next, "event", "events"), live: () => !q.cursor,
    content: [
      form({ id: "filter", class: "row", role: "search", "aria-label": "Filter events" }, "Filter", (v) => go(where("/events", v)), field("Kind", "kind", q.kind, {}, [["", "any"], ...new Set(q.kind ? [...kinds, q.kind] : kinds)])),
      table("Events, newest first", ["Time", "Kind", "About", "Images"], page.items.map((e) => [
        time(e.time), text(e.kind), [e.vulnerability ? [link("/vulnerabilities/" + encodeURIComponent(e.vulnerability), e.vulnerability, 60), " "] : "", e.text ? text(e.text, 120) : ""],
        [(e.images || []).slice(0, 3).map((i) => el("div", {}, imageOf(i))), (e.images || []).length + (e.more || 0) > 3 ? `and ${(e.images.length + (e.more || 0) - 3).toLocaleString("en")} more` : ""],
      ]), page.next ? "No event fits yet. The next page has older ones." : "No event fits."),
      pager("/events", q, page.next),
    ],
  };
}

export async function subscriptions({ query, signal }) {
  const q = { cursor: query.get("cursor") || "", state: query.get("state") || "dead", after: query.get("after") || "" };
  const [page, sent] = await Promise.all([get("/v1/subscriptions", { cursor: q.cursor, limit: 40 }, signal), get("/v1/deliveries", { state: q.state, cursor: q.after, limit: 40 }, signal)]);
  const added = el("div", { role: "status" });
  return {
    title: "Subscriptions", count: count(page.items.length, page.next, "subscription", "subscriptions"),
    content: [
      table("Subscriptions", ["Receiver", "Format", "Kinds", "Repositories", "Digest", "State", "Made", "Actions"], page.items.map((s) => [
        text(s.url, 100), text(s.format), text((s.kinds || ["all"]).join(", "), 80), text((s.repositories || ["all"]).join(", "), 80), s.digestSeconds ? `every ${s.digestSeconds} s` : "at once", s.disabled ? "disabled" : "enabled", time(s.created),
        [action("Test", async () => { await call("POST", path("subscriptions", s.id, "test")); return "The receiver accepted it."; }, "", "Test " + s.url), " ",
          action("Delete", async () => { await call("DELETE", path("subscriptions", s.id)); await draw("again"); }, "Delete the subscription", "Delete " + s.url)],
      ]), none(q)),
      pager("/subscriptions", q, page.next),
      el("section", { "aria-labelledby": "add" }, el("h2", { id: "add" }, "Send events to a receiver"), added,
        form({ id: "subscribe", class: "stack" }, "Subscribe", async (v, f) => {
          const list = (s) => s.split(/[\s,]+/).filter(Boolean);
          const body = { url: v.url.trim(), format: v.format };
          if (v.kinds.trim()) body.kinds = list(v.kinds);
          if (v.repositories.trim()) body.repositories = list(v.repositories);
          if (v.digest) body.digestSeconds = Number(v.digest);
          if (v.bearer) body.bearer = v.bearer;
          const answer = await call("POST", "/v1/subscriptions", { body });
          f.reset();
          added.replaceChildren(el("p", {}, "The receiver checks signatures with this secret, which is shown once: ", code(answer.secret)), el("p", {}, el("button", { type: "button", click: () => draw("again") }, "Show the list")));
        },
        field("URL", "url", "", { required: true, type: "url", maxlength: "2000", hint: "https://receiver.example/hook" }), field("Format", "format", "json", {}, ["json", "cloudevents", "cloudevents-binary", "slack", "teams", "matrix"]),
        field("Kinds", "kinds", "", { hint: "with commas; all if empty" }), field("Repositories", "repositories", "", { hint: "patterns with commas; all if empty" }),
        field("Digest", "digest", "", { inputmode: "numeric", pattern: "[0-9]*", hint: "collect the events of so many seconds" }), field("Bearer token", "bearer", "", { type: "password", hint: "that the receiver asks for" }))),
      el("section", { "aria-labelledby": "deliveries" }, el("h2", { id: "deliveries" }, "Deliveries"),
        form({ id: "filter", class: "row", role: "search", "aria-label": "Filter deliveries" }, "Filter", (v) => go(where("/subscriptions", v)), field("State", "state", q.state, {}, ["dead", "pending", "waiting", "collected", "sent"])),
        table("Deliveries", ["Delivery", "State", "Attempts", "Answer", "Made", "Next attempt", "Action"], sent.items.map((d) => [code(d.id, 40), text(d.state), String(d.attempts), [d.status ? `${d.status} ` : "", d.error ? text(d.error, 120) : ""], time(d.created), time(d.next),
          ["dead", "sent"].includes(d.state) ? action("Send again", async () => { await call("POST", path("deliveries", d.id, "redeliver")); return "It is due."; }) : ""]), "None."),
        sent.next && el("p", { class: "pager" }, el("a", { href: where("/subscriptions", { ...q, after: sent.next }) }, "More deliveries"))),
    ],
  };
}

const every = (s) => (s % 3600 === 0 ? `${s / 3600} h` : s % 60 === 0 ? `${s / 60} min` : `${s} s`);

export async function feeds({ signal }) {
  const [list, db] = await Promise.all([get("/v1/feeds", null, signal), get("/v1/database", null, signal).catch((err) => { if (err.status !== 503) throw err; return null; })]);
  const set = (f, enabled) => async () => { await call("PUT", path("feeds", f.name), { body: { enabled, every: f.every } }); await draw("again"); };
  return {
    title: "Feeds", live: (e) => e.kind === "feed-failed",
    content: [
      el("section", { "aria-labelledby": "database" }, el("h2", { id: "database" }, "Database"),
        db ? facts([["Newest advisories", time(db.date)], ["Size", (db.size / 1e6).toFixed(1) + " MB"], ["Hash", code(db.hash)]]) : el("p", { class: "problem" }, "The service has no advisories yet."),
        db && pages(db.feeds, 20, (part) => table("Feeds in the database", ["Feed", "Date", "Records", "Withdrawn", "Unreadable"], part.map((f) => [text(f.name), time(f.date), f.records.toLocaleString("en"), String(f.withdrawn || 0), String(f.bad)])))),
      el("section", { "aria-labelledby": "updates" }, el("h2", { id: "updates" }, "Updates"),
        pages(list.items, 30, (part) => table("Updates of feeds", ["Feed", "State", "Every", "Last attempt", "Last success", "Records", "Last error", "Actions"], part.map((f) => [text(f.name), [f.enabled ? "on" : "off", f.wanted ? ", update is due" : ""], every(f.every), time(f.tried), time(f.succeeded), f.records.toLocaleString("en"), f.error ? text(f.error, 120) : "",
          [action("Update now", async () => { await call("POST", path("feeds", f.name, "sync")); return "The update is due."; }, "", `Update now: ${f.name}`), " ", action(f.enabled ? "Turn off" : "Turn on", set(f, !f.enabled), "", `Turn ${f.enabled ? "off" : "on"}: ${f.name}`)]]), "Another program updates the advisories of this service."))),
      db && el("section", { "aria-labelledby": "coverage" }, el("h2", { id: "coverage" }, "Coverage"), pages(db.coverage, 40, (part) => table("Coverage", ["Packages", "Release", "Feed", "Date", "Advisories", "Limits"], part.map((c) => [
        text([c.type, c.namespace].filter(Boolean).join(" ")), text(c.release || ""), text(c.feed || "none"), time(c.date), (c.advisories || 0).toLocaleString("en"), [c.missing && "missing", c.sampled && "samples only", c.endOfLife && "end of life"].filter(Boolean).join(", ")])))),
    ],
  };
}
