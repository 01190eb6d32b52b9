// Makes and updates elements. Texts become text nodes: nothing from the hub is ever read as HTML.

/**
 * @typedef {Node | string | number | null | undefined | false | readonly any[]} Kid
 * @typedef {Record<string, unknown>} Props
 */

const SVG = "http://www.w3.org/2000/svg";
/** Properties that are set on the object, as their attribute says something else or nothing. */
const DIRECT = new Set(["value", "checked", "selected", "disabled", "indeterminate", "hidden", "open"]);

/**
 * An element: `h("button", { class: "x", on: { click } }, "text")`. A property that is false, null or undefined is left out;
 * `on` holds listeners, `data` becomes data attributes, `aria` becomes aria attributes.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Props | null} [props]
 * @param {...Kid} kids
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(name, props, ...kids) {
  const node = document.createElement(name);
  set(node, props ?? {});
  add(node, kids);
  return node;
}

/**
 * An SVG element.
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {...Node} kids
 */
export function svg(name, attributes, ...kids) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  node.append(...kids);
  return node;
}

/**
 * @param {Element} node
 * @param {Props} props
 */
function set(node, props) {
  for (const [key, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") {
      for (const [event, listener] of Object.entries(/** @type {Record<string, EventListener>} */ (value))) {
        node.addEventListener(event, listener);
      }
    } else if (key === "data" || key === "aria") {
      for (const [part, said] of Object.entries(/** @type {Record<string, unknown>} */ (value))) {
        if (said !== null && said !== undefined) node.setAttribute(`${key}-${part}`, String(said));
      }
    } else if (DIRECT.has(key)) {
      Reflect.set(node, key, value);
    } else {
      node.setAttribute(key, value === true ? "" : String(value));
    }
  }
}

/**
 * @param {Node} node
 * @param {Kid[]} kids
 */
function add(node, kids) {
  for (const kid of kids) {
    if (Array.isArray(kid)) add(node, kid);
    else if (kid instanceof Node) node.appendChild(kid);
    else if (kid !== null && kid !== undefined && kid !== false && kid !== "") {
      node.appendChild(document.createTextNode(String(kid)));
    }
  }
}

/**
 * Puts these in the place of all that an element holds.
 * @param {Element} node
 * @param {...Kid} kids
 */
export function fill(node, ...kids) {
  const fresh = document.createDocumentFragment();
  add(fresh, kids);
  node.replaceChildren(fresh);
}

/**
 * Writes a text only where it is another: a screen reader reads out what changes.
 * @param {Node} node
 * @param {string} text
 */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @type {WeakMap<Element, Map<string, { facts: string, node: HTMLElement }>>} */
const drawn = new WeakMap();

/**
 * One element per item, in order. What has not changed stays as it is, with its focus; a button that is drawn anew keeps it too.
 * @template T
 * @param {Element} list
 * @param {readonly T[]} items
 * @param {(item: T) => string | number} key
 * @param {(item: T) => HTMLElement} draw
 * @param {string} [also] what the drawing depends on beside the item, e.g. the day
 */
export function keyed(list, items, key, draw, also = "") {
  const focus = remembered(list);
  const before = drawn.get(list) ?? new Map();
  /** @type {Map<string, { facts: string, node: HTMLElement }>} */
  const now = new Map();
  for (const item of items) {
    const name = String(key(item));
    const facts = also + JSON.stringify(item);
    const old = before.get(name);
    const one = old !== undefined && old.facts === facts ? old : { facts, node: draw(item) };
    one.node.dataset.key = name;
    now.set(name, one);
  }
  drawn.set(list, now);
  const wanted = new Set([...now.values()].map((one) => one.node));
  for (const node of [...list.children]) if (!wanted.has(/** @type {HTMLElement} */ (node))) node.remove();
  let place = 0;
  for (const node of wanted) {
    if (list.children[place] !== node) list.insertBefore(node, list.children[place] ?? null);
    place += 1;
  }
  focus();
}

/**
 * Remembers where the focus is inside an element; the answer puts it back on the control of the same name.
 * @param {Element} list
 * @returns {() => void}
 */
export function remembered(list) {
  const focused = document.activeElement;
  if (!(focused instanceof HTMLElement) || !list.contains(focused)) return () => {};
  const name = nameOf(focused);
  return () => {
    if (list.contains(document.activeElement)) return;
    const same = [...list.querySelectorAll("a, button, input, select, textarea, summary")].find((node) => nameOf(node) === name);
    if (same instanceof HTMLElement) same.focus({ preventScroll: true });
  };
}

/** @param {Element} node */
function nameOf(node) {
  return `${node.tagName} ${node.getAttribute("aria-label") ?? node.getAttribute("name") ?? node.textContent}`;
}

let ids = 0;
/** An id that no other element has, for labels and descriptions. */
export function freshId() {
  ids += 1;
  return `n${ids}`;
}
