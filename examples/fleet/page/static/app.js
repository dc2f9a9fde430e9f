// The views of the page and their addresses: each state of a view has one.

import { askProxy, call, events, follow, proxyUser, signedIn, signIn, signOut, token } from "/page/api.js";
import { el, field, form, problem, shown, text } from "/page/dom.js";
import * as images from "/page/images.js";
import * as lists from "/page/lists.js";
import * as decisions from "/page/decisions.js";
import * as runtime from "/page/runtime.js";
import * as access from "/page/access.js";

// A view is a function of the query, an element of the path and a signal. It returns a title, the content, live, which reports whether an event
// changes it, and the source of other items that it follows.
const routes = [
  [/^\/(?:images)?$/, images.list],
  [/^\/images\/([^/]+)$/, images.one],
  [/^\/submissions\/([^/]+)$/, images.submission],
  [/^\/vulnerabilities$/, lists.search],
  [/^\/vulnerabilities\/([^/]+)$/, lists.vulnerability],
  [/^\/packages$/, lists.packages],
  [/^\/events$/, lists.events],
  [/^\/policies$/, decisions.policies],
  [/^\/policies\/([^/]+)$/, decisions.policy],
  [/^\/marks$/, decisions.marks],
  [/^\/subscriptions$/, lists.subscriptions],
  [/^\/feeds$/, lists.feeds],
  [/^\/runtime$/, runtime.view],
  [/^\/watches$/, access.watches],
  [/^\/tokens$/, access.tokens],
];

const names = { images: "Images", vulnerabilities: "Vulnerabilities", packages: "Packages", events: "Events", runtime: "Runtime", policies: "Policies", marks: "Marks",
  watches: "Watches", subscriptions: "Subscriptions", feeds: "Feeds", tokens: "Tokens" };

const main = document.getElementById("main");
const live = document.getElementById("live");
const nav = document.getElementById("nav");
const session = document.getElementById("session");

let loading = new AbortController(); // of the present view
let following = null; // of the events
let watching = null; // of the source that only the present view follows
let ended = false; // the session with the proxy
let edited = false; // a field of the present view
let sought = ""; // name of the element that had the focus, and is not there yet
let current = null;
let later = 0;
let last = 0;
let quiet = 0;

// announce reads a message out, and shows it if seen is true.
export function announce(message, seen = true) {
  live.textContent = message;
  live.classList.toggle("old", !seen);
  clearTimeout(quiet);
  quiet = setTimeout(() => live.classList.add("old"), 5000);
}

// go shows the view of an address.
export function go(href, replace = false) {
  const before = location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", href);
  return draw(before === location.pathname ? "same" : "new");
}

// draw draws the view of the present address. How is "new" for another view, "same" for another state of it, and "again" for new data.
export async function draw(how) {
  clearTimeout(later);
  later = 0;
  if (how !== "again") clearTimeout(last);
  loading.abort();
  watching?.abort();
  const mine = (loading = new AbortController());
  menu();
  if (!signedIn()) return ended ? endedView() : signInView("");
  main.setAttribute("aria-busy", "true");
  let view;
  try {
    view = await find()(mine.signal);
  } catch (err) {
    if (mine.signal.aborted || err.status === 401) return;
    view = err.status === 404 ? { title: "Not found", content: [el("p", {}, "The service has nothing of this name. It may be deleted, or belong to another tenant.")] } : { title: "Error", content: [problem(err)] };
  }
  if (mine.signal.aborted) return;
  current = view;
  edited = false;
  sought = "";
  const at = document.activeElement;
  const inside = how !== "new" && main.contains(at) && at !== main;
  const focused = inside ? at.id || at.getAttribute("href") || at.getAttribute("aria-label") || "" : "";
  const heading = el("h1", { tabindex: "-1" }, view.heading || text(view.title));
  main.replaceChildren(...[heading, view.content].flat(Infinity).filter(Boolean));
  main.removeAttribute("aria-busy");
  document.title = shown(view.title).slice(0, 100) + " – Fleet";
  if (how === "new") {
    scrollTo(0, 0);
    live.textContent = "";
    heading.focus({ preventScroll: true });
  } else if (inside) { // stays where it was, or goes to what is new
    if (!focus(focused)) {
      sought = focused;
      (main.querySelector("h2[tabindex]") || heading).focus();
    }
  }
  watch();
  if (view.count !== undefined && how === "same") announce(view.count, false);
}

// focus gives the focus to the element with an ID, an address or a label.
function focus(name) {
  const target = name ? document.getElementById(name) || main.querySelector(`a[href="${CSS.escape(name)}"], [aria-label="${CSS.escape(name)}"]`) : null;
  target?.focus({ preventScroll: true });
  return Boolean(target);
}

// settle ends the drawing of a view whose content came later.
export function settle() {
  if (document.activeElement === main.querySelector("h1")) focus(sought);
  sought = "";
  watch();
}

// watch follows the source of the present view, while the page can be seen.
function watch() {
  watching?.abort();
  watching = null;
  if (!current?.source || document.hidden) return;
  watching = new AbortController();
  follow(current.source, () => { later ||= setTimeout(refresh, 1000); }, watching.signal, () => {});
}

