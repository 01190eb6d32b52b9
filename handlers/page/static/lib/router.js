// Addresses of screens: `#/queue?account=alice`. A screen is a module of screens/, loaded when it is first opened.

import { h } from "./dom.js";

/**
 * @typedef {object} Place where one is in the console
 * @property {string} name the screen, e.g. "queue"
 * @property {string} id what stands behind it, e.g. a task's number in `#/task/7`
 * @property {URLSearchParams} params
 *
 * @typedef {object} Visit what a screen gets when it is opened
 * @property {string} id
 * @property {URLSearchParams} params
 * @property {AbortSignal} signal aborted when the screen is left
 * @property {() => Promise<void>} reload reads the screen's data again, e.g. after an action
 *
 * @typedef {object} Screen what a screen answers
 * @property {string} title
 * @property {Node} node what stands in the page; begins with the heading
 * @property {() => Promise<void>} [load] reads the screen's data and draws it; called when it was opened, and whenever the hub changed
 * @property {(params: URLSearchParams) => void | Promise<void>} [filter] takes other filters from the address; without it the screen is opened anew
 * @property {() => void} [tick] called with each answer of the hub, at least every two seconds: times, progress
 * @property {() => void} [close] called when the screen is left
 */

/** The screens, and the item of the navigation that each belongs to. @type {Record<string, string>} */
export const SCREENS = {
  home: "home",
  compose: "compose",
  queue: "queue",
  history: "history",
  archive: "history",
  task: "",
  phones: "phones",
  phone: "phones",
  rehearsal: "phones",
  accounts: "accounts",
  library: "library",
  slots: "slots",
  system: "system",
  setup: "system",
  teach: "system",
  compat: "system",
  login: "",
};

/** Screens with a style sheet of their own, of the same name; Home's comes with the page. */
const STYLED = new Set([
  "accounts",
  "compat",
  "compose",
  "history",
  "library",
  "phone",
  "phones",
  "queue",
  "rehearsal",
  "setup",
  "slots",
  "system",
  "task",
  "teach",
]);

/** Screens with the style sheet of another one, which they look like. @type {Record<string, string>} */
const LIKE = { archive: "history" };

/** @returns {Place} */
export function placeNow() {
  const [, name = "", id = "", query = ""] = /^#\/?([a-z]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(location.hash) ?? [];
  return { name: name in SCREENS ? name : "home", id: decoded(id), params: new URLSearchParams(query) };
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The address of a screen, for links.
 * @param {string} name
 * @param {string | number} [id]
 * @param {Record<string, string | number | null | undefined>} [filters]
 */
export function to(name, id = "", filters = {}) {
  const kept = Object.entries(filters).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const query = kept.length ? `?${new URLSearchParams(kept.map(([key, value]) => [key, String(value)]))}` : "";
  return `#/${name}${id === "" ? "" : `/${encodeURIComponent(id)}`}${query}`;
}

/** @param {string} address */
export function go(address) {
  location.hash = address;
}

/**
 * Writes filters into the address without a new entry of the history: typing in a search box is no journey.
 * @param {Record<string, string | number | null | undefined>} filters
 */
export function keepFilters(filters) {
  const { name, id } = placeNow();
  history.replaceState(null, "", to(name, id, filters));
}

/**
 * The module of a screen, with its style sheet in place.
 * @param {string} name
 * @returns {Promise<(visit: Visit) => Screen | Promise<Screen>>}
 */
export async function screenOf(name) {
  const sheet = LIKE[name] ?? name;
  const [module] = await Promise.all([import(`../screens/${name}.js`), STYLED.has(sheet) ? styled(sheet) : null]);
  return module.default;
}

/** Style sheets that were asked for. @type {Map<string, { link: HTMLLinkElement, loaded: Promise<unknown> }>} */
const sheets = new Map();
let counting = ""; // the one that counts

/** @param {string} name */
function styled(name) {
  const known = sheets.get(name);
  if (known !== undefined) return known.loaded;
  const link = h("link", { rel: "stylesheet", href: new URL(`../styles/${name}.css`, import.meta.url).href });
  const loaded = new Promise((resolve) => {
    link.addEventListener("load", () => {
      count(link, name);
      resolve(undefined);
    });
    link.addEventListener("error", resolve);
  });
  sheets.set(name, { link, loaded });
  document.head.append(link);
  return loaded;
}

/** Lets the style sheet of this screen count and no other's: it looks the same whatever was open before. @param {string} name */
export function onlyStylesOf(name) {
  counting = LIKE[name] ?? name;
  for (const [other, { link }] of sheets) count(link, other);
}

/** @param {HTMLLinkElement} link @param {string} name */
function count(link, name) {
  if (link.sheet !== null) link.sheet.disabled = name !== counting;
}
