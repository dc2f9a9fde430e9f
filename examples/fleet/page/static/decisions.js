// Policies, mappings and marks.

import { call, get, path, tagged } from "/page/api.js";
import { action, badge, code, el, facts, field, form, invisible, link, table, text, time } from "/page/dom.js";
import { count, decisionTable, imagePath, none, pager } from "/page/images.js";
import { announce, draw, go } from "/page/app.js";

const size = 50;
const policyPath = (name) => "/policies/" + encodeURIComponent(name);

export async function policies({ query, signal }) {
  const q = { cursor: query.get("cursor") || "" };
  const [page, mappings] = await Promise.all([get("/v1/policies", { ...q, limit: size }, signal), get("/v1/mappings", null, signal)]);
  return {
    title: "Policies", count: count(page.items.length, page.next, "policy", "policies"),
    content: [
      table("Policies", ["Policy", "Format", "Changed"], page.items.map((p) => [link(policyPath(p.name), p.name), text(p.format), time(p.changed)]), none(q, "None. Images have no verdict.")),
      pager("/policies", q, page.next),
      el("section", { "aria-labelledby": "new" }, el("h2", { id: "new" }, "Write a policy"), form({ id: "new-policy", class: "row" }, "Write", ({ name }) => go(policyPath(name.trim())),
        field("Name", "name", "", { required: true, maxlength: "200", pattern: "\\s*[A-Za-z0-9][A-Za-z0-9._:\\-]*\\s*", hint: "letters, digits and ._:-" }))),
      el("section", { "aria-labelledby": "mappings" }, el("h2", { id: "mappings" }, "Mappings"), el("p", {}, "The first pattern that fits a name of an image chooses its policy."),
        form({ id: "map", class: "stack" }, "Store the mappings", async ({ mappings: lines }) => {
          const items = lines.split("\n").map((l) => l.trim()).filter(Boolean).map((l) => {
            const at = l.lastIndexOf("=");
            return { pattern: l.slice(0, Math.max(at, 0)).trim(), policy: l.slice(at + 1).trim() };
          });
          await call("PUT", "/v1/mappings", { body: { items } });
          await draw("again");
          announce("The mappings are stored.");
        }, field("Mappings", "mappings", mappings.items.map((m) => m.pattern + "=" + m.policy).join("\n"), { rows: 6, hint: "a line each: registry.example/team/**=production" }))),
    ],
  };
}

const draft = `version: 2
policies:
  - name: severe
    otherwise: go
    rules:
      - {name: severe, on: match, when: match.severity >= HIGH, action: stop, message: "\${match.id}"}
default: {policies: [severe]}
`;

export async function policy({ element, query, signal }) {
  let found = null;
  try {
    found = await tagged(path("policies", element), signal);
  } catch (err) {
    if (err.status !== 404) throw err;
  }
  const format = found?.value.format || "hullmark";
  const odd = found ? invisible(found.value.document) : 0;
  const editor = field("Document", "document", found ? found.value.document : draft, { rows: 18, required: true, class: "code" });
  const formats = field("Format", "format", format, {}, ["hullmark", "anchore"]);
  const value = () => ({ document: editor.querySelector("textarea").value, format: formats.querySelector("select").value });
  const out = el("div", { id: "outcome", role: "status" });
  return {
    title: element,
    content: [
      found ? facts([["Changed", time(found.value.changed)]]) : el("p", {}, "There is no policy with this name yet."),
      odd > 0 && el("p", { class: "problem" }, `The document has ${odd} characters that are invisible or change the order of others.`),
      form({ id: "policy", class: "stack" }, "Store the policy", async () => {
        await call("PUT", path("policies", element), { body: value(), headers: found ? { "If-Match": found.etag } : {} });
        await draw("again");
        announce("The policy is stored.");
      }, formats, editor),
      found && el("p", { class: "actions" }, action("Delete", async () => { await call("DELETE", path("policies", element)); await go("/policies"); }, "Delete the policy")),
      el("section", { "aria-labelledby": "try" }, el("h2", { id: "try" }, "Try the draft"), el("p", {}, "Evaluates the document above about an image. Nothing is stored."),
        form({ id: "evaluate", class: "row" }, "Evaluate", async ({ image }) => {
          out.replaceChildren();
          const v = await call("POST", path("images", image.trim(), "evaluate"), { body: value() });
          out.replaceChildren(el("p", {}, "Verdict: ", badge(v.action), v.more ? ` with ${v.more} further decisions` : ""), decisionTable(v.decisions));
        }, field("Image", "image", query.get("image") || "", { required: true, maxlength: "1024", hint: "a digest or a tag" })), out),
    ],
  };
}

export async function marks({ query, signal }) {
  const q = { cursor: query.get("cursor") || "" };
  const page = await get("/v1/marks", { ...q, limit: size }, signal);
  const scope = (s) => [...(s.images || []).slice(0, 5).map((d) => el("div", {}, link(imagePath(d), d, 24))), ...(s.repositories || []).slice(0, 5).map((r) => el("div", {}, text(r))), ...(s.layers || []).slice(0, 5).map((l) => el("div", {}, "layer ", code(l, 24)))];
  const statements = (m) => (m.document?.statements || []).slice(0, 20);
  return {
    title: "Marks", count: count(page.items.length, page.next, "mark", "marks"), live: (e) => e.kind === "mark-expired",
    content: [
      el("p", {}, "A mark states how a vulnerability affects packages. Each finding of an image has a link that makes one."),
      table("Marks, oldest first", ["Vulnerability", "Packages", "Statement", "Scope", "Author", "Made", "Expires", "State"], page.items.map((m) => [
        statements(m).map((s) => el("div", {}, link("/vulnerabilities/" + encodeURIComponent(s.vulnerability?.name || ""), s.vulnerability?.name || "", 60))),
        statements(m).flatMap((s) => (s.products || []).slice(0, 5).map((p) => el("div", {}, text(p["@id"], 100)))),
        statements(m).map((s) => el("div", {}, text([s.status, s.justification].filter(Boolean).join(": ")), s.impact_statement || s.status_notes ? [" ", text((s.impact_statement || s.status_notes).replace(/\n?Expires: \S+$/, ""), 120)] : "")),
        scope(m.scope).length ? scope(m.scope) : "all images", text(m.author, 60), time(m.created), m.expires ? time(m.expires) : "never",
        m.holds ? action("Withdraw", async () => { await call("DELETE", path("marks", m.id)); await draw("again"); announce("The mark is withdrawn."); }, "Withdraw the mark", "Withdraw the mark of " + (statements(m)[0]?.vulnerability?.name || m.id)) : "ended",
      ]), "None."),
      pager("/marks", q, page.next),
    ],
  };
}
