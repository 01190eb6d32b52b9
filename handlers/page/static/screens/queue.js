// Queue: what is due, in order of time, by day.

import { get, withQuery } from "../lib/api.js";
import { h, keyed } from "../lib/dom.js";
import { empty, heading, linkButton } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { t } from "../lib/texts.js";
import { day, dayName, now } from "../lib/times.js";
import { taskButtons } from "../model/actions.js";
import { loadPhones, phoneName } from "../model/phones.js";
import { taskRow } from "../model/tasks.js";

/** @typedef {import("../model/tasks.js").Task} Task */

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function queue(visit) {
  const days = h("div", { class: "days" });
  const none = h(
    "div",
    { hidden: true },
    empty(t("queue.empty"), linkButton(t("shell.compose"), to("compose"), { kind: "primary", icon: "compose" })),
  );

  async function load() {
    const [running, pending] = await Promise.all([
      get(withQuery("/api/v1/task", { status: 1, page_size: 100 }), { signal: visit.signal }),
      get(withQuery("/api/v1/task", { status: 0, page_size: 100 }), { signal: visit.signal }),
      loadPhones(),
    ]);
    /** @type {Task[]} */
    const tasks = [...running.tasks, ...pending.tasks].sort((a, b) => Date.parse(dueOf(a)) - Date.parse(dueOf(b)) || a.id - b.id);
    none.hidden = tasks.length > 0;
    /** @type {Map<string, Task[]>} */
    const groups = new Map();
    for (const task of tasks) {
      const name = day(Math.max(Date.parse(dueOf(task)), now()));
      groups.set(name, [...(groups.get(name) ?? []), task]);
    }
    const items = [...groups].map(([name, group]) => ({ name, group }));
    keyed(
      days,
      items,
      (one) => one.name,
      drawDay,
      day(now()) + items.map((one) => one.group.map((task) => phoneName(task.serial)).join()).join(),
    );
  }

  /** @param {{ name: string, group: Task[] }} one */
  function drawDay({ name, group }) {
    return h(
      "section",
      null,
      h("div", { class: "part-head" }, h("h2", null, dayName(`${name}T12:00:00Z`))),
      h(
        "ul",
        { class: "list" },
        group.map((task) => taskRow(task, taskButtons(task, visit.reload, { small: true }))),
      ),
    );
  }

  return { title: t("queue.title"), node: h("div", null, heading(t("queue.title")), days, none), load };
}

/** @param {Task} task */
function dueOf(task) {
  return task.next_attempt_at ?? task.scheduled_at;
}
