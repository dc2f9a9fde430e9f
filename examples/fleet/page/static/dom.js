// Elements, and texts from outside. A text becomes a text node and never markup.

// el returns an element. Attributes that are functions listen to events; null and false ones are left out.
export function el(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") e.addEventListener(name, value);
    else if (value === true) e.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) e.setAttribute(name, value);
  }
  e.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false && c !== ""));
  return e;
}

// Characters without a shape of their own, or that change the order of others: control and format characters, line separators, lone
// surrogates, private and unassigned ones, and fillers.
const odd = /[\p{C}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\u2800\ufe00-\ufe0f]+/gu;

const escapes = (s) => Array.from(s, (c) => ({ "\n": "\\n", "\t": "\\t", "\r": "\\r" })[c] || `\\u{${c.codePointAt(0).toString(16)}}`).join("");

// shown returns a text in which odd characters are escapes, for titles and attributes.
export const shown = (value) => String(value ?? "").replace(odd, escapes);

// invisible counts the odd characters of a text, but for line breaks and tabs.
export const invisible = (value) => Array.from(String(value).replace(/[\n\t\r]/g, "").matchAll(odd), (m) => Array.from(m[0]).length).reduce((a, b) => a + b, 0);

const most = 160; // characters before a text is cut

function fill(node, s) {
  let at = 0;
  const parts = [];
  for (const m of s.matchAll(odd)) {
    parts.push(s.slice(at, m.index), el("span", { class: "escape" }, escapes(m[0])));
    at = m.index + m[0].length;
  }
  node.replaceChildren(...parts.filter((p) => p !== ""), s.slice(at));
}

function cut(s, limit) {
  if (s.length <= limit * 1.25) return s; // a button would save little
  const end = /[\ud800-\udbff]/.test(s[limit - 1]) ? limit - 1 : limit;
  return s.slice(0, end);
}

// texts returns a text in an element that keeps its direction to itself, and nothing for an empty one. A long text is cut, and has a button that shows the rest.
function texts(node, value, limit) {
  const s = String(value ?? "");
  if (s === "") return [];
  const head = cut(s, limit);
  fill(node, head);
  if (head.length === s.length) return [node];
  node.append("…");
  const more = el("button", {
    type: "button", class: "more", "aria-expanded": "false",
    click: () => {
      const open = more.getAttribute("aria-expanded") === "false";
      more.setAttribute("aria-expanded", String(open));
      more.textContent = open ? "Show less" : label;
      fill(node, open ? s : head);
      if (!open) node.append("…");
    },
  });
  const label = `Show all ${s.length.toLocaleString("en")} characters`;
  more.textContent = label;
  return [node, " ", more];
}

export const text = (value, limit = most) => texts(el("bdi"), value, limit);
export const code = (value, limit = most) => texts(el("code", { dir: "auto" }), value, limit);

// link returns a link to a view of the page.
export const link = (href, value, limit = most) => texts(el("a", { href }), value === "" ? "(no name)" : value, limit);

// outside returns a link to another host if the address is one of the web, and the text otherwise.
export function outside(address) {
  let url = null;
  try {
    url = new URL(address);
  } catch {
    // It is no address.
  }
  if (!url || !["https:", "http:"].includes(url.protocol)) return text(address);
  return texts(el("a", { href: url.href, rel: "noopener noreferrer", target: "_blank" }), address, most);
}

// time returns an instant in the reader's zone.
export function time(value) {
  if (!value) return "";
  const d = new Date(value);
  if (Number.isNaN(d.getTime())) return text(value);
  return el("time", { datetime: d.toISOString(), title: d.toISOString() }, d.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" }));
}

// badge returns a severity, a verdict or a state. Look is the class of its color.
export const badge = (value, look = value) => (value ? el("span", { class: "badge " + String(look).replace(/[^a-z-]/g, "") }, text(value)) : el("span", { class: "muted" }, "none"));

// digest returns a digest in short, or whole.
export const short = (d) => (/^sha256:[0-9a-f]{64}$/.test(d) ? d.slice(0, 19) : d);

// table returns a table. It has roles, since a narrow window shows its rows as blocks, which are no table for a browser.
export function table(caption, columns, rows, empty = "None.") {
  if (rows.length === 0) return el("p", { class: "empty" }, empty);
  return el("table", { role: "table" },
    el("caption", { class: "hidden" }, caption),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, columns.map((c) => el("th", { role: "columnheader", scope: "col" }, c)))),
    el("tbody", { role: "rowgroup" }, rows.map((cells) => el("tr", { role: "row" },
      cells.map((c, i) => el("td", { role: "cell", "data-label": columns[i] }, el("div", {}, c)))))));
}

// facts returns names and values; those without a value are left out.
export const facts = (list) => el("dl", {}, list.filter(([, v]) => v !== "" && v !== null && v !== undefined && !(Array.isArray(v) && v.length === 0))
  .map(([k, v]) => el("div", {}, el("dt", {}, k), el("dd", {}, v))));

