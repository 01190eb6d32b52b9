// Makes and changes slots: which days and times, for whom, from where.

import { newKey, send } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { h, write } from "../lib/dom.js";
import { askNow } from "../lib/live.js";
import { appIcon, appName, field, fold } from "../lib/parts.js";
import { currentLanguage, t } from "../lib/texts.js";
import { toast } from "../lib/toasts.js";
import { loadAccounts } from "./accounts.js";
import { loadPhones, phoneName } from "./phones.js";

/**
 * @typedef {object} Occurrence as in docs/api.md
 * @property {string} day
 * @property {string} time
 * @property {string} username
 * @property {string} start_time
 * @property {number[]} task_ids
 * @property {string} problem
 *
 * @typedef {object} Slot as in docs/api.md
 * @property {number} id
 * @property {string} name
 * @property {string[]} usernames
 * @property {string[]} times
 * @property {string[]} weekdays
 * @property {string | null} platform
 * @property {Record<string, any>} script_config
 * @property {"skip" | "catch_up"} missed
 * @property {string} first_day
 * @property {string} last_day
 * @property {boolean} paused
 * @property {Occurrence[]} next
 * @property {Occurrence[]} past
 */

const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** "Mon" in the reader's language. @param {string} word */
export function weekdayName(word) {
  const monday = Date.UTC(2024, 0, 1 + WEEKDAYS.indexOf(word), 12);
  return new Intl.DateTimeFormat(currentLanguage(), { weekday: "short", timeZone: "UTC" }).format(monday);
}

