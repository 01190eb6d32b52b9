// What a person can do about a task or a phone. Each asks first, saying what will happen, and sends one documented call.

import { ApiError, get, send, sentenceOf, withQuery } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { h } from "../lib/dom.js";
import { askNow } from "../lib/live.js";
import { appName, button } from "../lib/parts.js";
import { sentenceSaid } from "../lib/spoken.js";
import { t } from "../lib/texts.js";
import { now, when } from "../lib/times.js";
import { mayUndo, toast } from "../lib/toasts.js";
import { askIfOverdue, overdue, overdueAt, overdueLines } from "./due.js";
import { phoneName } from "./phones.js";
import { isHeld, isUnknown, sentence, stateBadge, whose } from "./tasks.js";

/** @typedef {import("./tasks.js").Task} Task */
/** @typedef {import("./phones.js").Phone} Phone */
/** @typedef {(() => void | Promise<void>) | undefined} After what is read again afterwards */

const pathOf = (/** @type {Task} */ task) => `/api/v1/task/${task.id}`;
const nameOf = (/** @type {Task} */ task) => t("tasks.task", { id: String(task.id) });

/**
 * The buttons that a task's state allows.
 * @param {Task} task
 * @param {After} after
 * @param {{ small?: boolean }} [look]
 */
export function taskButtons(task, after, look = {}) {
  const of = nameOf(task);
  /** @type {HTMLButtonElement[]} */
  const found = [];
  if (task.status === 0) {
    if (isHeld(task)) found.push(button(t("tasks.release"), () => release(task, after), { of, icon: "play", ...look }));
    else found.push(button(t("tasks.hold"), () => hold(task, after), { of, icon: "pause", ...look }));
  }
  if (task.status < 2) found.push(button(t("tasks.stop"), () => stop(task, after), { of, icon: "stop", ...look }));
  if (isUnknown(task)) found.push(...verdictButtons(task, after, look));
  else if (task.status === 3) found.push(button(t("tasks.retry"), () => retry(task, after), { of, icon: "retry", ...look }));
  if (task.status > 1)
    found.push(button(t("tasks.delete"), () => remove(task, after), { of, icon: "trash", kind: "quiet", ...look }));
  return found;
}

/**
 * What a person says who looked at the account.
 * @param {Task} task
 * @param {After} after
 * @param {{ small?: boolean }} [look]
 */
export function verdictButtons(task, after, look = {}) {
  const of = nameOf(task);
  return [
    button(t("tasks.it_is_there"), () => isThere(task, after), { of, icon: "check", kind: "primary", ...look }),
    button(t("tasks.it_is_not_there"), () => isNotThere(task, after), { of, icon: "cross", ...look }),
  ];
}

/** @param {Task} task @param {After} after */
async function hold(task, after) {
  await send("POST", `${pathOf(task)}/hold`, undefined, { repeat: true });
  await finish(t("tasks.held_now", { task: nameOf(task) }), after);
}

/** @param {Task} task @param {After} after */
async function release(task, after) {
  const words = { title: t("tasks.release_title", { task: nameOf(task) }), verb: t("tasks.release") };
  await askIfOverdue(overdue([task]), words, async () => {
    await send("POST", `${pathOf(task)}/release`, undefined, { repeat: true, ifMatch: task.version });
    await finish(t("tasks.released_now", { task: nameOf(task) }), after);
  });
}

/** @param {Task} task @param {After} after */
async function stop(task, after) {
  const line =
    task.status === 0
      ? t("tasks.stop_pending", { time: when(task.scheduled_at) })
      : task.outcome === "unknown"
        ? t("tasks.stop_past")
        : t("tasks.stop_running");
  await ask({
    title: t("tasks.stop_title", { task: nameOf(task) }),
    lines: [about(task), line],
    verb: t("tasks.stop_it"),
    danger: true,
    async send() {
      const answer = await send("POST", `${pathOf(task)}/stop`, undefined, { repeat: true });
      await finish(answer.stopping ? t("tasks.is_stopping", { task: nameOf(task) }) : `${nameOf(task)}: ${answer.remark}`, after);
    },
  });
}

/** @param {Task} task @param {After} after */
export async function retry(task, after) {
  const posted = task.error?.code === "already_posted";
  const lines = posted
    ? [sentenceSaid(task.error?.message ?? ""), t("tasks.retry_posted")]
    : [task.outcome === "not_published" ? t("tasks.retry_refused") : t("tasks.retry_not_tapped"), t("tasks.retry_same")];
  await again(task, lines, posted, after);
}

/** @param {Task} task @param {After} after */
async function isNotThere(task, after) {
  await again(task, [t("tasks.not_there_look", { account: whose(task), app: appName(task.platform) })], true, after, true);
}

/**
 * @param {Task} task
 * @param {string[]} lines
 * @param {boolean} confirm
 * @param {After} after
 * @param {boolean} [notThere]
 */
