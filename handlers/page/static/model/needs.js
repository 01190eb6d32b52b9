// What needs a person: one card per matter, with the sentence, since when, and the calls that settle it as buttons.

import { get, send } from "../lib/api.js";
import { show } from "../lib/dialogs.js";
import { h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { askNow } from "../lib/live.js";
import { button, linkButton, time } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { spokenNode } from "../lib/spoken.js";
import { has, t } from "../lib/texts.js";
import { toast } from "../lib/toasts.js";
import { resume, retry, verdictButtons } from "./actions.js";
import { phoneName, phoneOf } from "./phones.js";
import { whoLine } from "./tasks.js";

/**
 * @typedef {object} Act a call that settles the matter
 * @property {string} call what its button says
 * @property {"POST" | "PATCH" | "DELETE"} method
 * @property {string} path
 * @property {Record<string, unknown> | null} body
 *
 * @typedef {object} Matter as in docs/api.md
 * @property {string} kind
 * @property {string} key
 * @property {string} sentence
 * @property {string} since
 * @property {number | null} task_id
 * @property {string | null} serial
 * @property {number | null} account_id
 * @property {number | null} slot_id
 * @property {Act[]} actions
 */

/** @type {Record<string, string>} */
const SIGNS = {
  unknown_outcome: "question",
  log_in: "key",
  tokens: "key",
  disk: "disk",
  clock: "clock",
  config: "system",
  phone: "phones",
  accept_key: "plug",
  adb: "plug",
  slot: "slots",
  screen: "eye",
  version: "eye",
};

/** What a person settles by saying what a screen is. */
const TAUGHT = new Set(["screen", "version"]);
const OF_THE_BOX = new Set(["config", "clock", "disk", "tokens", "adb"]);

/**
 * @param {Matter} matter
 * @param {() => Promise<void>} after
 */
export function matterCard(matter, after) {
  const body = h("div", { class: "matter-body" });
  const acts = h("div", { class: "buttons" });
  const node = h(
    "article",
    { class: `card matter ${matter.kind}` },
    h("span", { class: "matter-sign" }, icon(SIGNS[matter.kind] ?? "alert")),
    h(
      "div",
      { class: "matter-text" },
      h(
        "div",
        { class: "spread" },
        h("h2", null, has(`needs.${matter.kind}`) ? t(`needs.${matter.kind}`) : t("needs.other")),
        h("span", { class: "calm small-text" }, time(matter.since, "relative")),
      ),
      h("p", null, spokenNode(matter.sentence)),
      body,
      acts,
    ),
  );
  if (matter.kind === "unknown_outcome" && matter.task_id !== null) {
    void drawUnknown(matter.task_id, node, body, acts, after);
  } else {
    const kind = matter.actions.length > 0 ? "quiet" : "plain";
    const teach =
      TAUGHT.has(matter.kind) &&
      linkButton(t("teach.say"), to("teach", "", { phone: matter.serial }), { kind: "primary", icon: "hand" });
    const first = teach === false;
    acts.append(
      ...(teach ? [teach] : []),
      ...matter.actions.map((act, place) => actButton(act, first && place === 0, matter, after)),
      ...links(matter, kind),
    );
  }
  return node;
}

/**
 * @param {Act} act
 * @param {boolean} first
 * @param {Matter} matter
 * @param {() => Promise<void>} after
 */
function actButton(act, first, matter, after) {
  const key = `act_${act.call.toLowerCase().replaceAll(" ", "_")}`;
  const text = has(`needs.${key}`) ? t(`needs.${key}`) : act.call;
  const of = matter.serial ? phoneName(matter.serial) : undefined;
  return button(
    text,
    async () => {
      // What asks elsewhere asks here, too.
      if (matter.task_id !== null && act.path === `/api/v1/task/${matter.task_id}/retry`) {
        await retry(await get(`/api/v1/task/${matter.task_id}`), after);
        return;
      }
      if (matter.serial !== null && act.path.startsWith("/api/v1/devices/") && act.path.endsWith("/resume")) {
        await resume({ serial: matter.serial, detail: phoneOf(matter.serial)?.detail ?? "" }, after);
        return;
      }
      await send(act.method, act.path, act.body ?? undefined, { repeat: true });
      toast(t("needs.done", { what: text }));
      void askNow();
      await after();
    },
    { kind: first ? "primary" : "plain", ...(of ? { of } : {}) },
  );
}

/**
 * Where one can look closer.
 * @param {Matter} matter
 * @param {"quiet" | "plain"} kind
 */
function links(matter, kind) {
  const { task_id, serial, account_id, slot_id } = matter;
  return [
    task_id !== null && linkButton(t("needs.open_task", { id: String(task_id) }), to("task", task_id), { kind }),
    serial !== null && linkButton(t("needs.open_phone", { phone: phoneName(serial) }), to("phone", serial), { kind }),
    account_id !== null && linkButton(t("shell.accounts"), to("accounts"), { kind }),
    slot_id !== null && linkButton(t("shell.slots"), to("slots"), { kind }),
    OF_THE_BOX.has(matter.kind) && linkButton(t("shell.system"), to("system"), { kind }),
  ].filter((one) => one !== false);
}

/**
 * A post of which nobody knows whether it is there: with what the phone showed last.
 * @param {number} id
 * @param {HTMLElement} node
 * @param {HTMLElement} body
 * @param {HTMLElement} acts
 * @param {() => Promise<void>} after
 */
async function drawUnknown(id, node, body, acts, after) {
  const [task, log] = await Promise.all([get(`/api/v1/task/${id}`), get(`/api/v1/task/${id}/log`)]);
  body.append(whoLine(task), h("p", { class: "two-lines calm" }, task.caption));
  acts.append(
    ...verdictButtons(task, after),
    linkButton(t("needs.open_task", { id: String(id) }), to("task", id), { kind: "quiet" }),
  );
  const name = log.artifacts.findLast((/** @type {string} */ one) => one.endsWith(".png"));
  if (name === undefined) return;
  const src = `/api/v1/task/${id}/artifacts/${encodeURIComponent(name)}`;
  const alt = t("needs.picture_of", { id: String(id) });
  const picture = h("img", { src, alt: "", loading: "lazy" });
  const enlarge = () => void show(alt, h("img", { src, alt }));
  node.append(h("button", { type: "button", class: "matter-picture", "aria-label": alt, on: { click: enlarge } }, picture));
  node.classList.add("pictured");
}
