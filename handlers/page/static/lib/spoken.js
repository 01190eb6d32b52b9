// What the hub says, in the reader's language. Its sentences are English; hub_says.LANGUAGE.json knows them by their words, with places
// for what is filled in. What is put together from several of them is taken apart here.

import { h } from "./dom.js";
import { asSentence, currentLanguage, sentencesOfHub } from "./texts.js";

/** The section with parts of sentences, e.g. "the phone X": they are found in places alone. */
const PARTS = "parts";
/** A part or sentence that begins so may also stand behind another one: "; left out". */
const TAIL = /^[ ;,:]/;
/** Places of these names must hold a known part: what stands there tells the sentences apart. */
const MUST_BE_PART = new Set(["phone", "at", "minutes", "posts", "kind", "language"]);
const NUMBERS = new Set(["id", "n", "percent", "least", "celsius", "most", "seconds", "size"]);
/** A field, a name or a quoted text, as a sentence of the hub begins with it. */
const NAME = /^(?:"[^"]*"|[\w.@[\]-]+)$/;
const FIELD = /^([\w.[\]]+): (.+)$/s;
/** In so many words behind the beginning a sentence has its subject. */
const SUBJECT_WORDS = 6;

/** @typedef {{ english: string[], pattern: RegExp | null, must: string, places: string[], text: string, weight: number }} Known */
/** @typedef {{ parts: Known[], tails: Known[], whole: Known[] }} Table */

/** @type {Table | null} */
let table = null;
/** What the table was made of. @type {unknown} */
let source = null;

/** All that is known, what has the most words of its own first. @returns {Table} */
function known() {
  const found = sentencesOfHub();
  if (table !== null && source === found) return table;
  source = found;
  answers.clear();
  table = { parts: [], tails: [], whole: [] };
  for (const [section, sentences] of Object.entries(found)) {
    for (const [english, text] of Object.entries(sentences)) {
      if (section === PARTS || TAIL.test(english)) table.parts.push(entry(english, text));
      else table.whole.push(entry(english, text));
      if (section !== PARTS && TAIL.test(english)) table.tails.push(entry(`{}${english}`, `{}${text}`));
    }
  }
  for (const each of Object.values(table)) each.sort((one, other) => other.weight - one.weight);
  return table;
}

/** @param {string} english @param {string} text @returns {Known} */
function entry(english, text) {
  const words = english.split(/\{\w*\}/);
  const places = [...english.matchAll(/\{(\w*)\}/g)].map(([, name], at) => name || String(at + 1));
  const must = words.reduce((longest, word) => (word.length > longest.length ? word : longest));
  return { english: words, pattern: null, must, places, text, weight: words.join("").length };
}

