// Calls of the API. The token is in the session's storage and leaves it in a header only. A proxy in front of the service may authenticate users
// instead, by its own cookies.

const key = "fleet-token";
let user = null; // that a proxy has authenticated

export const token = () => sessionStorage.getItem(key);
export const signIn = (value) => sessionStorage.setItem(key, value);
export const signOut = () => { sessionStorage.removeItem(key); user = null; };
export const proxyUser = () => user;
export const signedIn = () => Boolean(user || token());

// askProxy finds out whether a proxy has authenticated the reader. It returns the reason if the service refuses the user.
export async function askProxy() {
  try {
    user = await call("GET", "/v1/whoami", { quiet: true });
  } catch (err) {
    user = null;
    if (err.status !== 401) return err.message;
  }
  return "";
}

// An APIError is a problem that the service reports.
export class APIError extends Error {
  constructor(status, body) {
    const lacks = status === 403 ? " Sign in with another token." : "";
    super((body.detail || body.title || `The service answers ${status}`) + (body.detail ? "." : "") + lacks);
    this.status = status;
    this.code = (body.type || "").split(":").pop();
    this.errors = body.errors;
  }
}

// path joins elements of a path, and percent-encodes each.
export const path = (...elements) => "/v1/" + elements.map(encodeURIComponent).join("/");

async function request(method, url, { query, body, file, headers, signal, secret, quiet } = {}) {
  const params = new URLSearchParams(Object.entries(query || {}).filter(([, v]) => v !== "" && v !== null && v !== undefined));
  const bearer = secret || (user ? null : token());
  const h = { ...(bearer && { Authorization: "Bearer " + bearer }), ...headers };
  if (body !== undefined || file) h["Content-Type"] = file ? "application/octet-stream" : "application/json";
  let response;
  try {
    response = await fetch(url + (params.size > 0 ? "?" + params : ""),
      { method, headers: h, body: file || (body === undefined ? undefined : JSON.stringify(body)), signal, credentials: bearer ? "omit" : "same-origin", redirect: "manual", cache: "no-store" });
  } catch (err) {
    if (err.name === "AbortError") throw err;
    throw new Error("The service does not answer. Try again.");
  }
  if (response.type === "opaqueredirect" || (!bearer && !response.headers.has("Fleet-Request"))) { // an answer of a proxy, such as a redirection to its form
    if (user) dispatchEvent(new CustomEvent("sessionended"));
    else if (bearer && !secret) dispatchEvent(new CustomEvent("signedout", { detail: "a proxy in front of the service wants another sign-in" }));
    user = null;
    throw new APIError(401, { detail: "A proxy in front of the service wants a sign-in of its own. Load the page again" });
  }
  if (!response.ok) {
    let problem = {};
    try {
      problem = await response.json();
    } catch {
      // A proxy may answer in another form.
    }
    if (response.status === 401 && !secret && !quiet) dispatchEvent(new CustomEvent("signedout", { detail: problem.detail }));
    throw new APIError(response.status, problem);
  }
  return response;
}

// call returns the decoded answer, or null if it has no body.
export async function call(method, url, options) {
  const response = await request(method, url, options);
  return response.status === 204 ? null : response.json();
}

export const get = (url, query, signal) => call("GET", url, { query, signal });

// tagged returns the answer with its ETag.
export async function tagged(url, signal) {
  const response = await request("GET", url, { signal });
  return { value: await response.json(), etag: response.headers.get("ETag") };
}

// download saves an answer as a file.
export async function download(url, query, name) {
  const blob = await (await request("GET", url, { query })).blob();
  const a = document.createElement("a");
  a.href = URL.createObjectURL(blob);
  a.download = name.replace(/[^A-Za-z0-9._-]+/g, "-").slice(-100);
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10000);
}

const wait = (ms, signal) => new Promise((done) => {
  const timer = setTimeout(done, ms);
  signal.addEventListener("abort", () => { clearTimeout(timer); done(); });
});

const silent = 45000; // milliseconds until a stream without a sign of life is taken for dead
const poll = 10000;

const alive = 10000; // milliseconds after which a stream that ends did not fail

// events are those of the tenant.
export const events = { url: "/v1/events", id: (e) => e.number };

// follow calls on for each new item of a source until the signal aborts: from a stream, or by asking again and again if streams fail. A source has a
// query, the cursor of the newest item that is known, and the cursor of each item.
export async function follow({ url, query, cursor = null, id }, on, signal, state) {
  for (let failures = 0; !signal.aborted;) {
    try {
      if (cursor === null) {
        const last = await get(url, { ...query, order: "newest", limit: 1 }, signal);
        cursor = last.items.length > 0 ? id(last.items[0]) : last.next || "0";
      }
      if (failures < 3) {
        const began = Date.now();
        await stream(url, { ...query, cursor }, (e) => { cursor = id(e); failures = 0; on(e); }, signal, state);
        failures = Date.now() - began > alive ? 0 : failures + 1;
      } else {
        const page = await get(url, { ...query, cursor }, signal);
        state("polling");
        page.items.forEach(on);
        cursor = page.next || (page.items.length > 0 ? id(page.items.at(-1)) : cursor);
        await wait(poll, signal);
        continue;
      }
    } catch (err) {
      if (signal.aborted || !signedIn() || err.status === 401) return;
      failures++;
      state("waiting");
    }
    await wait(Math.min(1000 * 2 ** failures, 30000), signal);
  }
}

// stream reads server-sent events. EventSource would send no token.
async function stream(url, query, on, signal, state) {
  const own = new AbortController();
  const end = () => own.abort();
  signal.addEventListener("abort", end);
  let timer = setTimeout(end, silent);
  try {
    const response = await request("GET", url, { query, headers: { Accept: "text/event-stream" }, signal: own.signal });
    if (!(response.headers.get("Content-Type") || "").startsWith("text/event-stream")) throw new Error("no stream");
    state("live");
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(end, silent);
      const events = (rest + value).split("\n\n");
      rest = events.pop();
      if (rest.length > 4 << 20) throw new Error("an event is too long");
      for (const e of events) {
        const data = e.split("\n").filter((l) => l.startsWith("data: ")).map((l) => l.slice(6)).join("\n");
        if (data) on(JSON.parse(data));
      }
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}
