// Runs the status page's own scripts in Node against the real server at BOX: a document with just enough in it. Prints, as JSON,
// the text of every element that the page has an id for. TOKEN is typed into the form if given. STEPS, a JSON list, is what a
// person then does: ["press", BUTTON], ["send", BUTTON] (and wait for what came of it), ["send twice", BUTTON], ["tick"],
// ["meanwhile", METHOD, PATH] (somebody else), ["cut"] (the network is gone), ["send from elsewhere", BUTTON] (where a token
// is needed); after each the dialog and what was said is noted.
const realFetch = globalThis.fetch;
const page = await (await realFetch(process.env.BOX + "/")).text();
const script = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text]) => text).join("\n");

class Node {
  constructor(name) { Object.assign(this, { name, children: [], parent: null, listeners: {}, value: "", hidden: false, attributes: {}, own: "", dataset: {} }); }
  set textContent(text) { this.own = String(text); this.children = []; }
  get textContent() { return this.own + this.children.map((kid) => kid.textContent).join(" "); }
  append(...kids) { for (const kid of kids) this.insertBefore(kid instanceof Node ? kid : Object.assign(new Node("#text"), { own: String(kid) }), null); }
  insertBefore(kid, place) {
    kid.remove();
    this.children.splice(place ? this.children.indexOf(place) : this.children.length, 0, kid);
    kid.parent = this;
  }
  replaceChildren(...kids) { this.own = ""; this.children = []; this.append(...kids); }
  remove() { if (this.parent) this.parent.children = this.parent.children.filter((kid) => kid !== this); this.parent = null; }
  all() { return this.children.flatMap((kid) => [kid, ...kid.all()]); }
  contains(node) { return this === node || this.all().includes(node); }
  addEventListener(kind, act) { this.listeners[kind] = act; }
  setAttribute(name, value) { this.attributes[name] = value; }
  focus() { document.activeElement = this; }
  showModal() { this.open = true; }
  close() { this.open = false; this.listeners.close?.(); }
}
const body = new Node("body"), byId = new Map();
for (const [, id] of page.matchAll(/ id="([a-z-]+)"/g)) { byId.set(id, new Node(id)); body.append(byId.get(id)); }
byId.get("token-form").hidden = true;
globalThis.Node = Node;
globalThis.document = {
  body,
  activeElement: body,
  getElementById: (id) => byId.get(id) ?? null,
  querySelectorAll: (name) => body.all().filter((node) => node.name === name),
  createElement: (name) => new Node(name),
  addEventListener() {},
  hidden: false,
};
for (const place of ["sessionStorage", "localStorage"]) {
  const stored = new Map();
  const value = { getItem: (key) => stored.get(key) ?? null, setItem: (key, text) => stored.set(key, text), removeItem: (key) => stored.delete(key) };
  Object.defineProperty(globalThis, place, { value });
}
globalThis.location = { hash: "", pathname: "/", search: "" };
globalThis.history = { replaceState() { location.hash = ""; } };
globalThis.addEventListener = () => {};
const extra = process.env.FORWARDED ? { "X-Forwarded-For": process.env.FORWARDED } : {};
const sent = [];
let cut = false;
globalThis.fetch = async (path, options) => {
  if (options.method !== "GET") sent.push(options.method + " " + path);
  if (cut) throw new TypeError("fetch failed");
  return realFetch(process.env.BOX + path, { ...options, headers: { ...options.headers, ...extra } });
};
// The page asks for its next refresh once a refresh is complete: that is when we look.
let settled = () => {};
const later = () => { settled("refreshed"); return 0; };
const next = () => new Promise((resolve) => { settled = resolve; });
const texts = () => Object.fromEntries([...byId].map(([id, node]) => [id, node.hidden ? null : node.textContent]));

const first = next();
const locked = () => new Promise((resolve) => setImmediate(function look() {
  if (byId.get("token-form").hidden === false && byId.get("problem").textContent) resolve("locked");
  else setImmediate(look);
}));
new Function("setTimeout", "clearTimeout", script)(later, () => {});
const result = { first: await Promise.race([first, locked()]), before: texts() };
if (process.env.TOKEN) {
  byId.get("token").value = process.env.TOKEN;
  const again = next();
  byId.get("token-form").listeners.submit({ preventDefault() {} });
  await again;
  result.after = texts();
}

const dialog = () => body.children.find((node) => node.name === "dialog");
const nameOf = (node) => node.attributes["aria-label"] ?? node.textContent;
function named(name) {
  const buttons = (dialog() ?? body).all().filter((node) => node.name === "button");
  const found = buttons.find((node) => nameOf(node) === name);
  if (!found) throw new Error("no button " + name + " among " + buttons.map(nameOf).join(" | "));
  return found;
}
async function press(name) {
  const found = named(name);
  if (found.disabled) throw new Error("the button " + name + " is disabled");
  document.activeElement = found;
  await found.listeners.click({ detail: 1 });
}
const steps = {
  press,
  async send(name) { const again = next(); await press(name); await again; },
  async "send twice"(name) { const again = next(), act = named(name).listeners.click; await Promise.all([act({ detail: 1 }), act({ detail: 1 })]); await again; },
  tick() { const box = dialog().all().find((node) => node.name === "input"); box.checked = true; box.listeners.change(); },
  async meanwhile(method, path) { await realFetch(process.env.BOX + path, { method }); },
  cut() { cut = true; },
  async "send from elsewhere"(name) { extra["X-Forwarded-For"] = "203.0.113.7"; await press(name); await locked(); },
};
result.steps = [];
for (const [kind, ...words] of JSON.parse(process.env.STEPS ?? "[]")) {
  await steps[kind](...words);
  const disabled = dialog()?.all().filter((node) => node.disabled).map(nameOf) ?? [];
  result.steps.push({ dialog: dialog()?.textContent ?? null, disabled, said: byId.get("said-text").textContent, focus: nameOf(document.activeElement) });
}
Object.assign(result, { sent, end: texts(), buttons: body.all().filter((node) => node.name === "button").map(nameOf) });

const log = body.all().find((node) => node.name === "button" && node.textContent === "log");
if (log && !process.env.TOKEN && !process.env.STEPS) {
  await log.listeners.click();
  result.log = byId.get("box-body").textContent;
}
console.log(JSON.stringify(result));
process.exit(0);
