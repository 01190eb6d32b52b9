// What a task is, in words: its state, what it waits for, what came of it. And its row in a list.

import { h } from "../lib/dom.js";
import { appIcon, appName, badge } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { spoken, translated } from "../lib/spoken.js";
import { capital, currentLanguage, has, t } from "../lib/texts.js";
import { time, when } from "../lib/times.js";
import { phoneName } from "./phones.js";
import { doing } from "./steps.js";

/**
 * @typedef {object} Task as in docs/api.md
 * @property {number} id
 * @property {string} serial
 * @property {0 | 1 | 2 | 3} status
 * @property {string} status_text
 * @property {string} source
 * @property {string} username
 * @property {string} account_seen
 * @property {Record<string, any>} script_config
 * @property {string} platform
 * @property {"none" | "published" | "not_published" | "unknown"} outcome
 * @property {{ code: string, message: string, step: string } | null} error
 * @property {string} remark
 * @property {string} caption
 * @property {string[]} materials
 * @property {string} scheduled_at
 * @property {string} created_at
 * @property {string | null} started_at
 * @property {string | null} finished_at
 * @property {string | null} next_attempt_at
 * @property {string | null} waiting_for
 * @property {string | null} waiting_since
 * @property {string} waiting_detail
 * @property {number} retry_count
 * @property {number} max_retry_count
 * @property {number} version
 */

/** The account with its mark, "" where none is known. @param {Task} task */
export function accountOf(task) {
  const name = task.username || task.account_seen;
  return name ? `@${name}` : "";
}

/** The account for sentences. @param {Task} task */
export function whose(task) {
  return accountOf(task) || t("tasks.current_account", { phone: phoneName(task.serial) });
}

/** Whether only a person can tell if it was published. @param {Task} task */
export function isUnknown(task) {
  return task.status === 3 && task.outcome === "unknown";
}

/** Whether it is held. @param {Task} task */
export function isHeld(task) {
  return task.status === 0 && task.waiting_for === "hold";
}

/** The state as a word with its sign. @param {Task} task */
export function stateBadge(task) {
  if (isUnknown(task)) return badge("warn", t("tasks.may_be_published"), "question");
  if (task.status === 2) return badge("good", t("tasks.published"));
  if (task.status === 3) return badge("bad", t("tasks.failed"));
  if (task.status === 1) return badge("run", task.outcome === "unknown" ? t("tasks.past_the_tap") : t("tasks.running"));
  if (isHeld(task)) return badge("calm", t("tasks.held"), "pause");
  if (task.waiting_for && task.waiting_for !== "time") return badge("calm", t("tasks.waiting"), "clock");
  return badge("calm", t("tasks.planned"), "clock");
}

/** Why it waits, or what came of it, as one sentence. @param {Task} task */
export function sentence(task) {
  if (task.status === 0) return waitingSentence(task);
  if (task.status === 1) {
    return doing(task);
  }
  if (task.status === 2) return capital(spoken(task.remark)) || t("tasks.is_published");
  return errorSentence(task.error) || capital(spoken(task.remark)) || t("tasks.failed");
}

/** Why a post failed; where the console does not know the hub's sentence, the meaning of its code stands before the English. @param {Task["error"]} error */
export function errorSentence(error) {
  if (error === null) return "";
  const key = `codes.${error.code}`;
  const known = currentLanguage() === "en" ? error.message : translated(error.message);
  if (known) return capital(known);
  if (!has(key)) return capital(error.message);
  return error.message ? `${t(key)} (${error.message})` : t(key);
}

/** @param {Task} task */
function waitingSentence(task) {
  const next = when(task.next_attempt_at ?? task.scheduled_at);
  const why = task.waiting_for ?? "time";
  const waits = has(`tasks.waits_${why}`) ? t(`tasks.waits_${why}`, { next }) : why;
  return task.waiting_detail ? `${waits}: ${spoken(task.waiting_detail)}` : waits;
}

/** The time that matters now: its end, its start, or when it is due. @param {Task} task */
export function timeOf(task) {
  return task.finished_at ?? task.started_at ?? task.next_attempt_at ?? task.scheduled_at;
}

/** Account, app and phone in one line. @param {Task} task */
export function whoLine(task) {
  return h(
    "span",
    { class: "who" },
    appIcon(task.platform),
    h("span", { class: "sr" }, `${appName(task.platform)}, `),
    h("b", null, accountOf(task) || t("tasks.account_of_phone")),
    h("span", { class: "calm" }, ` ${phoneName(task.serial)}`),
  );
}

/**
 * A task in a list: when, whose, what, its state and why; at the end what can be done.
 * @param {Task} task
 * @param {import("../lib/dom.js").Kid[]} [acts]
 * @param {"when" | "clock"} [how] its time with the day, or below a heading that names the day
 */
export function taskRow(task, acts = [], how = "when") {
  // A planned post's time and badge say all of it.
  const plain = task.status === 0 && !isHeld(task) && (task.waiting_for ?? "time") === "time" && !task.waiting_detail;
  return h(
    "li",
    { class: "task-row", data: { task: task.id } },
    h(
      "div",
      { class: "task-when" },
      time(timeOf(task), how),
      h("a", { class: "task-link", href: to("task", task.id) }, t("tasks.task", { id: String(task.id) })),
    ),
    h(
      "div",
      { class: "task-what" },
      whoLine(task),
      h("p", { class: "caption two-lines" }, task.caption || h("span", { class: "calm" }, t("tasks.no_caption"))),
      !plain && h("p", { class: "task-why calm" }, sentence(task)),
    ),
    h("div", { class: "task-state" }, stateBadge(task)),
    acts.length > 0 && h("div", { class: "task-acts" }, ...acts),
  );
}
