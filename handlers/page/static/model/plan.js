// What is planned, changed by a person: edit, move and duplicate one post, and hold, release, stop or move several.

import { ApiError, get, newKey, send, withQuery } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { fill, h } from "../lib/dom.js";
import { askNow } from "../lib/live.js";
import { appName, button, field } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { t } from "../lib/texts.js";
import { clock, day, dayAfter, forInput, now, when } from "../lib/times.js";
import { toast } from "../lib/toasts.js";
import { askIfOverdue, overdue } from "./due.js";
import { isHeld, sentence, stateBadge, whose } from "./tasks.js";

/** @typedef {import("./tasks.js").Task} Task */
/** @typedef {() => void | Promise<void>} After what is read again afterwards */

const STALE = 41201;
const pathOf = (/** @type {Task} */ task) => `/api/v1/task/${task.id}`;
const nameOf = (/** @type {Task} */ task) => t("tasks.task", { id: String(task.id) });

/**
 * Changes a pending task as it was seen; whoever changed it meanwhile is not overwritten.
 * @param {Task} task
 * @param {Record<string, unknown>} changes
 * @returns {Promise<{ task: Task, changed: string[], warnings: string[] }>}
 */
async function change(task, changes) {
  try {
    return await send("PATCH", pathOf(task), changes, { ifMatch: task.version });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== STALE) throw error;
    /** @type {Task} */
    const current = await get(pathOf(task));
    const facts = { task: nameOf(task), time: when(current.scheduled_at), state: stateBadge(current).textContent ?? "" };
    throw new ApiError(t("queue.stale", facts), { code: STALE, status: 412 });
  }
}

/** A text that stands for itself where braces would mean a choice. @param {string} caption */
function literal(caption) {
  return { captions: caption.replace(/[{}\\]/g, "\\$&"), caption_format: "spintax" };
}

/**
 * Another start, caption or account.
 * @param {Task} task
 * @param {After} after
 */
export async function edit(task, after) {
  const accounts = (await get(withQuery("/api/v1/accounts", { platform: task.platform, page_size: 100 }))).accounts;
  const start = h("input", { type: "datetime-local", name: "start_time", value: forInput(task.scheduled_at), required: true });
  const caption = h("textarea", { name: "captions", rows: 5, value: task.caption });
  const names = accounts.map((/** @type {{ username: string }} */ one) => one.username);
  if (!names.includes(task.username)) names.unshift(task.username);
  const account = h(
    "select",
    { name: "username" },
    names.map((/** @type {string} */ name) =>
      h("option", { value: name, selected: name === task.username }, name ? `@${name}` : whose(task)),
    ),
  );
  await ask({
    title: t("queue.edit_title", { task: nameOf(task) }),
    lines: [],
    verb: t("queue.save"),
    form: h(
      "div",
      { class: "form" },
      field(t("queue.start"), start),
      field(t("queue.caption"), caption),
      field(t("queue.account_of", { app: appName(task.platform) }), account),
    ),
    async send() {
      /** @type {Record<string, unknown>} */
      const changes = {};
      if (start.value !== forInput(task.scheduled_at)) changes.start_time = start.value.replace("T", " ");
      if (caption.value !== task.caption) changes.script_config = literal(caption.value);
      if (account.value !== task.username) changes.username = account.value;
      const done = await change(task, changes);
      await finish([t("queue.saved", { task: nameOf(task), time: when(done.task.scheduled_at) }), ...done.warnings], after);
    },
  });
  await after();
}

/**
 * Gives a task another start; what the hub answers is said in a corner.
 * @param {Task} task
 * @param {string} start "YYYY-MM-DD HH:MM" on the hub's clock
 * @param {After} after
 */
