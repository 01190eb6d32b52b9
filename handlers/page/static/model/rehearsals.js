// Rehearsals: the way of a post on a phone up to the filled form, which publishes nothing.

import { ApiError, raw, send } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { h } from "../lib/dom.js";
import { askNow } from "../lib/live.js";
import { appIcon, appName, badge, button, field } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { sentenceSaid } from "../lib/spoken.js";
import { has, t } from "../lib/texts.js";
import { time } from "../lib/times.js";
import { toast } from "../lib/toasts.js";

/**
 * @typedef {object} SeenScreen as in docs/api.md
 * @property {string} name "" for one that no rule describes
 * @property {string} kind
 * @property {number} at_ms
 * @property {number} stayed_ms
 * @property {Record<string, string>} rules
 * @property {string} picture
 * @property {string} tree
 *
 * @typedef {{ name: string, offered: boolean, opened: boolean, detail: string }} SeenOption
 *
 * @typedef {object} Rehearsal as in docs/api.md
 * @property {number} id
 * @property {string} serial
 * @property {string} platform
 * @property {string} way
 * @property {string} kind
 * @property {"running" | "ready" | "failed"} state
 * @property {string} sentence
 * @property {string} step
 * @property {string} began_at
 * @property {string | null} ended_at
 * @property {string} package
 * @property {string} app_version
 * @property {string} model
 * @property {string} android
 * @property {string} language
 * @property {number} font_scale
 * @property {[number, number]} screen
 * @property {string} account
 * @property {boolean} caption_read
 * @property {SeenScreen[]} screens
 * @property {SeenOption[]} options
 * @property {boolean} left
 * @property {boolean} discarded
 * @property {boolean} file_removed
 * @property {boolean} nothing_published
 * @property {string[]} changed
 * @property {string[]} notes
 */

const SAVE_MS = 60_000;

/**
 * Begins a rehearsal, or finds the one that runs on this phone.
 * @param {string} serial
 * @param {{ platform: string, way?: string, kind?: string }} wish
 * @returns {Promise<Rehearsal>}
 */
export async function rehearse(serial, wish) {
  const begun = await send("POST", `/api/v1/devices/${encodeURIComponent(serial)}/rehearse`, wish, { repeat: true });
  void askNow();
  return begun;
}

/** Asks for the app, then begins one. @param {string} serial @param {string} name @param {() => Promise<void>} after */
export function rehearseButton(serial, name, after) {
  const platform = h(
    "select",
    { name: "platform" },
    ["tiktok", "instagram"].map((app) => h("option", { value: app }, appName(app))),
  );
  return button(
    t("rehearsals.rehearse"),
    () =>
      void ask({
        title: t("rehearsals.title", { phone: name }),
        lines: [t("rehearsals.line")],
        form: field(t("rehearsals.app"), platform),
        verb: t("rehearsals.rehearse"),
        async send() {
          await rehearse(serial, { platform: platform.value });
          toast(t("rehearsals.begun", { phone: name }));
          await after();
        },
      }),
    { icon: "eye", of: name, small: true },
  );
}

/** A button that saves the report as one file; people are left out unless one says otherwise. @param {Rehearsal} one */
export function saveButton(one) {
  const of = t("rehearsals.number", { id: String(one.id) });
  return button(
    t("rehearsals.save"),
    () => {
      const blank = h("input", { type: "checkbox", name: "blank", checked: true });
      void ask({
        title: t("rehearsals.save_title", { id: String(one.id) }),
        lines: [t("rehearsals.save_line")],
        form: h(
          "div",
          null,
          h("label", { class: "tick" }, blank, h("span", null, t("rehearsals.blank"))),
          h("p", { class: "hint" }, t("rehearsals.blank_hint")),
        ),
        verb: t("rehearsals.save_verb"),
        send: () => save(one.id, blank.checked),
      });
    },
    { icon: "download", of },
  );
}

/** @param {number} id @param {boolean} blank */
async function save(id, blank) {
  const path = `/api/v1/rehearsals/${id}/export${blank ? "?blank=true" : ""}`;
  const answer = await raw("GET", path, undefined, { wait_ms: SAVE_MS });
  if (!answer.ok) {
    const { code, message } = await answer.json();
    throw new ApiError(message, { code, status: answer.status });
  }
  const href = URL.createObjectURL(await answer.blob());
  h("a", { href, download: `rehearsal-${id}${blank ? "-blanked" : ""}.zip` }).click();
  setTimeout(() => URL.revokeObjectURL(href), SAVE_MS);
}

/** Its verdict as a word. @param {Pick<Rehearsal, "state">} one */
export function verdictBadge(one) {
  const kinds = /** @type {const} */ ({ running: "run", ready: "good", failed: "bad" });
  return badge(kinds[one.state], t(`rehearsals.${one.state}`));
}

/** A screen's name for people. @param {string} name "" for one that no rule describes */
export function screenName(name) {
  if (name === "") return t("rehearsals.unknown_screen");
  return name === "some_sheet" ? t("rehearsals.unknown_sheet") : name;
}

/** What was rehearsed: "Video by share sheet". @param {{ kind: string, way: string }} one */
export function wayName({ kind, way }) {
  return t("rehearsals.way", { kind: word("kind", kind), way: word("by", way) });
}

/** @param {string} prefix @param {string} name */
function word(prefix, name) {
  const key = `rehearsals.${prefix}_${name}`;
  return has(key) ? t(key) : name;
}

/** One in a list: its app, its verdict, and what is another than the last time. @param {Rehearsal} one */
export function rehearsalRow(one) {
  return h(
    "li",
    null,
    h(
      "div",
      { class: "spread" },
      h(
        "span",
        { class: "who" },
        appIcon(one.platform),
        h("b", null, appName(one.platform)),
        one.account && h("span", null, `@${one.account}`),
      ),
      h(
        "a",
        { class: "small-text", href: to("rehearsal", one.id), "aria-description": t("rehearsals.open", { id: String(one.id) }) },
        time(one.began_at),
      ),
      verdictBadge(one),
    ),
    h("p", { class: "small-text" }, sentenceSaid(one.sentence)),
    one.changed.map((line) => h("p", { class: "calm small-text" }, sentenceSaid(line))),
  );
}