// pages shows a long list in parts.
export function pages(list, size, draw) {
  const box = el("div", {});
  const show = (from) => {
    const part = [draw(list.slice(from, from + size))];
    if (list.length > size) {
      const go = (to, label) => el("button", { type: "button", disabled: to < 0 || to >= list.length, click: () => show(to) }, label);
      part.push(el("p", { class: "pager" }, go(from - size, "Previous"), ` ${from + 1} to ${Math.min(from + size, list.length)} of ${list.length} `, go(from + size, "Next")));
    }
    box.replaceChildren(...part.flat(Infinity));
  };
  show(0);
  return box;
}

// field returns a labelled field of a form. Options make it a choice.
let fields = 0;
export function field(label, name, value, attributes = {}, options = null) {
  const id = `field-${name}-${++fields}`;
  const hint = attributes.hint ? el("span", { class: "hint", id: id + "-hint" }, attributes.hint) : null;
  const shared = { id, name, "aria-describedby": hint && hint.id, ...attributes, hint: null, wide: null };
  let input;
  if (options) {
    input = el("select", shared, options.map((o) => {
      const [v, t] = Array.isArray(o) ? o : [o, o];
      return el("option", { value: v, selected: v === value }, shown(t));
    }));
  } else if (attributes.rows) {
    input = el("textarea", { spellcheck: "false", ...shared });
    input.value = value ?? "";
  } else {
    input = el("input", { type: "text", autocomplete: "off", spellcheck: "false", ...shared });
    input.value = value ?? "";
  }
  return el("div", { class: "field" + (attributes.rows || attributes.wide ? " wide" : "") }, el("label", { for: id }, label), input, hint);
}

// choices returns a group of boxes to check. Options are values and labels.
export function choices(label, name, options, checked) {
  return el("fieldset", { class: "field wide" }, el("legend", {}, label), options.map(([value, says]) => {
    const id = `field-${name}-${++fields}`;
    return el("div", { class: "choice" }, el("input", { type: "checkbox", id, name, value, checked: checked.includes(value) }), el("label", { for: id }, says));
  }));
}

// copy returns a button that copies a text, if the browser lets a page do so.
export function copy(value) {
  if (!navigator.clipboard) return "";
  const button = el("button", { type: "button", click: () => navigator.clipboard.writeText(value).then(() => { button.textContent = "Copied"; }, () => { button.textContent = "The browser forbids it"; }) }, "Copy");
  return button;
}

// form returns a form. Submit gets its values; a second submit waits until it has ended, and the form shows its error.
export function form(attributes, label, submit, ...children) {
  const button = el("button", { type: "submit", class: "primary", id: attributes.id ? attributes.id + "-submit" : null }, label);
  const fault = el("div", { role: "alert" });
  const f = el("form", {
    ...attributes,
    submit: async (event) => {
      event.preventDefault();
      if (button.hasAttribute("aria-disabled")) return;
      button.setAttribute("aria-disabled", "true"); // a disabled button would lose the focus
      fault.replaceChildren();
      try {
        await submit(Object.fromEntries(new FormData(f)), f);
      } catch (err) {
        fault.replaceChildren(problem(err));
      } finally {
        button.removeAttribute("aria-disabled");
      }
    },
  }, children, el("div", { class: "field" }, button), fault);
  return f;
}

// action returns a button that does something and shows its outcome. With ask, a second button confirms it. Name tells it from others.
export function action(label, run, ask = "", name = "") {
  const box = el("span", { class: "action" });
  const out = el("span", { role: "status" });
  let running = false; // a second click waits until the first has its outcome
  const act = async () => {
    if (running) return;
    running = true;
    out.replaceChildren("…");
    try {
      out.replaceChildren(...[await run()].flat().filter(Boolean));
    } catch (err) {
      out.replaceChildren(problem(err));
    } finally {
      running = false;
    }
  };
  const first = el("button", {
    type: "button", "aria-label": name ? shown(name).slice(0, 200) : null,
    click: () => {
      if (!ask) return act();
      const reset = () => { box.replaceChildren(first, out); first.focus(); };
      const yes = el("button", { type: "button", class: "danger", click: () => { reset(); act(); } }, ask);
      box.replaceChildren(yes, " ", el("button", { type: "button", click: reset }, "Cancel"));
      yes.focus();
    },
  }, label);
  box.replaceChildren(first, out);
  return box;
}

// problem shows an error.
export function problem(err) {
  const list = (err.errors || []).slice(0, 50);
  return el("div", { class: "problem" }, el("p", {}, text(err.message, 500)),
    list.length > 0 && el("ul", {}, list.map((e) => el("li", {}, e.line ? `line ${e.line}: ` : "", text(e.message, 500)))));
}
