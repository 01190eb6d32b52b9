// Home: what needs a person, with its action in place; then what comes next, what runs now, and what came of today.

import { get, withQuery } from "../lib/api.js";
import { fill, h, keyed } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { live } from "../lib/live.js";
import { badge, heading, linkButton, subheading, time } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { t } from "../lib/texts.js";
import { clock, day, now, when } from "../lib/times.js";
import { matterCard } from "../model/needs.js";
import { loadPhones, phoneName } from "../model/phones.js";
import { doing, PHASES, phaseOfTask } from "../model/steps.js";
import { accountOf, isUnknown, sentence, stateBadge, whoLine, whose } from "../model/tasks.js";

/** @typedef {import("../model/tasks.js").Task} Task */
/** @typedef {import("../model/needs.js").Matter} Matter */

const NEXT = 5;
const RESULTS = 8;

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function home(visit) {
  const needs = h("section", { class: "needs", "aria-label": t("home.needs") });
  const matters = h("div", { class: "matters" });
  const calm = h("div", { class: "all-well", hidden: true });
  const running = h("div", { class: "running" });
  const runningPart = h("section", { hidden: true }, subheading(t("home.running")), running);
  const next = h("ul", { class: "list short" });
  const results = h("ul", { class: "list short" });
  const tally = h("span", { class: "tally" });
  needs.append(matters, calm);
  const setup = linkButton(t("setup.title"), to("setup"), { kind: "primary" });
  const tick = () => {
    setup.hidden = live?.counts.total !== 0;
  };
  tick();
  let seen = "";
  let wasRunning = true;

  async function load() {
    // What only a running post changes is read alone: a hub that posts all day is asked little.
    const counts = JSON.stringify([live?.counts, live?.needs_count]);
    const all = counts !== seen;
    await Promise.all([all ? loadRest() : null, all || wasRunning ? loadRunning() : null]);
    seen = counts;
  }

  async function loadRunning() {
    const [found] = await Promise.all([
      get(withQuery("/api/v1/task", { status: 1, page_size: 20 }), { signal: visit.signal }),
      loadPhones(),
    ]);
    wasRunning = found.total > 0;
    runningPart.hidden = !wasRunning;
    keyed(running, /** @type {Task[]} */ (found.tasks).toReversed(), (task) => task.id, runningCard);
  }

  async function loadRest() {
    const [matterList, pending, ended] = await Promise.all([
      get("/api/v1/needs", { signal: visit.signal }),
      get(withQuery("/api/v1/task", { status: 0, sort: "scheduled_at", page_size: NEXT + 10 }), { signal: visit.signal }),
      get(withQuery("/api/v1/task", { sort: "-finished_at", page_size: 50 }), { signal: visit.signal }),
    ]);
    await loadPhones();
    const today = day(now());
    /** @type {Task[]} */
    const due = pending.tasks.filter((/** @type {Task} */ task) => task.waiting_for !== "hold");
    drawNeeds(matterList.needs, due[0]);
    const names = due.map((task) => phoneName(task.serial)).join();
    keyed(next, due.slice(0, NEXT), (task) => task.id, nextRow, today + names);
    if (due.length === 0) fill(next, h("li", { class: "calm" }, t("home.nothing_planned")));
    /** @type {Task[]} */
    const done = ended.tasks.filter((/** @type {Task} */ task) => task.finished_at !== null && day(task.finished_at) === today);
    keyed(results, done.slice(0, RESULTS), (task) => task.id, resultRow, today);
    if (done.length === 0) fill(results, h("li", { class: "calm" }, t("home.no_results")));
    const good = done.filter((task) => task.status === 2).length;
    const unclear = done.filter(isUnknown).length;
    const bad = done.length - good - unclear;
    fill(
      tally,
      good > 0 && badge("good", t("home.published", { n: good })),
      bad > 0 && badge("bad", t("home.failed", { n: bad })),
      unclear > 0 && badge("warn", t("home.unclear", { n: unclear }), "question"),
    );
  }

  /** @param {Matter[]} list @param {Task | undefined} first */
  function drawNeeds(list, first) {
    keyed(
      matters,
      list,
      (matter) => matter.key,
      (matter) => matterCard(matter, visit.reload),
      day(now()) + list.map((matter) => phoneName(matter.serial ?? "")).join(),
    );
    calm.hidden = list.length > 0;
    if (list.length > 0) return;
    const facts = first && { time: when(first.next_attempt_at ?? first.scheduled_at), account: whose(first) };
    fill(
      calm,
      h("span", { class: "all-well-mark" }, icon("check")),
      h("p", null, h("b", null, t("home.nothing_needed")), " ", facts ? t("home.next_post", facts) : t("home.no_next_post")),
      setup,
    );
  }

  const node = h(
    "div",
    { class: "home" },
    heading(t("home.title"), linkButton(t("shell.compose"), to("compose"), { kind: "primary", icon: "compose" })),
    needs,
    runningPart,
    h(
      "div",
      { class: "columns" },
      h("section", null, subheading(t("home.next"), h("a", { href: to("queue") }, t("home.all_queue"))), next),
      h("section", null, subheading(t("home.today"), tally, h("a", { href: to("history") }, t("home.all_history"))), results),
    ),
  );
  return { title: t("home.title"), node, load, tick };
}

/** @param {Task} task */
function nextRow(task) {
  const at = time(task.next_attempt_at ?? task.scheduled_at, "when");
  return shortRow(task, at, task.caption || t("tasks.no_caption"), task.waiting_for !== "time");
}

/** @param {Task} task */
function resultRow(task) {
  const at = h("time", { datetime: task.finished_at }, clock(task.finished_at ?? ""));
  return shortRow(task, at, task.status === 2 ? task.caption || t("tasks.no_caption") : sentence(task), true);
}

/**
 * A task in two lines, all of which opens it.
 * @param {Task} task
 * @param {Node} at
 * @param {string} line
 * @param {boolean} badged
 */
function shortRow(task, at, line, badged) {
  return h(
    "li",
    null,
    h(
      "a",
      { class: "row-link", href: to("task", task.id) },
      h("span", { class: "sr" }, t("tasks.task", { id: String(task.id) })),
    ),
    at,
    h("div", null, whoLine(task), h("p", { class: "one-line calm" }, line)),
    badged && stateBadge(task),
  );
}

/** @param {Task} task */
function runningCard(task) {
  const at = phaseOfTask(task);
  return h(
    "article",
    { class: "card run-card" },
    h(
      "div",
      { class: "spread" },
      h("a", { href: to("task", task.id), class: "task-link" }, t("tasks.task", { id: String(task.id) })),
      stateBadge(task),
    ),
    whoLine(task),
    h("p", { class: "one-line calm" }, task.caption || t("tasks.no_caption")),
    h(
      "div",
      {
        class: "track",
        role: "progressbar",
        "aria-label": t("home.progress_of", { account: accountOf(task) || phoneName(task.serial) }),
        "aria-valuemin": 0,
        "aria-valuemax": PHASES.length,
        "aria-valuenow": at,
        "aria-valuetext": doing(task),
      },
      PHASES.map((_, place) => h("i", { class: place < at ? "done" : place === at ? "now" : "" })),
    ),
    h(
      "p",
      { class: "small-text" },
      doing(task),
      h("span", { class: "calm" }, ` · ${t("home.step_of", { step: at + 1, all: PHASES.length })}`),
    ),
  );
}