/** Asks for all that a slot says, then stores it. @param {Slot | null} slot @param {() => Promise<void>} after */
export async function editSlot(slot, after) {
  const [accounts] = await Promise.all([loadAccounts(AbortSignal.timeout(30_000)), loadPhones()]);
  const config = slot?.script_config ?? {};
  const key = newKey();
  const name = h("input", { name: "name", value: slot?.name ?? "", maxlength: 200, autocomplete: "off" });
  const days = WEEKDAYS.map((word) =>
    tickChip("weekdays", word, weekdayName(word), slot === null || slot.weekdays.includes(word)),
  );
  const times = h("input", {
    name: "times",
    value: (slot?.times ?? ["18:00"]).join(", "),
    required: true,
    autocomplete: "off",
    inputmode: "text",
  });
  const whom = [...new Map(accounts.map((one) => [one.username.toLowerCase(), one])).values()].map((one) => {
    const apps = accounts.filter((other) => other.username.toLowerCase() === one.username.toLowerCase());
    const chosen = slot?.usernames.some((user) => user.toLowerCase() === one.username.toLowerCase()) ?? false;
    const said = apps.map((other) => `${appName(other.platform)} ${phoneName(other.device)}`).join(", ");
    return tickChip(
      "usernames",
      one.username,
      `@${one.username}`,
      chosen,
      apps.map((other) => appIcon(other.platform)),
      said,
    );
  });
  const platform = choose(
    "platform",
    [
      ["", t("slots.app_of_account")],
      ["tiktok", "TikTok"],
      ["instagram", "Instagram"],
      ["all", t("slots.both_apps")],
    ],
    slot?.platform ?? "",
  );
  const source = choose(
    "material_source",
    [
      ["materialLibrary", t("slots.library")],
      ["localFolder", t("slots.folder")],
    ],
    String(config.material_source ?? "materialLibrary"),
  );
  const tags = h("input", { name: "materials_tags", value: String(config.materials_tags ?? ""), autocomplete: "off" });
  const folder = h("input", {
    name: "material_path",
    value: String(config.material_path ?? ""),
    autocomplete: "off",
    spellcheck: "false",
  });
  const kind = choose(
    "content_type",
    [
      ["0", t("slots.video")],
      ["1", t("slots.images")],
    ],
    String(config.content_type ?? 0),
  );
  const caption = h("textarea", { name: "captions", rows: 3 }, String(config.captions ?? ""));
  const missed = choose(
    "missed",
    [
      ["skip", t("slots.missed_skip")],
      ["catch_up", t("slots.missed_catch_up")],
    ],
    slot?.missed ?? "skip",
  );
  const first = h("input", { name: "first_day", type: "date", value: slot?.first_day ?? "" });
  const last = h("input", { name: "last_day", type: "date", value: slot?.last_day ?? "" });
  const sum = h("p", { class: "calm small-text", role: "status" });
  const tagsField = field(t("slots.tags"), tags, { hint: t("slots.tags_hint") });
  const folderField = field(t("slots.path"), folder, { hint: t("slots.path_hint") });
  const form = h(
    "div",
    { class: "stack slot-form", on: { input: follow, change: follow } },
    field(t("slots.name"), name),
    h(
      "fieldset",
      { class: "choice" },
      h("legend", { class: "field-label" }, t("slots.days")),
      h("div", { class: "chips" }, days),
    ),
    field(t("slots.times"), times, { hint: t("slots.times_hint") }),
    h(
      "fieldset",
      { class: "choice" },
      h("legend", { class: "field-label" }, t("slots.accounts")),
      h("div", { class: "chips" }, whom),
    ),
    sum,
    h("div", { class: "pair" }, field(t("slots.source"), source), field(t("slots.kind"), kind)),
    tagsField,
    folderField,
    field(t("slots.caption"), caption, { hint: t("slots.caption_hint") }),
    fold(
      t("slots.more"),
      h(
        "div",
        { class: "stack" },
        h("div", { class: "pair" }, field(t("slots.first_day"), first), field(t("slots.last_day"), last)),
        field(t("slots.if_missed"), missed),
        field(t("slots.app"), platform),
      ),
    ),
  );
  follow();

  function follow() {
    tagsField.hidden = source.value === "localFolder";
    folderField.hidden = source.value !== "localFolder";
    write(sum, t("slots.makes", { n: ticked(days).length * timesOf().length * ticked(whom).length }));
  }

  function timesOf() {
    return times.value.split(/[\s,;]+/).filter(Boolean);
  }

  await ask({
    title:
      slot === null
        ? t("slots.add_title")
        : t("slots.edit_title", { name: slot.name || t("slots.slot", { id: String(slot.id) }) }),
    lines: slot === null ? [] : [t("slots.edit_line")],
    form,
    verb: slot === null ? t("slots.add") : t("slots.save"),
    async send() {
      const folderWanted = source.value === "localFolder";
      const { material_path: _path, materials_tags: _tags, ...kept } = config;
      const body = {
        name: name.value.trim(),
        weekdays: ticked(days),
        times: timesOf(),
        usernames: ticked(whom),
        platform: platform.value || null,
        missed: missed.value,
        first_day: first.value,
        last_day: last.value,
        script_config: {
          ...kept,
          content_type: Number(kind.value),
          captions: caption.value,
          material_source: source.value,
          ...(folderWanted ? { material_path: folder.value.trim() } : { materials_tags: tags.value.trim() }),
        },
      };
      if (body.weekdays.length === 0) throw new Error(t("slots.no_day"));
      if (body.usernames.length === 0) throw new Error(t("slots.no_account"));
      const answer =
        slot === null
          ? await send("POST", "/api/v1/slots", body, { key, repeat: false })
          : await send("PATCH", `/api/v1/slots/${slot.id}`, body, { repeat: true });
      toast([
        t("slots.saved", { name: answer.slot.name || t("slots.slot", { id: String(answer.slot.id) }) }),
        ...answer.warnings,
      ]);
      void askNow();
      await after();
    },
  });
}

/**
 * @param {string} name
 * @param {string} value
 * @param {string} text
 * @param {boolean} checked
 * @param {import("../lib/dom.js").Kid} [signs]
 * @param {string} [more] what a screen reader says along
 */
function tickChip(name, value, text, checked, signs, more) {
  return h(
    "label",
    { class: "chip" },
    h("input", { type: "checkbox", name, value, checked }),
    signs,
    text,
    more && h("span", { class: "sr" }, `, ${more}`),
  );
}

/** @param {HTMLLabelElement[]} chips */
function ticked(chips) {
  return chips
    .map((chip) => /** @type {HTMLInputElement} */ (chip.firstElementChild))
    .filter((box) => box.checked)
    .map((box) => box.value);
}

/** @param {string} name @param {[string, string][]} options @param {string} value */
function choose(name, options, value) {
  return h(
    "select",
    { name },
    options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)),
  );
}
