// Tokens and watched repositories.

import { call, get, path } from "/page/api.js";
import { action, choices, code, copy, el, field, form, link, table, text, time } from "/page/dom.js";
import { count, none, pager, where } from "/page/images.js";
import { announce, draw, go } from "/page/app.js";

const size = 50;
const scopes = [["read", "read: all lists and reports"], ["submit", "submit: images, and their deletion"], ["decide", "decide: policies, marks, advisories, subscriptions"], ["admin", "admin: tokens, watches, registries, credentials, feeds"]];

export async function tokens({ query, signal }) {
  const q = { cursor: query.get("cursor") || "" };
  const box = el("div", {});
  const made = el("div", { role: "status" });
  // The list is drawn again without the rest, which may show a secret.
  const show = async () => {
    const page = await get("/v1/tokens", { ...q, limit: size }, signal);
    box.replaceChildren(...[table("Tokens", ["Token", "Scopes", "Made", "Expires", "Last used", "Action"], page.items.map((t) => [
      text(t.name, 80), t.scopes.join(", "), time(t.created), t.expires ? [time(t.expires), new Date(t.expires) < new Date() ? " (expired)" : ""] : "never", t.used ? time(t.used) : "never",
      action("Revoke", async () => { await call("DELETE", path("tokens", t.id)); await show(); document.querySelector("h1").focus(); announce("The token is revoked."); }, "Revoke the token", "Revoke " + t.name),
    ]), none(q)), pager("/tokens", q, page.next)].filter(Boolean));
    return page;
  };
  const page = await show();
  return {
    title: "Tokens", count: count(page.items.length, page.next, "token", "tokens"),
    content: [
      el("p", {}, "A token gives a program or a person access to this tenant, within its scopes. The service stores only hashes of the secrets."),
      box,
      el("section", { "aria-labelledby": "create" }, el("h2", { id: "create" }, "Make a token"), made,
        form({ id: "token", class: "stack" }, "Make the token", async (v, f) => {
          const body = { name: v.name.trim(), scopes: new FormData(f).getAll("scopes") };
          if (body.scopes.length === 0) throw new Error("Choose a scope at least.");
          if (v.expires) body.expires = new Date(v.expires + "T23:59:59").toISOString();
          const answer = await call("POST", "/v1/tokens", { body });
          f.reset();
          made.replaceChildren(el("div", { class: "secret" }, el("p", {}, "The secret of ", text(answer.token.name, 80), " is shown once. Copy it now."), el("p", { class: "actions" }, code(answer.secret, 500), copy(answer.secret)),
            el("p", {}, el("button", { type: "button", id: "hide", click: () => { made.replaceChildren(); f.elements.name.focus(); } }, "Hide it"))));
          made.querySelector("button").focus();
          await show();
        },
        field("Name", "name", "", { required: true, maxlength: "200", hint: "the program or person that uses it" }), field("Expires after", "expires", "", { type: "date", hint: "never if empty" }),
        choices("Scopes", "scopes", scopes, ["read"]))),
    ],
  };
}

const every = (s) => (s % 3600 === 0 ? `${s / 3600} h` : s % 60 === 0 ? `${s / 60} min` : `${s} s`);

export async function watches({ query, signal }) {
  const q = { cursor: query.get("cursor") || "" };
  const page = await get("/v1/watches", { ...q, limit: size }, signal);
  return {
    title: "Watches", count: count(page.items.length, page.next, "repository", "repositories"),
    content: [
      el("p", {}, "The service looks at these repositories, and analyzes each tag that is new or has moved."),
      table("Watched repositories", ["Repository", "Tags", "Every", "Last look", "Outcome", "Action"], page.items.map((w) => [
        link(where("/images", { name: w.repository }), w.repository, 100), w.tags && w.tags !== "*" ? code(w.tags, 60) : "all", every(w.every), w.tried ? time(w.tried) : "not yet", w.error ? [el("span", { class: "failed" }, "failed: "), text(w.error, 160)] : w.tried ? "no error" : "",
        action("Remove", async () => { await call("DELETE", "/v1/watches", { query: { repository: w.repository } }); await draw("again"); announce("The repository is no longer watched."); }, "Remove the repository", "Remove " + w.repository),
      ]), none(q)),
      pager("/watches", q, page.next),
      el("section", { "aria-labelledby": "add" }, el("h2", { id: "add" }, "Watch a repository"),
        form({ id: "watch", class: "stack" }, "Watch", async (v) => {
          const body = { repository: v.repository.trim() };
          if (v.tags.trim()) body.tags = v.tags.trim();
          if (v.every) body.every = Number(v.every) * 60;
          const w = await call("PUT", "/v1/watches", { body });
          await go("/watches");
          announce(`${w.repository.slice(0, 100)} is watched.`);
        },
        field("Repository", "repository", "", { required: true, maxlength: "1000", hint: "registry.example/team/app" }), field("Tags", "tags", "", { maxlength: "200", hint: "a pattern such as 1.*; all if empty" }),
        field("Minutes between looks", "every", "", { inputmode: "numeric", pattern: "[1-9][0-9]{0,5}", maxlength: "6", hint: "15 if empty" }))),
    ],
  };
}
