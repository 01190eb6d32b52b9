"use strict";
// What the page is made of: elements, calls, times, and the dialog for pictures and logs.

const WAIT_MS = 30000;
const byId = (id) => document.getElementById(id);
let boxAhead_ms = 0;  // the box's clock against this browser's
const boxNow_ms = () => Date.now() + boxAhead_ms;

function make(name, text, kind) {
  const node = document.createElement(name);
  if (text !== undefined && text !== null) node.textContent = String(text);
  if (kind) node.className = kind;
  return node;
}
function box(name, kind, ...kids) {
  const node = make(name, undefined, kind);
  node.append(...kids);
  return node;
}
// A button in a list; `of` is the task or phone it belongs to, which a screen reader says along.
function button(text, act, of) {
  const node = make("button", text, "plain");
  node.type = "button";
  if (of) { node.dataset.of = of; node.setAttribute("aria-label", text + ", " + of); }
  node.addEventListener("click", act);
  return node;
}
// How a phone is shown: its label and its serial, or the serial alone.
let labels = new Map();
const phoneName = (serial) => (labels.get(serial) ? labels.get(serial) + " (" + serial + ")" : serial);
// Only what is new is written: screen readers read out what changes.
function write(id, text, kind) {
  const node = byId(id);
  if (node.textContent !== text) node.textContent = text;
  if (kind !== undefined) node.className = kind;
}

const filled = new Map();  // list -> key -> [what it was made from, the element]
// Puts one element per item into a list. What has not changed stays as it is; a button that is made anew keeps the focus.
function fill(list, items, key, draw) {
  const focused = document.activeElement, inside = list.contains(focused);
  const old = filled.get(list) || new Map(), now = new Map();
  const day = Math.floor(boxNow_ms() / 900000);  // times are shown without the day as long as it is today
  for (const item of items) {
    const facts = JSON.stringify([day, item]), before = old.get(key(item));
    now.set(key(item), before && before[0] === facts ? before : [facts, draw(item)]);
  }
  filled.set(list, now);
  const wanted = [...now.values()].map(([, node]) => node);
  for (const node of [...list.children]) if (!wanted.includes(node)) node.remove();
  wanted.forEach((node, place) => { if (list.children[place] !== node) list.insertBefore(node, list.children[place] || null); });
  if (inside && !list.contains(document.activeElement)) refocus(focused.dataset.of, focused.textContent);
}
// The focus goes to this button of a task or phone, else to its first one, else to what was said last.
function refocus(of, text) {
  const there = [...document.querySelectorAll("button")].filter((node) => of && node.dataset.of === of && !node.disabled);
  const node = there.find((one) => one.textContent === text) || there[0] || byId("said-ok");
  node.focus({ preventScroll: true });
}

// Raises an Error: `locked` where a token is needed, `refused` where the sentence is the daemon's own.
async function call(path, method) {
  const headers = token ? { Authorization: "Bearer " + token } : {};
  const answer = await fetch(path, {
    method: method || "GET", headers, cache: "no-store", signal: AbortSignal.timeout ? AbortSignal.timeout(WAIT_MS) : undefined,
  });
  if (answer.status === 401) throw refusal(await answer.json());
  return answer;
}
async function data(path, method) {
  const answer = await (await call(path, method)).json();
  if (answer.code !== 0) throw refusal(answer);
  return answer.data;
}
function refusal(answer) {
  return Object.assign(new Error(answer.message), { refused: true, locked: answer.code === 40101 });
}

// A time in milliseconds as the clock of an RFC 3339 moment of the box shows it.
function onClockOf(moment, at_ms) {
  const [, sign, hours, minutes] = moment.match(/([+-])(\d\d):(\d\d)$/);
  return new Date(at_ms + (sign === "-" ? -1 : 1) * (hours * 60 + +minutes) * 60000).toISOString();
}
// An RFC 3339 moment on the box's clock; the day only where it is not the box's today.
function time(moment) {
  const today = onClockOf(moment, boxNow_ms()).slice(0, 10);
  return moment.startsWith(today) ? moment.slice(11, 19) : moment.slice(0, 10) + " " + moment.slice(11, 16);
}

function showBox(title, ...nodes) {
  byId("box-title").textContent = title;
  byId("box-body").replaceChildren(...nodes);
  if (!byId("box").open) byId("box").showModal();
}
async function showScreen(serial) {
  try {
    const answer = await call("/api/v1/devices/" + encodeURIComponent(serial) + "/screenshot");
    if (!(answer.headers.get("Content-Type") || "").startsWith("image/")) throw new Error((await answer.json()).message);
    showBox(phoneName(serial), await picture(answer, "the screen of " + phoneName(serial)));
  } catch (error) { showBox(phoneName(serial), make("p", error.message)); }
}
async function picture(answer, name) {
  const image = make("img");
  image.alt = name;
  image.src = URL.createObjectURL(await answer.blob());
  image.addEventListener("load", () => URL.revokeObjectURL(image.src));
  return image;
}
async function showLog(task) {
  const id = task.id;
  try {
    const found = await data("/api/v1/task/" + id + "/log");
    const lines = found.log.map((line) => {
      const { at, step, attempt, ...facts } = line;
      const more = Object.entries(facts).map(([name, value]) => name + "=" + (typeof value === "string" ? value : JSON.stringify(value)));
      return onClockOf(task.scheduled_at, Date.parse(at)).slice(11, 23) + "  " + attempt + "  " + step + "  " + more.join("  ");
    });
    const nodes = [make("pre", lines.join("\n") || "nothing was logged yet")];
    for (const name of found.artifacts) {
      const path = "/api/v1/task/" + id + "/artifacts/" + encodeURIComponent(name);
      nodes.push(button(name, async () => {
        try {
          const answer = await call(path);
          showBox(name, name.endsWith(".png") ? await picture(answer, name) : make("pre", await answer.text()));
        } catch (error) { showBox(name, make("p", error.message)); }
      }));
    }
    showBox("task " + id, ...nodes);
  } catch (error) { showBox("task " + id, make("p", error.message)); }
}
