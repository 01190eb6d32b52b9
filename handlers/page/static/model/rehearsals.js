// Rehearsals: the way of a post on a phone up to the filled form, which publishes nothing.

import { send } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { h } from "../lib/dom.js";
import { askNow } from "../lib/live.js";
import { appIcon, appName, badge, button, field } from "../lib/parts.js";
import { t } from "../lib/texts.js";
import { time } from "../lib/times.js";
import { toast } from "../lib/toasts.js";

/**
 * @typedef {object} Rehearsal as in docs/api.md
 * @property {number} id
 * @property {string} platform
 * @property {string} way
 * @property {string} kind
 * @property {"running" | "ready" | "failed"} state
 * @property {string} sentence
 * @property {string} began_at
 * @property {string} account
 * @property {string[]} changed
 */

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
          await send(
            "POST",
            `/api/v1/devices/${encodeURIComponent(serial)}/rehearse`,
            { platform: platform.value },
            { repeat: true },
          );
          toast(t("rehearsals.begun", { phone: name }));
          void askNow();
          await after();
        },
      }),
    { icon: "eye", of: name, small: true },
  );
}

/** One in a list: its app, its verdict, and what is another than the last time. @param {Rehearsal} one */
export function rehearsalRow(one) {
  const kinds = /** @type {const} */ ({ running: "run", ready: "good", failed: "bad" });
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
      h("span", { class: "calm small-text" }, time(one.began_at)),
      badge(kinds[one.state], t(`rehearsals.${one.state}`)),
    ),
    h("p", { class: "small-text" }, one.sentence),
    one.changed.map((line) => h("p", { class: "calm small-text" }, line)),
  );
}