/** What stands in the places of an entry, null where the text is another one. @param {Known} one @param {string} text */
function valuesOf(one, text) {
  if (!text.includes(one.must)) return null;
  if (one.pattern === null) {
    const source = one.english.map(escaped).reduce((before, word, at) => before + placeOf(one.places[at - 1] ?? "") + word);
    one.pattern = new RegExp(`^${source}$`, "su");
  }
  return one.pattern.exec(text)?.slice(1) ?? null;
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** What may stand in a place. @param {string} name */
function placeOf(name) {
  return NUMBERS.has(name) ? "([\\d.,]+)" : "(.*?)";
}

/**
 * A sentence of the hub as the reader says it; what is not known stays as it came.
 * @param {string} text
 * @returns {string}
 */
export function spoken(text) {
  return translated(text) ?? text;
}

/**
 * The same for what a sentence is about, such as "adb key".
 * @param {string} text
 * @returns {string}
 */
export function spokenName(text) {
  return currentLanguage() === "en" ? text : (part(text) ?? spoken(text));
}

/** Sentences come again with each row and each answer. @type {Map<string, string | null>} */
const answers = new Map();
const ANSWERS_MAX = 500;

/** @param {string} text @returns {string | null} null: it is not known */
export function translated(text) {
  if (currentLanguage() === "en" || text === "") return text;
  known();
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
  const small = bare.charAt(0).toLowerCase() + bare.slice(1);
  const found =
    inParts(bare, "; ") ??
    ofField(bare) ??
    whole(bare) ??
    (small === bare ? null : whole(small)) ??
    ended(bare) ??
    inParts(bare, ". ") ??
    behindColon(bare) ??
    about(bare);
  if (found === null) return null;
  return (small === bare ? found : found.charAt(0).toUpperCase() + found.slice(1)) + (bare === text ? "" : ".");
}

/** @param {string} text */
function whole(text) {
  return matched(text, known().whole);
}

/** "A sentence; with something behind it". @param {string} text @returns {string | null} */
function ended(text) {
  return withTail(text, translated);
}

/**
 * A text with a known end.
 * @param {string} text
 * @param {(head: string) => string | null} told what is before the end, null where it cannot be that
 * @returns {string | null}
 */
function withTail(text, told) {
  for (const tail of known().tails) {
    const [head, ...values] = valuesOf(tail, text) ?? [];
    if (!head) continue;
    const ends = values.map((value, at) => filled(tail.places[at + 1] ?? "", value));
    const begin = ends.includes(null) ? null : told(head);
    if (begin !== null) return written(tail, [begin, ...ends]);
  }
  return null;
}

/** "One reason; another", "One sentence. Another". @param {string} text @param {string} between */
function inParts(text, between) {
  if (!text.includes(between)) return null;
  const all = text.split(between).map(translated);
  return all.includes(null) ? null : all.join(between);
}

/** "field: problem". @param {string} text @returns {string | null} */
function ofField(text) {
  const [, field, rest] = FIELD.exec(text) ?? [];
  const told = rest === undefined ? null : translated(rest);
  return told === null ? null : `${part(field ?? "") ?? field}: ${told}`;
}

/** "someone: problem", "sentence: reason". @param {string} text @returns {string | null} */
function behindColon(text) {
  for (let at = text.indexOf(": "); at > 0; at = text.indexOf(": ", at + 1)) {
    const before = text.slice(0, at);
    const left = part(before) ?? (NAME.test(before) ? before : translated(before));
    const rest = text.slice(at + 2);
    const right = left === null ? null : (translated(rest) ?? part(rest));
    if (right !== null) return `${left}: ${right}`;
  }
  return null;
}

/** "someone does something": the subject is a name or a known part. @param {string} text @returns {string | null} */
function about(text) {
  let at = text.startsWith('"') ? text.indexOf('" ') + 1 : text.indexOf(" ");
  for (let words = 0; at > 0 && words < SUBJECT_WORDS; words += 1, at = text.indexOf(" ", at + 1)) {
    const before = text.slice(0, at);
    const subject = part(before) ?? (NAME.test(before) ? quoted(before) : null);
    const rest = text.slice(at + 1);
    const told = subject === null ? null : (whole(rest) ?? ended(rest));
    if (told !== null) return `${subject} ${told}`;
  }
  return null;
}

/** @param {string} text @param {Known[]} among @returns {string | null} */
function matched(text, among) {
  for (const one of among) {
    const values = valuesOf(one, text);
    if (values === null) continue;
    const places = values.map((value, at) => filled(one.places[at] ?? "", value));
    if (places.includes(null)) continue;
    return written(one, places);
  }
  return null;
}

/** @param {Known} one @param {(string | null)[]} values of its places, in the order of the English */
function written(one, values) {
  let next = 0;
  return one.text.replace(/\{(\w*)\}/g, (_, name) => values[name === "" ? next++ : one.places.indexOf(name)] ?? "");
}

/** What stands in a place, as the reader says it; null where that must be known and is not. @param {string} name @param {string} value @returns {string | null} */
function filled(name, value) {
  if (NUMBERS.has(name) || value === "") return value;
  if (MUST_BE_PART.has(name)) return part(value);
  if (NAME.test(value)) return part(value) ?? quoted(value);
  return translated(value) ?? withTail(value, (head) => filled("", head)) ?? part(value) ?? value;
}

/** The same where it stands alone: it begins as a sentence does. @param {string} text */
export function sentenceSaid(text) {
  return asSentence(spoken(text));
}

/** A part of a sentence, also at its beginning. @param {string} text @returns {string | null} */
function part(text) {
  const small = text.charAt(0).toLowerCase() + text.slice(1);
  const found = matched(text, known().parts) ?? (small === text ? null : matched(small, known().parts));
  return found === null || small === text ? found : found.charAt(0).toUpperCase() + found.slice(1);
}

/** A name in the reader's quotation marks, where it has some. @param {string} text */
function quoted(text) {
  return text.replace(/^"(.*)"$/s, "„$1“");
}

/**
 * The same for the page: what stays English is marked so, and a screen reader says it in English.
 * @param {string} text
 * @returns {Node | string}
 */
export function spokenNode(text) {
  return translated(text) ?? h("span", { lang: "en" }, text);
}
