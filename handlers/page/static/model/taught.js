// What was taught: the rules with switch, deletion, export and import.

import { get, send, sentenceOf, withQuery } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { fill, h } from "../lib/dom.js";
import { appIcon, appName, badge, button, field, fold, linkButton, time } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { sentenceSaid, spoken } from "../lib/spoken.js";
import { has, languageName, t } from "../lib/texts.js";
import { toast } from "../lib/toasts.js";

/**
 * @typedef {object} Taught as in docs/api.md
 * @property {number} id
 * @property {string} platform
 * @property {string} means
 * @property {string} name
 * @property {string} sentence
 * @property {string} toml
 * @property {boolean} on
 * @property {string} taught_at
 * @property {string} by
 * @property {string} picture
 * @property {string} screen
 * @property {string} app_version
 * @property {string} language
 * @property {"rehearsal" | "task" | ""} source
 * @property {number} source_id
 */

/** One rule. @param {Taught} one @param {() => Promise<void>} after */
export function taughtRow(one, after) {
  const path = `/api/v1/taught/${one.id}`;
  const of = t("teach.lesson", { id: String(one.id) });
  const means = has(`teach.was_${one.means}`) ? t(`teach.was_${one.means}`) : one.means;
  const app = [`${appName(one.platform)} ${one.app_version}`.trim(), languageName(one.language)].filter(Boolean).join(", ");

  async function turn() {
    await send("PATCH", path, { on: !one.on }, { repeat: true });
    toast(t(one.on ? "teach.switched_off" : "teach.switched_on"));
    await after();
  }

  async function remove() {
    await ask({
      title: t("teach.delete_title"),
      lines: [sentenceSaid(one.sentence), t("teach.delete_line")],
      verb: t("teach.delete"),
      danger: true,
      send: async () => {
        await send("DELETE", path, undefined, { repeat: true });
        toast(t("teach.deleted"));
      },
    });
    await after();
  }

  return h(
    "li",
    { class: `taught${one.on ? "" : " off"}` },
    h(
      "div",
      { class: "taught-head" },
      h("span", { class: "who" }, appIcon(one.platform), h("b", null, means), one.name && h("code", null, one.name)),
      one.on ? badge("good", t("teach.on")) : badge("calm", t("teach.off"), "pause"),
    ),
    h("p", null, sentenceSaid(one.sentence)),
    h(
      "p",
      { class: "calm small-text" },
      `${app} · `,
      time(one.taught_at, "when"),
      one.by && ` · ${t("teach.by", { name: one.by })}`,
      source(one),
    ),
    h(
      "div",
      { class: "taught-acts" },
      h(
        "div",
        { class: "buttons" },
        button(t(one.on ? "teach.switch_off" : "teach.switch_on"), turn, { small: true, of, icon: one.on ? "pause" : "play" }),
        button(t("teach.delete"), remove, { small: true, of, kind: "quiet", icon: "trash" }),
      ),
      fold(t("teach.toml"), h("pre", { tabindex: 0, "aria-label": t("teach.toml") }, one.toml)),
    ),
  );
}

/** Where it was taught. @param {Taught} one */
function source(one) {
  if (!one.source || !one.source_id) return null;
  const id = String(one.source_id);
  const rehearsed = one.source === "rehearsal";
  return [
    " · ",
    h(
      "a",
      { href: to(rehearsed ? "rehearsal" : "task", id) },
      rehearsed ? t("rehearsals.number", { id }) : t("tasks.task", { id }),
    ),
  ];
}

/** Saves what was taught of an app as TOML. @param {string} platform */
export function exportLink(platform) {
  const link = linkButton(t("teach.export", { app: appName(platform) }), withQuery("/api/v1/taught/export", { platform }), {
    icon: "download",
  });
  link.setAttribute("download", `taught-${platform}.toml`);
  return link;
}

/** Takes rules from a file; first it is shown what they change. @param {() => Promise<void>} after */
export async function importRules(after) {
  const platform = h(
    "select",
    { name: "platform" },
    ["tiktok", "instagram"].map((app) => h("option", { value: app }, appName(app))),
  );
  const file = h("input", { type: "file", name: "toml", accept: ".toml,text/plain" });
  const found = h("div", { class: "stack", role: "status" });
  const wish = async (/** @type {boolean} */ dry) => ({
    platform: platform.value,
    toml: (await file.files?.[0]?.text()) ?? "",
    dry_run: dry,
  });

  async function look() {
    fill(found);
    if (!file.files?.length) return;
    const tried = await send("POST", "/api/v1/taught/import", await wish(true), { repeat: true });
    fill(
      found,
      tried.refused.map((/** @type {string} */ line) => h("p", { class: "problem" }, sentenceSaid(line))),
      tried.lessons.map((/** @type {Taught} */ one) => h("p", { class: "small-text" }, spoken(one.sentence) || one.name)),
      tried.refused.length === 0 &&
        h("p", null, t("teach.changes", { changed: tried.changed.length, known: tried.known_screens })),
    );
  }
  for (const control of [platform, file])
    control.addEventListener(
      "change",
      () => void look().catch((error) => fill(found, h("p", { class: "problem" }, sentenceOf(error)))),
    );
  await ask({
    title: t("teach.import_title"),
    lines: [t("teach.import_line")],
    form: h("div", { class: "stack" }, field(t("rehearsals.app"), platform), field(t("teach.file"), file), found),
    verb: t("teach.import_verb"),
    send: async () => {
      const answer = await send("POST", "/api/v1/taught/import", await wish(false));
      toast(t("teach.imported", { n: answer.lessons.length }));
    },
  });
  await after();
}

/** All rules. @param {string} platform "" of every app @param {AbortSignal} signal */
export async function loadTaught(platform, signal) {
  return await get(withQuery("/api/v1/taught", { platform }), { signal });
}