export async function moveTo(task, start, after) {
  const before = forInput(task.scheduled_at).replace("T", " ");
  try {
    const done = await change(task, { start_time: start });
    await finish([t("queue.moved", { task: nameOf(task), time: when(done.task.scheduled_at) }), ...done.warnings], after, {
      text: t("queue.undo"),
      act: () => moveTo(done.task, before, after),
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast(error.lost ? t("parts.no_answer") : error.message, { kind: "bad" });
    await after();
  }
}

/**
 * Asks for another start.
 * @param {Task} task
 * @param {After} after
 */
export async function askMove(task, after) {
  const start = h("input", { type: "datetime-local", name: "start_time", value: forInput(task.scheduled_at), required: true });
  await ask({
    title: t("queue.move_title", { task: nameOf(task) }),
    lines: [about(task)],
    verb: t("queue.move"),
    form: h("div", { class: "form" }, field(t("queue.start"), start)),
    async send() {
      const done = await change(task, { start_time: start.value.replace("T", " ") });
      await finish([t("queue.moved", { task: nameOf(task), time: when(done.task.scheduled_at) }), ...done.warnings], after);
    },
  });
}

/**
 * The same post once more at another time.
 * @param {Task} task
 * @param {After} after
 */
export async function duplicate(task, after) {
  const key = newKey();
  const next = `${dayAfter(day(Math.max(Date.parse(task.scheduled_at), now())), 1)}T${clock(task.scheduled_at)}`;
  const start = h("input", { type: "datetime-local", name: "start_time", value: next, required: true });
  const whom = task.username ? { usernames: [task.username] } : { serials: [task.serial] };
  await ask({
    title: t("queue.duplicate_title", { task: nameOf(task) }),
    lines: [about(task), t("queue.duplicate_line")],
    verb: t("queue.duplicate"),
    form: h("div", { class: "form" }, field(t("queue.start"), start)),
    async send() {
      const config = { ...task.script_config, ...literal(task.caption) };
      const body = { ...whom, platform: task.platform, script_name: "post", script_config: config };
      const made = await send("POST", "/api/v1/task", { ...body, start_time: start.value.replace("T", " ") }, { key });
      const [id] = made.task_ids;
      toast([t("queue.duplicated", { time: made.tasks[0].start_time }), ...made.warnings], {
        link: { text: t("tasks.task", { id: String(id) }), href: to("task", id) },
      });
      void askNow();
      await after();
    },
  });
}

/**
 * Does something to several tasks, one after the other; what was refused is said with its task.
 * @param {Task[]} tasks
 * @param {(task: Task) => Promise<unknown>} act
 * @param {string} said key of the text about how many
 * @param {After} after
 */
async function each(tasks, act, said, after) {
  /** @type {string[]} */
  const refused = [];
  let done = 0;
  for (const task of tasks) {
    try {
      await act(task);
      done += 1;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      refused.push(`${nameOf(task)}: ${error.lost ? t("parts.no_answer") : error.message}`);
    }
  }
  if (done > 0) toast(t(said, { n: done }));
  if (refused.length > 0) toast(refused.slice(0, 5), { kind: "bad" });
  void askNow();
  await after();
}

/** @param {Task[]} tasks @param {After} after */
export function holdAll(tasks, after) {
  const able = tasks.filter((task) => task.status === 0 && !isHeld(task));
  return each(able, (task) => send("POST", `${pathOf(task)}/hold`, undefined, { repeat: true }), "queue.held", after);
}

/** @param {Task[]} tasks @param {After} after */
export function releaseAll(tasks, after) {
  const able = tasks.filter(isHeld);
  const words = { title: t("queue.release_title", { n: able.length }), verb: t("tasks.release") };
  return askIfOverdue(overdue(able), words, () =>
    each(
      able,
      (task) => send("POST", `${pathOf(task)}/release`, undefined, { repeat: true, ifMatch: task.version }),
      "queue.released",
      after,
    ),
  );
}

/** @param {Task[]} tasks @param {After} after */
export async function stopAll(tasks, after) {
  await ask({
    title: t("queue.stop_title", { n: tasks.length }),
    lines: [t("queue.stop_line")],
    verb: t("tasks.stop"),
    danger: true,
    send: () => each(tasks, (task) => send("POST", `${pathOf(task)}/stop`, undefined, { repeat: true }), "queue.stopped", after),
  });
}

/**
 * Moves several so that the first starts then; the others keep their distance from it.
 * @param {Task[]} tasks
 * @param {After} after
 */
export async function moveAll(tasks, after) {
  const able = tasks.filter((task) => task.status === 0).sort((a, b) => Date.parse(a.scheduled_at) - Date.parse(b.scheduled_at));
  const [first] = able;
  if (first === undefined) return;
  const start = h("input", { type: "datetime-local", name: "start_time", value: forInput(first.scheduled_at), required: true });
  await ask({
    title: t("queue.move_all_title", { n: able.length }),
    lines: [t("queue.move_all_line")],
    verb: t("queue.move"),
    form: h("div", { class: "form" }, field(t("queue.start_first"), start)),
    send: () => each(able, (task) => change(task, { start_time: shifted(task, first, start.value) }), "queue.moved_all", after),
  });
}

/**
 * The start that lies as far behind the new first one as before, on the hub's clock.
 * @param {Task} task
 * @param {Task} first
 * @param {string} start
 */
function shifted(task, first, start) {
  const wall = (/** @type {string} */ text) => Date.parse(`${text.slice(0, 16)}Z`);
  const off = wall(forInput(task.scheduled_at)) - wall(forInput(first.scheduled_at));
  return new Date(wall(start) + off).toISOString().slice(0, 16).replace("T", " ");
}

/** A short reminder of what it is about. @param {Task} task */
function about(task) {
  return h(
    "p",
    { class: "about" },
    h("b", null, `${whose(task)}, ${appName(task.platform)}`),
    ` · ${sentence(task)}`,
    task.caption && h("span", { class: "two-lines" }, task.caption),
  );
}

/**
 * @param {string[]} said
 * @param {After} after
 * @param {{ text: string, act: () => Promise<void> }} [undo]
 */
async function finish(said, after, undo) {
  toast(said);
  if (undo !== undefined) {
    const place = document.querySelector(".toasts > :last-child .toast-text");
    place?.append(h("div", { class: "buttons" }, button(undo.text, undo.act, { small: true })));
  }
  void askNow();
  await after();
}

/**
 * The select of a filter.
 * @param {HTMLSelectElement} select
 * @param {{ value: string, text: string }[]} options
 * @param {string} chosen
 */
export function fillSelect(select, options, chosen) {
  const all = options.some((one) => one.value === chosen) ? options : [...options, { value: chosen, text: chosen }];
  fill(
    select,
    all.map((one) => h("option", { value: one.value, selected: one.value === chosen }, one.text)),
  );
}
