// Pauses of phones, accounts and the hub: nothing new starts there, what runs is finished.

import { send } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { h } from "../lib/dom.js";
import { askNow } from "../lib/live.js";
import { button, field } from "../lib/parts.js";
import { t } from "../lib/texts.js";
import { clock, forInput, now, when } from "../lib/times.js";
import { toast } from "../lib/toasts.js";
import { askIfOverdue, overdueAt } from "./due.js";

/**
 * @typedef {object} Paused what phones, accounts and the hub show of their pause
 * @property {boolean} paused
 * @property {string | null} paused_since
 * @property {string | null} paused_until
 * @property {string} pause_reason
 */

/** "Paused since 9:00 until 22:00: new shelf" @param {Paused} it */
export function pauseSentence(it) {
  const since = it.paused_since === null ? "" : when(it.paused_since);
  const said =
    it.paused_until === null ? t("pauses.since", { since }) : t("pauses.until", { since, until: when(it.paused_until) });
  return it.pause_reason ? `${said}: ${it.pause_reason}` : said;
}

/**
 * Asks for a reason and an end, then pauses.
 * @param {string} path of the phone, the account or the hub, e.g. /api/v1/hub
 * @param {string} name
 * @param {() => Promise<void>} after
 */
export function pause(path, name, after) {
  const reason = h("input", { name: "reason", maxlength: 200, autocomplete: "off" });
  const until = h("input", { name: "until", type: "datetime-local", min: forInput(now()) });
  return ask({
    title: t("pauses.title", { name }),
    lines: [t("pauses.line")],
    form: h(
      "div",
      { class: "stack" },
      field(t("pauses.reason"), reason),
      field(t("pauses.ends"), until, { hint: t("pauses.ends_hint", { time: clock(now()) }) }),
    ),
    verb: t("pauses.pause"),
    async send() {
      const body = { reason: reason.value.trim(), until: until.value.replace("T", " ") };
      await send("POST", `${path}/pause`, body, { repeat: true });
      toast(t("pauses.done", { name }));
      void askNow();
      await after();
    },
  });
}

/** @typedef {{ serial?: string, username?: string, platform?: string }} Where whose posts it lets go; none: those of the whole hub */

/**
 * Ends a pause: asks first where that starts posts at once.
 * @param {string} path
 * @param {string} name
 * @param {Where} where
 * @param {() => Promise<void>} after
 */
export async function unpause(path, name, where, after) {
  await askIfOverdue(
    await overdueAt(where),
    { title: t("phones.resume_title", { phone: name }), verb: t("pauses.resume") },
    async () => {
      await send("POST", `${path}/resume`, undefined, { repeat: true });
      toast(t("pauses.ended", { name }));
      void askNow();
      await after();
    },
  );
}

/**
 * The button that fits: "Pause" or "Resume".
 * @param {string} path
 * @param {Paused} it
 * @param {string} name
 * @param {Where} where
 * @param {() => Promise<void>} after
 */
export function pauseButton(path, it, name, where, after) {
  return it.paused
    ? button(t("pauses.resume"), () => unpause(path, name, where, after), { icon: "play", of: name, small: true })
    : button(t("pauses.pause"), () => void pause(path, name, after), { icon: "pause", of: name, small: true });
}

/** The same for all phones at once. @param {Paused} it @param {() => Promise<void>} after */
export function hubButton(it, after) {
  const name = t("pauses.the_hub");
  return it.paused
    ? button(t("pauses.resume_all"), () => unpause("/api/v1/hub", name, {}, after), { icon: "play", kind: "primary" })
    : button(t("pauses.pause_all"), () => void pause("/api/v1/hub", name, after), { icon: "pause" });
}
