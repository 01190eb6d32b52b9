// What this hub can do: per app, version, language and Android, how the last rehearsal and the last post went.

import { get } from "../lib/api.js";
import { h, keyed } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { appIcon, appName, badge, button, empty, heading, linkButton, time } from "../lib/parts.js";
import { go, to } from "../lib/router.js";
import { spokenNode } from "../lib/spoken.js";
import { languageName, t } from "../lib/texts.js";
import { day, now } from "../lib/times.js";
import { loadPhones, phoneName, phoneOf } from "../model/phones.js";
import { rehearse } from "../model/rehearsals.js";
import { errorSentence } from "../model/tasks.js";

/**
 * @typedef {object} Version as in docs/api.md
 * @property {string} platform
 * @property {string} app_version
 * @property {string} language
 * @property {string} android
 * @property {string[]} phones
 * @property {{ id: number, state: "ready" | "failed" | "running", sentence: string, ended_at: string | null } | null} last_rehearsal
 * @property {string | null} last_published_at
 * @property {number} failures
 * @property {{ task_id: number, code: string, sentence: string, at: string } | null} last_failure
 * @property {number} taught_rules
 * @property {boolean} allowed a person lets posts go on without a rehearsal
 * @property {"ready" | "unknown" | "failing" | "rehearsing"} state
 * @property {string} sentence
 */

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function compat(visit) {
  const serial = visit.params.get("phone") ?? "";
  const list = h("div", { class: "versions" });
  const none = h("div", { hidden: true }, empty(t("compat.none")));
  const only = h("p", { class: "calm", hidden: serial === "" });

  async function load() {
    const [found] = await Promise.all([get("/api/v1/compat", { signal: visit.signal }), loadPhones()]);
    /** @type {Version[]} */
    const shown = found.versions.filter((/** @type {Version} */ one) => serial === "" || one.phones.includes(serial));
    none.hidden = shown.length > 0;
    if (serial !== "")
      only.replaceChildren(t("compat.only", { phone: phoneName(serial) }), " ", h("a", { href: to("compat") }, t("compat.all")));
    keyed(
      list,
      shown,
      keyOf,
      versionCard,
      day(now()) + shown.flatMap((one) => one.phones.map((each) => phoneName(each) + phoneOf(each)?.state)).join(),
    );
  }

  return {
    title: t("compat.title"),
    node: h(
      "div",
      { class: "stack" },
      heading(t("compat.title"), linkButton(t("teach.title"), to("teach"), { icon: "hand" })),
      h("p", { class: "calm" }, t("compat.intro")),
      only,
      list,
      none,
    ),
    load,
  };
}

/** @param {Version} one */
function keyOf(one) {
  return [one.platform, one.app_version, one.language, one.android].join("|");
}

/** @param {Version} one */
function versionCard(one) {
  const kinds = /** @type {const} */ ({ ready: "good", unknown: "warn", failing: "bad", rehearsing: "run" });
  const signs = /** @type {Record<string, string>} */ ({ unknown: "question" });
  const name = [
    `${appName(one.platform)} ${one.app_version}`.trim(),
    languageName(one.language),
    one.android && `Android ${one.android}`,
  ]
    .filter(Boolean)
    .join(", ");
  const free = one.phones.find((serial) => phoneOf(serial)?.state === "device");

  async function begin() {
    if (free === undefined) return;
    const begun = await rehearse(free, { platform: one.platform });
    go(to("rehearsal", begun.id));
  }

  return h(
    "section",
    { class: `card version ${one.state}`, "aria-label": name },
    h(
      "div",
      { class: "spread" },
      h("h2", { class: "with-icon" }, appIcon(one.platform), h("span", null, name)),
      badge(kinds[one.state], t(`compat.${one.state}`), signs[one.state]),
    ),
    one.sentence && h("p", null, spokenNode(one.sentence)),
    one.allowed && h("p", { class: "calm small-text" }, t("compat.allowed")),
    h(
      "dl",
      { class: "facts" },
      h("dt", null, t("compat.phones")),
      h(
        "dd",
        { class: "phone-links" },
        one.phones.length > 0
          ? one.phones.map((serial) => h("a", { href: to("phone", serial) }, phoneName(serial)))
          : h("span", { class: "calm" }, t("compat.no_phone")),
      ),
      h("dt", null, t("compat.last_rehearsal")),
      h("dd", null, rehearsalOf(one)),
      h("dt", null, t("compat.last_post")),
      h(
        "dd",
        null,
        one.last_published_at ? time(one.last_published_at, "when") : h("span", { class: "calm" }, t("compat.never")),
      ),
      h("dt", null, t("compat.failures")),
      h("dd", null, failureOf(one)),
      h("dt", null, t("compat.rules")),
      h(
        "dd",
        null,
        one.taught_rules > 0
          ? h("a", { href: to("teach", "", { app: one.platform }) }, t("compat.n_rules", { n: one.taught_rules }))
          : h("span", { class: "calm" }, t("compat.no_rules")),
      ),
    ),
    free !== undefined &&
      one.state !== "rehearsing" &&
      h(
        "div",
        { class: "buttons" },
        button(t("rehearsals.rehearse"), begin, {
          small: true,
          icon: "eye",
          of: `${name}, ${phoneName(free)}`,
          kind: one.state === "ready" ? "plain" : "primary",
        }),
      ),
  );
}

/** @param {Version} one */
function rehearsalOf({ last_rehearsal: last }) {
  if (last === null) return h("span", { class: "calm" }, t("compat.never"));
  const sign = last.state === "ready" ? "check" : last.state === "failed" ? "cross" : "bolt";
  return h(
    "span",
    null,
    h("a", { class: `verdict-link ${last.state}`, href: to("rehearsal", last.id) }, icon(sign), t(`rehearsals.${last.state}`)),
    last.ended_at && [" · ", time(last.ended_at, "when")],
  );
}

/** @param {Version} one */
function failureOf({ failures, last_failure: last }) {
  if (failures === 0 || last === null) return h("span", { class: "calm" }, t("compat.no_failure"));
  return h(
    "span",
    null,
    t("compat.n_failures", { n: failures }),
    ": ",
    h("a", { href: to("task", last.task_id) }, t("tasks.task", { id: String(last.task_id) })),
    `, ${errorSentence({ code: last.code, message: last.sentence, step: "" })}`,
  );
}
