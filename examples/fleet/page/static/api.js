// Calls of the API. The token is in the session's storage and leaves it in a header only.

const key = "fleet-token";

export const token = () => sessionStorage.getItem(key);
export const signIn = (value) => sessionStorage.setItem(key, value);
export const signOut = () => sessionStorage.removeItem(key);

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

async function request(method, url, { query, body, file, headers, signal, secret } = {}) {
  const params = new URLSearchParams(Object.entries(query || {}).filter(([, v]) => v !== "" && v !== null && v !== undefined));
  const h = { Authorization: "Bearer " + (secret || token()), ...headers };
  if (body !== undefined || file) h["Content-Type"] = file ? "application/octet-stream" : "application/json";
  let response;
  try {
    response = await fetch(url + (params.size > 0 ? "?" + params : ""),
      { method, headers: h, body: file || (body === undefined ? undefined : JSON.stringify(body)), signal, credentials: "omit", redirect: "error", cache: "no-store" });
  } catch (err) {
    if (err.name === "AbortError") throw err;
    throw new Error("The service does not answer. Try again.");
  }
  if (!response.ok) {
    let problem = {};
    try {
      problem = await response.json();
    } catch {
      // A proxy may answer in another form.
    }
    if (response.status === 401 && !secret) dispatchEvent(new CustomEvent("signedout", { detail: problem.detail }));
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

// follow calls on for each new event until the signal aborts: from a stream, or by asking again and again if streams fail.
export async function follow(on, signal, state) {
  let cursor = null;
  for (let failures = 0; !signal.aborted;) {
    try {
      if (cursor === null) {
        const last = await get("/v1/events", { order: "newest", limit: 1 }, signal);
        cursor = last.items.length > 0 ? last.items[0].number : last.next || "0";
      }
      if (failures < 3) {
        await stream(cursor, (e) => { cursor = e.number; failures = 0; on(e); }, signal, state);
        failures++;
      } else {
        const page = await get("/v1/events", { cursor }, signal);
        state("polling");
        page.items.forEach(on);
        cursor = page.next;
        await wait(poll, signal);
        continue;
      }
    } catch (err) {
      if (signal.aborted || err.status === 401) return;
      failures++;
      state("waiting");
    }
    await wait(Math.min(1000 * 2 ** failures, 30000), signal);
  }
}

// stream reads server-sent events. EventSource would send no token.
async function stream(cursor, on, signal, state) {
  const own = new AbortController();
  const end = () => own.abort();
  signal.addEventListener("abort", end);
  let timer = setTimeout(end, silent);
  try {
    const response = await request("GET", "/v1/events", { query: { cursor }, headers: { Accept: "text/event-stream" }, signal: own.signal });
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