function find() {
  for (const [pattern, view] of routes) {
    const m = pattern.exec(location.pathname);
    if (!m) continue;
    let element = "";
    try {
      element = decodeURIComponent(m[1] || "");
    } catch {
      break; // no percent-encoding
    }
    return (signal) => view({ query: new URLSearchParams(location.search), element, signal });
  }
  return async () => ({ title: "Not found", content: [el("p", {}, "The page has no such view.")] });
}

function menu() {
  if (!signedIn()) {
    nav.replaceChildren();
    session.replaceChildren();
    return;
  }
  const first = location.pathname.split("/")[1] || "images";
  nav.replaceChildren(el("ul", {}, Object.entries(names).map(([path, name]) =>
    el("li", {}, el("a", { href: "/" + path, "aria-current": first === path || (first === "submissions" && path === "images") ? "page" : null }, name)))));
  if (session.children.length === 0) {
    session.replaceChildren(el("span", { id: "connection", class: "muted" }),
      proxyUser() ? el("span", { id: "user" }, text(proxyUser().name, 40)) : el("button", { type: "button", id: "sign-out", click: () => leave("") }, "Sign out"));
  }
}

// leave forgets the token, and says why.
function leave(fault) {
  signOut();
  loading.abort();
  stop();
  menu();
  signInView(fault);
}

// stop ends the streams.
function stop() {
  following?.abort();
  watching?.abort();
  following = watching = null;
}

function signInView(fault) {
  current = null;
  clearTimeout(later);
  clearTimeout(last);
  document.title = "Sign in – Fleet";
  const heading = el("h1", { tabindex: "-1" }, "Sign in");
  main.removeAttribute("aria-busy");
  main.replaceChildren(heading,
    el("p", {}, "Enter a token of the service. ", el("code", {}, "fleet token create"), " makes one. The browser keeps it until this tab is closed."),
    ...(fault ? [el("p", { class: "problem", role: "alert" }, text(fault))] : []),
    form({ id: "sign-in", class: "row", method: "post" }, "Sign in", async ({ token: secret }) => {
      secret = secret.trim();
      if (!/^[\x21-\x7e]+$/.test(secret)) throw new Error("A token has letters, digits and signs only.");
      await call("GET", "/v1/images", { query: { limit: 1 }, secret });
      signIn(secret);
      start();
      await draw("new");
    }, field("Token", "token", "", { type: "password", required: true, maxlength: "500" })),
    el("p", { class: "muted" }, "Everything that this page shows is in ", el("a", { href: "/v1/openapi.yaml" }, "the API"), "."));
  heading.focus({ preventScroll: true });
}

// start follows the events and draws a view again whose data they change.
function start() {
  following?.abort();
  following = new AbortController();
  const state = (s) => {
    const c = document.getElementById("connection");
    if (c) c.textContent = { live: "Live", polling: "Updates every 10 s", waiting: "Not connected" }[s];
    document.documentElement.dataset.connection = s;
  };
  follow(events, (event) => {
    if (!current?.live?.(event)) return;
    if (!later) later = setTimeout(refresh, 400);
    if (event.kind === "image-analyzed") { // its first verdict follows soon, without an event
      clearTimeout(last);
      last = setTimeout(refresh, 5000);
    }
  }, following.signal, state);
}

// refresh draws the view again, unless the reader is at work in it.
function refresh() {
  later = 0;
  const at = document.activeElement;
  const busy = edited || main.contains(at) && at.matches("input, select, textarea") || String(getSelection()) !== "" || main.querySelector(".danger, [aria-expanded=true]");
  if (!busy) return draw("again");
  if (document.getElementById("stale")) return;
  main.querySelector("h1").after(el("p", { id: "stale", role: "status" }, "There is newer data. ", el("button", { type: "button", click: () => draw("again") }, "Show it")));
}

main.addEventListener("input", () => { edited = true; });
main.addEventListener("reset", () => { edited = false; });
document.addEventListener("click", (event) => {
  const a = event.target.closest("a[href^='/']");
  if (!a || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || a.pathname.startsWith("/v1/")) return;
  event.preventDefault();
  go(a.getAttribute("href"));
});
addEventListener("popstate", () => draw("new"));
addEventListener("signedout", async (event) => {
  if (!signedIn()) return;
  const reason = event.detail ? `The service refuses the token: ${event.detail}.` : "The service refuses the token.";
  leave(reason);
  await begin(reason); // the proxy may have authenticated the reader meanwhile
});
addEventListener("sessionended", () => {
  ended = true;
  signOut();
  loading.abort();
  stop();
  menu();
  endedView();
});

function endedView() {
  current = null;
  document.title = "Session ended – Fleet";
  const heading = el("h1", { tabindex: "-1" }, "The session has ended");
  main.removeAttribute("aria-busy");
  main.replaceChildren(heading, el("p", {}, "The proxy in front of the service does not let requests pass any more."),
    el("p", {}, el("button", { type: "button", class: "primary", id: "reload", click: () => location.reload() }, "Load the page again")));
  heading.focus();
}

// A page that cannot be seen follows nothing: browsers have six connections to a host, for all tabs.
document.addEventListener("visibilitychange", () => {
  if (!current) return;
  if (document.hidden) return stop();
  start();
  watch();
  refresh();
});

// begin shows the view of the address, to the bearer of a token or the user of a proxy.
async function begin(fault) {
  if (!token()) fault = (await askProxy()) || fault;
  if (!signedIn()) return signInView(fault);
  if (!document.hidden) start();
  return draw("first");
}

begin("");
