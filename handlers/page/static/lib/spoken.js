// What the hub says, in the reader's language: its sentences are English, and texts.json knows most of them with their places.

import { h } from "./dom.js";
import { currentLanguage, sentencesOfHub } from "./texts.js";

/** Keys that begin so are parts of a sentence, e.g. "the phone X"; the others are whole ones. */
const PART = "part_";
/** Places that hold a sentence of their own; the others hold a part, a name or a number. */
const SENTENCES = new Set(["why", "doubt", "files"]);
/** Places that must hold a known part: what stands there tells the sentences apart. */
const PARTS = new Set(["phone", "at", "minutes", "posts"]);
const NUMBERS = new Set(["id", "n", "percent", "least", "celsius", "most", "seconds", "size"]);

/** @typedef {{ pattern: RegExp, places: string[], text: string, part: boolean, weight: number }} Known */

/** @type {Known[] | null} */
let known = null;

/** All entries, those with the most words of their own first. */
function entries() {
  known ??= Object.entries(sentencesOfHub())
    .map(([key, [english, text]]) => {
      const places = [...english.matchAll(/\{(\w+)\}/g)].map(([, name]) => String(name));
      const words = english.split(/\{\w+\}/);
      const source = words.map(escaped).reduce((before, word, at) => before + placeOf(places[at - 1] ?? "") + word);
      return {
        pattern: new RegExp(`^${source}$`, "su"),
        places,
        text,
        part: key.startsWith(PART),
        weight: words.join("").length,
      };
    })
    .toSorted((one, other) => other.weight - one.weight);
  return known;
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** What may stand in a place. @param {string} name */
function placeOf(name) {
  return NUMBERS.has(name) ? "([\\d.,]+)" : SENTENCES.has(name) ? "(.+)" : "(.*?)";
}

/**
 * A sentence of the hub as the reader says it; what is not known stays as it came.
 * @param {string} text
 * @returns {string}
 */
export function spoken(text) {
  return translated(text) ?? text;
}

/** Sentences come again with each row and each answer. @type {Map<string, string | null>} */
const answers = new Map();
const ANSWERS_MAX = 500;

/** @param {string} text @returns {string | null} null: it is not known */
function translated(text) {
  if (currentLanguage() === "en" || text === "") return text;
  let answer = answers.get(text);
  if (answer === undefined) {
    answer = looked(text);
    if (answers.size >= ANSWERS_MAX) answers.clear();
    answers.set(text, answer);
  }
  return answer;
}

/** @param {string} text @returns {string | null} */
function looked(text) {
  const bare = text.endsWith(".") ? text.slice(0, -1) : text;
  const found = matched(bare, false) ?? matched(bare.charAt(0).toLowerCase() + bare.slice(1), false) ?? inParts(bare);
  if (found === null) return null;
  const upper = bare.charAt(0) !== bare.charAt(0).toLowerCase();
  return (upper ? found.charAt(0).toUpperCase() + found.slice(1) : found) + (bare === text ? "" : ".");
}

/** "One reason; another". @param {string} text */
function inParts(text) {
  if (!text.includes("; ")) return null;
  const all = text.split("; ").map(translated);
  return all.every((one) => one !== null) ? all.join("; ") : null;
}

/** @param {string} text @param {boolean} part @returns {string | null} */
function matched(text, part) {
  for (const one of entries()) {
    if (one.part !== part) continue;
    const values = one.pattern.exec(text)?.slice(1);
    if (values === undefined) continue;
    const places = new Map(one.places.map((name, at) => [name, filled(name, values[at] ?? "")]));
    if ([...places.values()].includes(null)) continue;
    return one.text.replace(/\{(\w+)\}/g, (_, name) => places.get(name) ?? "");
  }
  return null;
}

/** What stands in a place, as the reader says it; null where that must be known and is not. @param {string} name @param {string} value */
function filled(name, value) {
  if (SENTENCES.has(name)) return spoken(value);
  const part = value === "" ? "" : matched(value, true);
  return part ?? (PARTS.has(name) ? null : value);
}

/**
 * The same for the page: what stays English is marked so, and a screen reader says it in English.
 * @param {string} text
 * @returns {Node | string}
 */
export function spokenNode(text) {
  return translated(text) ?? h("span", { lang: "en" }, text);
}
