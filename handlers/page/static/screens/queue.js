// Queue: what is due, in order of time: as a list by day, or as a week.

import { get, withQuery } from "../lib/api.js";
import { fill, h, keyed, write } from "../lib/dom.js";
import { button, empty, heading, linkButton } from "../lib/parts.js";
import { keepFilters, to } from "../lib/router.js";
import { t } from "../lib/texts.js";
import { day, dayName, now } from "../lib/times.js";
import { taskButtons } from "../model/actions.js";
import { taskFilters } from "../model/filters.js";
import { phoneName } from "../model/phones.js";
import { duplicate, edit, holdAll, moveAll, releaseAll, stopAll } from "../model/plan.js";
import { planTable } from "../model/table_plan.js";
import { isHeld, taskRow, timeOf } from "../model/tasks.js";
import { weekView } from "./queue_week.js";

/** @typedef {import("../model/tasks.js").Task} Task */

const PAGE = 100;
const PAGES_MAX = 20;

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function queue(visit) {
  let params = visit.params;
  let pages = 1;
  /** @type {Map<number, Task>} */
  const selected = new Map();
  /** @type {Task[]} */
  let tasks = [];

  const filters = taskFilters(params, filtered);
  const views = h("div", { class: "chips", role: "group", "aria-label": t("queue.view") });
  const days = h("div", { class: "days" });
  const week = weekView(visit, (first) => keepFilters({ ...filters.values(), view: "week", first }));
  const none = h("div", { hidden: true });
  const more = h("div", { class: "buttons pages", hidden: true });
  const chosen = h("div", { class: "chosen", role: "region", "aria-label": t("queue.selection"), hidden: true });
  const count = h("b");
  fill(
    chosen,
    count,
    button(t("tasks.hold"), () => many(holdAll), { icon: "pause", of: t("queue.all_selected"), small: true }),
    button(t("tasks.release"), () => many(releaseAll), { icon: "play", of: t("queue.all_selected"), small: true }),
    button(t("queue.move"), () => many(moveAll), { icon: "clock", of: t("queue.all_selected"), small: true }),
    button(t("tasks.stop"), () => many(stopAll), { icon: "stop", of: t("queue.all_selected"), small: true }),
    button(t("queue.select_none"), () => select([]), { kind: "quiet", small: true }),
  );

  const isWeek = () => params.get("view") === "week";

  async function load() {
    drawViews();
    const first = filters.load();
    week.node.hidden = !isWeek();
    days.hidden = isWeek();
    if (isWeek()) {
      none.hidden = more.hidden = true;
      await Promise.all([first, week.load(params.get("first") ?? "", filters.query())]);
      return;
    }
    const ask = (/** @type {number} */ status, /** @type {number} */ page) =>
      get(withQuery("/api/v1/task", { ...filters.query(), status, sort: "scheduled_at", page, page_size: PAGE }), {
        signal: visit.signal,
      });
    await first;
    const [running, ...pending] = await Promise.all([ask(1, 1), ...Array.from({ length: pages }, (_, page) => ask(0, page + 1))]);
    tasks = [...running.tasks, ...pending.flatMap((one) => one.tasks)];
    const total = running.total + (pending[0]?.total ?? 0);
    for (const id of selected.keys()) {
      const still = tasks.find((task) => task.id === id);
      if (still === undefined) selected.delete(id);
      else selected.set(id, still);
    }
    draw(total);
  }

  /** @param {number} total */
  function draw(total) {
    /** @type {Map<string, Task[]>} */
    const groups = new Map();
    for (const task of tasks) {
      const name = day(Math.max(Date.parse(dueOf(task)), now()));
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [task]);
      else group.push(task);
    }
    const items = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, group]) => ({ name, group }));
    const names = [...new Set(tasks.map((task) => phoneName(task.serial)))].join();
    keyed(days, items, (one) => one.name, drawDay, day(now()) + names);
    none.hidden = total > 0;
    const { account, phone, q } = filters.values();
    fill(
      none,
      account || phone || q
        ? empty(t("queue.none_match"), linkButton(t("queue.all"), to("queue")))
        : empty(t("queue.empty"), linkButton(t("shell.compose"), to("compose"), { kind: "primary", icon: "compose" })),
    );
    more.hidden = tasks.length >= total;
    fill(
      more,
      h("span", { class: "calm" }, t("queue.shown", { shown: tasks.length, n: total })),
      pages < PAGES_MAX && button(t("queue.more"), showMore, { small: true }),
    );
    drawChosen();
  }

  async function showMore() {
    pages += 1;
    await load();
  }

  /** @param {{ name: string, group: Task[] }} one */
  function drawDay({ name, group }) {
    const list = h("ul", { class: "list" });
    keyed(
      list,
      group,
      (task) => task.id,
      (task) => drawTask(task, name),
    );
    const pending = group.filter((task) => task.status === 0);
    const all = button(t("queue.select_day"), () => select([...selected.values(), ...pending]), {
      kind: "quiet",
      small: true,
      of: dayName(`${name}T12:00:00Z`),
    });
    return h(
      "section",
      null,
      h("div", { class: "part-head" }, h("h2", null, dayName(`${name}T12:00:00Z`)), pending.length > 1 && all),
      list,
    );
  }

  /** @param {Task} task @param {string} name the day under which it stands */
  function drawTask(task, name) {
    const of = t("tasks.task", { id: String(task.id) });
    const pending = task.status === 0;
    const row = taskRow(
      task,
      [
        pending && button(t("tasks.edit"), () => edit(task, visit.reload), { of, icon: "edit", small: true }),
        taskButtons(task, visit.reload, { small: true }),
        button(t("queue.duplicate"), () => duplicate(task, visit.reload), { of, icon: "copy", kind: "quiet", small: true }),
      ],
      day(timeOf(task)) === name ? "clock" : "when",
    );
    row.classList.toggle("held", isHeld(task));
    const tick = h("input", {
      type: "checkbox",
      checked: selected.has(task.id),
      disabled: !pending,
      "aria-label": t("queue.select", { task: of }),
      on: { change: () => choose(task, tick.checked) },
    });
    row.prepend(h("label", { class: "task-tick", data: { of: task.id } }, tick));
    return row;
  }

  /** @param {Task} task @param {boolean} on */
  function choose(task, on) {
    if (on) selected.set(task.id, task);
    else selected.delete(task.id);
    drawChosen();
  }

  /** @param {Task[]} wanted */
  function select(wanted) {
    selected.clear();
    for (const task of wanted) selected.set(task.id, task);
    for (const label of days.querySelectorAll(".task-tick")) {
      const tick = label.querySelector("input");
      if (tick !== null) tick.checked = selected.has(Number(/** @type {HTMLElement} */ (label).dataset.of));
    }
    drawChosen();
  }

  function drawChosen() {
    chosen.hidden = selected.size === 0;
    write(count, t("queue.selected", { n: selected.size }));
  }

  /** @param {(tasks: Task[], after: () => Promise<void>) => Promise<void>} act */
  function many(act) {
    return act([...selected.values()], visit.reload);
  }

  function drawViews() {
    const link = (/** @type {string} */ view, /** @type {string} */ text) =>
      h(
        "a",
        {
          class: "chip",
          href: to("queue", "", { ...filters.values(), view }),
          "aria-current": isWeek() === (view === "week") ? "true" : null,
        },
        text,
      );
    fill(views, link("", t("queue.list")), link("week", t("queue.week")));
  }

  function filtered() {
    keepFilters({ ...filters.values(), view: params.get("view"), first: params.get("first") });
    params = new URLSearchParams(location.hash.split("?")[1] ?? "");
    pages = 1;
    void visit.reload();
  }

  /** @param {URLSearchParams} fresh */
  async function filter(fresh) {
    params = fresh;
    filters.take(fresh);
    pages = 1;
    select([]);
    await load();
  }

  return {
    title: t("queue.title"),
    node: h(
      "div",
      { class: "queue" },
      heading(
        t("queue.title"),
        views,
        button(t("queue.table"), () => planTable(visit.reload), { icon: "upload" }),
        linkButton(t("shell.compose"), to("compose"), { icon: "compose" }),
      ),
      filters.node,
      days,
      week.node,
      none,
      more,
      chosen,
    ),
    load,
    filter,
    close: week.close,
  };
}

/** @param {Task} task */
function dueOf(task) {
  return task.next_attempt_at ?? task.scheduled_at;
}
