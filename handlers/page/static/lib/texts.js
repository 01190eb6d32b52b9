// The console's words in the reader's language: texts.json has them all, and the hub sends those of one language. `t("queue.title")`, `t("compose.post_to", { n: 3 })`.

/** @typedef {"en" | "de"} Language */
/** @type {Record<string, Record<string, string>>} */
let texts = {};
/** What the hub says in English, with its form in the reader's language, by section. @type {Record<string, Record<string, string>>} */
let hubSays = {};
/** The rest of both, once it was asked for. @type {Promise<void> | null} */
let rest = null;
/** @type {Language} */
let language = "en";
let plurals = new Intl.PluralRules("en");
const KEY = "language";

/** Reads the file; called once, before anything is drawn. first.js has asked for the same one. */
export async function loadTexts() {
  use(chosenLanguage() || (navigator.language.toLowerCase().startsWith("de") ? "de" : "en"));
  ({ hub_says: hubSays = {}, ...texts } = await read(`texts.${language}.json`));
}

/** Reads what is said elsewhere than on Home. What went wrong is raised; the next screen asks again. */
export function loadMoreTexts() {
  rest ??= read(`later.${language}.json`).then(
    ({ hub_says: says = {}, ...more }) => {
      hubSays = { ...hubSays, ...says };
      for (const [section, own] of Object.entries(more)) texts[section] = { ...texts[section], ...own };
    },
    (error) => {
      rest = null;
      throw error;
    },
  );
  return rest;
}

/** @param {string} name @returns {Promise<any>} */
async function read(name) {
  const answer = await fetch(new URL(`../${name}`, import.meta.url), { mode: "cors", credentials: "same-origin" });
  if (!answer.ok) throw new TypeError(`${name}: ${answer.status}`); // as a module of another console than this one
  return answer.json();
}

/** @returns {Language} */
export function currentLanguage() {
  return language;
}

/** What was chosen on this device, "" where the browser's own language counts. @returns {Language | ""} */
export function chosenLanguage() {
  const kept = keep(KEY);
  return kept === "de" || kept === "en" ? kept : "";
}

/** @param {Language | ""} wanted "" gives the choice back to the browser */
export function chooseLanguage(wanted) {
  keep(KEY, wanted);
  location.reload();
}

/** @param {Language} wanted */
function use(wanted) {
  language = wanted;
  plurals = new Intl.PluralRules(wanted);
  document.documentElement.lang = wanted;
}

/**
 * A text with its places filled in. With `n`, the key's form for that number (`_one`, `_other`) is taken where there is one.
 * @param {string} path section and key
 * @param {Record<string, string | number>} [facts]
 */
export function t(path, facts = {}) {
  const [section = "", key = ""] = path.split(".", 2);
  const entries = texts[section] ?? {};
  const form = "n" in facts ? (entries[`${key}_${plurals.select(Number(facts.n))}`] ?? entries[`${key}_other`]) : undefined;
  const found = form ?? entries[key];
  if (found === undefined) return path;
  return found.replace(/\{(\w+)\}/g, (place, name) => {
    const value = facts[name];
    return value === undefined ? place : typeof value === "number" ? number(value) : value;
  });
}

/** Whether there is such a text. @param {string} path */
export function has(path) {
  const [section = "", key = ""] = path.split(".", 2);
  return texts[section]?.[key] !== undefined;
}

/** What the hub says, by section: its English, and the form in the reader's language. Another object once there is more. */
export function sentencesOfHub() {
  return hubSays;
}

/** As a sentence begins: what the hub says may follow a colon elsewhere. @param {string} text */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** As it stands alone; a name at its beginning stays. @param {string} text */
export function asSentence(text) {
  return /^\p{Ll}[\p{L}’'-]*[ ,]/u.test(text) ? capital(text) : text;
}

/** A number as the reader writes it. @param {number} value */
export function number(value) {
  return new Intl.NumberFormat(language).format(value);
}

/** A language as the reader calls it: "Dutch" for "nl". @param {string} tag a BCP 47 tag, "" where none is known */
export function languageName(tag) {
  if (tag === "") return "";
  try {
    return new Intl.DisplayNames(language, { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag; // no tag at all: shown as it came
  }
}

/** A size in bytes with a unit. @param {number} bytes */
export function size(bytes) {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let place = 0;
  let value = bytes;
  while (value >= 1000 && place < units.length - 1) {
    value /= 1000;
    place += 1;
  }
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: value < 10 && place > 0 ? 1 : 0 }).format(value)} ${units[place]}`;
}

/**
 * Reads (one argument) or writes a choice of this device; a browser may forbid the place altogether.
 * @param {string} name
 * @param {string} [value] "" removes it
 */
export function keep(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(name) ?? "";
    if (value === "") localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    return ""; // then the choice lives as long as the page
  }
  return value;
}
