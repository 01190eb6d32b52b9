// What the hub says of a post that is being written, sorted to the fields of the form.

import { h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { asSentence } from "../lib/texts.js";

/** @typedef {{ kind: "bad" | "warn", place: string, text: string, whose: Set<string> }} Remark */

/** Which field of the form a field of the API belongs to. @type {Record<string, string>} */
const PLACES = {
  captions: "caption",
  caption_format: "caption",
  start_time: "start",
  material_ids: "files",
  material_list: "files",
  image_count: "files",
  content_type: "files",
  usernames: "accounts",
  platform: "accounts",
  serials: "accounts",
  ai_label: "options",
  placement: "options",
  add_sound: "options",
  custom_sound_keyword: "options",
};

/**
 * The problems and warnings of `POST /api/v1/task/bulk`, the same one of several accounts once.
 * @param {import("../lib/api.js").Problem[]} problems
 * @param {string[]} warnings
 * @param {string[]} names of the accounts, in the order of the tasks
 */
export function remarks(problems, warnings, names) {
  /** @type {Map<string, Remark>} */
  const said = new Map();
  /** @param {"bad" | "warn"} kind @param {string} line */
  const add = (kind, line) => {
    const [, row, rest = ""] = /^(?:tasks\[(\d+)\][.:]?\s*)?(.*)$/s.exec(line) ?? [];
    const [, , field = "", text = rest] = /^(script_config\.)?([a-z_]*)(?:\[\d+\])?:\s*(.*)$/s.exec(rest) ?? [];
    const place = PLACES[field] ?? "form";
    const key = `${kind} ${place} ${text}`;
    const one = said.get(key) ?? { kind, place, text, whose: new Set() };
    const name = row === undefined ? undefined : names[Number(row)];
    if (name !== undefined) one.whose.add(name);
    said.set(key, one);
  };
  for (const one of problems) add("bad", `${one.field}: ${one.problem}`);
  for (const text of warnings) add("warn", text);
  return [...said.values()];
}

/** As a line below a field; says whom it is about where that are not all. @param {Remark} one @param {number} all */
export function note(one, all) {
  const whose = one.whose.size > 0 && one.whose.size < all ? `${[...one.whose].join("; ")}: ` : "";
  return h("li", { class: `note ${one.kind}` }, icon("alert"), h("span", null, whose ? whose + one.text : asSentence(one.text)));
}
