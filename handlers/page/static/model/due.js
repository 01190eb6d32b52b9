// What lets posts go whose time is over says first that they start at once.

import { get, withQuery } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { t } from "../lib/texts.js";
import { now, when } from "../lib/times.js";
import { isHeld } from "./tasks.js";

/** @typedef {import("./tasks.js").Task} Task */

const PAGE = 100;
const PAGES_MAX = 10;

/** @param {readonly Task[]} tasks */
export function overdue(tasks) {
  return tasks.filter((task) => task.status === 0 && Date.parse(task.next_attempt_at ?? task.scheduled_at) <= now());
}

/** Those of a phone, an account or the hub that are not held. @param {import("./pauses.js").Where} where @returns {Promise<Task[]>} */
export async function overdueAt(where) {
  /** @type {Task[]} */
  const found = [];
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const { tasks } = await get(withQuery("/api/v1/task", { ...where, status: 0, sort: "scheduled_at", page, page_size: PAGE }));
    const late = overdue(tasks);
    found.push(...late.filter((task) => !isHeld(task)));
    if (late.length < PAGE) break;
  }
  return found;
}

/** One sentence, or none. @param {readonly Task[]} tasks @returns {string[]} */
export function overdueLines(tasks) {
  const [oldest] = [...tasks].sort((a, b) => Date.parse(a.scheduled_at) - Date.parse(b.scheduled_at));
  return oldest === undefined ? [] : [t("tasks.overdue", { n: tasks.length, time: when(oldest.scheduled_at) })];
}

/**
 * Asks first where some would start at once.
 * @param {readonly Task[]} tasks
 * @param {{ title: string, verb: string }} words
 * @param {() => Promise<void>} act
 */
export async function askIfOverdue(tasks, words, act) {
  if (tasks.length === 0) await act();
  else await ask({ ...words, lines: overdueLines(tasks), send: act });
}
