// Runs the status page's own script in Node against a real server: a document with just enough in it, fetch with BOX before
// each path. Prints, as JSON, the text of every element that the page has an id for. TOKEN is typed into the form if given.
import { readFileSync } from "node:fs";

const page = readFileSync(process.argv[2], "utf8");
const script = page.match(/<script>(.*?)<\/script>/s)[1];

class Node {
  constructor(name) { Object.assign(this, { name, kids: [], listeners: {}, value: "", hidden: false, attributes: {}, own: "" }); }
  set textContent(text) { this.own = String(text); this.kids = []; }
  get textContent() { return this.own + this.kids.map((kid) => kid.textContent).join(" "); }
  append(...kids) { this.kids.push(...kids.map((kid) => (kid instanceof Node ? kid : Object.assign(new Node("#text"), { own: String(kid) })))); }
  replaceChildren(...kids) { this.own = ""; this.kids = []; this.append(...kids); }
  addEventListener(kind, act) { this.listeners[kind] = act; }
  setAttribute(name, value) { this.attributes[name] = value; }
  focus() {}
  showModal() { this.opened = true; }
}
const byId = new Map();
for (const [, id] of page.matchAll(/ id="([a-z-]+)"/g)) byId.set(id, new Node(id));
byId.get("token-form").hidden = true;
const stored = new Map();
globalThis.Node = Node;
globalThis.document = {
  getElementById: (id) => byId.get(id) ?? null,
  createElement: (name) => new Node(name),
  addEventListener() {},
  hidden: false,
};
globalThis.sessionStorage = { getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => stored.set(key, value) };
let settled = () => {};
const realFetch = globalThis.fetch;
const extra = process.env.FORWARDED ? { "X-Forwarded-For": process.env.FORWARDED } : {};
globalThis.fetch = (path, options) =>
  realFetch(process.env.BOX + path, { ...options, headers: { ...options.headers, ...extra } });
// The page asks for its next refresh once a refresh is complete: that is when we look.
const later = () => { settled("refreshed"); return 0; };
const next = () => new Promise((resolve) => { settled = resolve; });
const texts = () => Object.fromEntries([...byId].map(([id, node]) => [id, node.hidden ? null : node.textContent]));

const first = next();
const locked = new Promise((resolve) => setImmediate(function look() {
  if (byId.get("token-form").hidden === false && byId.get("problem").textContent) resolve("locked");
  else setImmediate(look);
}));
new Function("setTimeout", "clearTimeout", script)(later, () => {});
const result = { first: await Promise.race([first, locked]), before: texts() };
if (process.env.TOKEN) {
  byId.get("token").value = process.env.TOKEN;
  const again = next();
  byId.get("token-form").listeners.submit({ preventDefault() {} });
  await again;
  result.after = texts();
}
const log = byId.get("tasks").kids[0]?.kids.at(-1).kids[0].kids[0];
if (log && !process.env.TOKEN) {
  await log.listeners.click();
  result.log = byId.get("box-body").textContent;
}
console.log(JSON.stringify(result));
process.exit(0);