async function again(task, lines, confirm, after, notThere = false) {
  const force = task.retry_count >= task.max_retry_count;
  const toCome = Date.parse(task.scheduled_at) > now();
  await ask({
    title: t(notThere ? "tasks.not_there_title" : "tasks.retry_title", { task: nameOf(task) }),
    lines: [
      about(task),
      ...lines,
      ...(force ? [t("tasks.retry_limit", { n: task.retry_count })] : []),
      toCome ? t("tasks.retry_planned", { time: when(task.scheduled_at) }) : t("tasks.retry_soon"),
    ],
    verb: confirm ? t("tasks.post_again") : t("tasks.retry"),
    danger: confirm,
    ...(confirm && !notThere ? { tick: t("tasks.looked_all_the_same", { account: whose(task) }) } : {}),
    async send() {
      await unchanged(task);
      const answer = await send("POST", withQuery(`${pathOf(task)}/retry`, { confirm, force }), undefined, {
        ifMatch: task.version,
      });
      await finish(t("tasks.again_at", { task: nameOf(task), time: when(answer.next_attempt_at ?? answer.scheduled_at) }), after);
    },
  });
}

/** Tasks of which a person has just said so. @type {Set<number>} */
const saidThere = new Set();

/** @param {Task} task @param {After} after */
async function isThere(task, after) {
  if (saidThere.has(task.id)) return;
  await unchanged(task);
  saidThere.add(task.id);
  try {
    const words = { task: nameOf(task), account: whose(task), app: appName(task.platform) };
    if (!(await mayUndo(t("tasks.counts_as_there", words)))) return;
    const options = { ifMatch: task.version, keepalive: true };
    const answer = await send("POST", `${pathOf(task)}/mark-published`, undefined, options);
    await finish(`${nameOf(task)}: ${answer.remark}`, after);
  } catch (error) {
    toast(`${nameOf(task)}: ${sentenceOf(error)}`, { kind: "bad" }); // its button may be gone by now
  } finally {
    saidThere.delete(task.id);
  }
}

/** @param {Task} task @param {After} after */
async function remove(task, after) {
  await ask({
    title: t("tasks.delete_title", { task: nameOf(task) }),
    lines: [
      about(task),
      t("tasks.delete_line", { app: appName(task.platform) }),
      ...(isUnknown(task) ? [t("tasks.delete_unknown")] : []),
    ],
    verb: t("tasks.delete_it"),
    danger: true,
    async send() {
      await unchanged(task);
      const gone = await send("DELETE", pathOf(task));
      await finish([t("tasks.deleted", { task: nameOf(task) }), ...gone.warnings], after);
    },
  });
}

/**
 * Retries every failed task that needs no person's word.
 * @param {After} after
 */
export async function retryFailed(after) {
  const { tasks, total } = await get(withQuery("/api/v1/task", { status: 3, sort: "scheduled_at", page_size: 1 }));
  const [oldest] = /** @type {Task[]} */ (tasks);
  const all = oldest && t("history.retry_all_these", { n: total, time: when(oldest.scheduled_at) });
  await ask({
    title: t("history.retry_all_title"),
    lines: [...(all ? [all] : []), t("history.retry_all_line")],
    verb: t("tasks.retry"),
    async send() {
      const answer = await send("POST", "/api/v1/task/retry-all");
      const skipped = answer.skipped.length;
      await finish(
        [t("history.retried", { n: answer.retried_count }), ...(skipped ? [t("history.skipped", { n: skipped })] : [])],
        after,
      );
    },
  });
}

/**
 * Ends what holds a phone up, after a person looked at it.
 * @param {Pick<Phone, "serial" | "detail">} phone
 * @param {After} after
 */
export async function resume(phone, after) {
  const name = phoneName(phone.serial);
  const late = overdueLines(await overdueAt({ serial: phone.serial }));
  await ask({
    title: t("phones.resume_title", { phone: name }),
    lines: [...(phone.detail ? [sentenceSaid(phone.detail)] : []), t("phones.resume_line"), ...late],
    verb: t("pauses.resume"),
    async send() {
      const answer = await send("POST", `/api/v1/devices/${encodeURIComponent(phone.serial)}/resume`, undefined, {
        repeat: true,
      });
      await finish(
        [
          ...(answer.resumed.length ? answer.resumed : [t("phones.nothing_paused", { phone: name })]),
          answer.still ? t("phones.still", { why: answer.still }) : t("phones.goes_on", { phone: name }),
        ],
        after,
      );
    },
  });
}

/** A short reminder of what it is about. @param {Task} task */
function about(task) {
  return h(
    "p",
    { class: "about" },
    h("span", null, h("b", null, `${whose(task)}, ${appName(task.platform)}`), ` · ${phoneName(task.serial)}`),
    task.caption && h("span", { class: "two-lines" }, task.caption),
  );
}

/**
 * The list may be seconds old, a dialog hours: nothing is done to a task that has moved on since a person read about it.
 * @param {Task} task
 */
async function unchanged(task) {
  /** @type {Task} */
  const current = await get(pathOf(task));
  const same =
    current.status === task.status &&
    current.outcome === task.outcome &&
    current.retry_count === task.retry_count &&
    current.finished_at === task.finished_at;
  if (!same)
    throw new ApiError(
      t("tasks.has_changed", { task: nameOf(task), state: `${stateBadge(current).textContent}. ${sentence(current)}` }),
      { code: 1 },
    );
}

/** @param {string | string[]} said @param {After} after */
async function finish(said, after) {
  toast(said);
  void askNow();
  await after?.();
}
