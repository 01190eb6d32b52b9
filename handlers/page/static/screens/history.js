// History: what ended, last first: published, failed, and what may be published; by month, account, phone and text.

import { get, sentenceOf, withQuery } from "../lib/api.js";
import { show } from "../lib/dialogs.js";
import { fill, h, write } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { longList } from "../lib/long_list.js";
import { button, empty, heading, linkButton } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { t } from "../lib/texts.js";
import { day, now, time } from "../lib/times.js";
import { toast } from "../lib/toasts.js";
import { retryFailed, taskButtons } from "../model/actions.js";
import { monthName, monthsBack } from "../model/months.js";
import { lastPicture, showDetails } from "../model/past_details.js";
import { pastFilters } from "../model/past_filters.js";
import { phoneName } from "../model/phones.js";
import { sentence, stateBadge, timeOf, whoLine } from "../model/tasks.js";

/** @typedef {import("../model/tasks.js").Task} Task */

const PAGE = 50;
const MONTHS = 13;
const ROW_REM = { wide: 10, narrow: 14.25 };

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function history(visit) {
  let asked = "";
  /** Pictures of tasks that were looked for; "" where there is none. @type {Map<string, string>} */
  const pictures = new Map();

  let chosen = visit.params.get("month") ?? "";
  const filters = pastFilters(visit, "history", () => ({ month: chosen }));
  const month = h("select", { name: "month", on: { change: choose } });
  filters.node.append(h("label", { class: "filter" }, h("span", null, t("history.month")), month));
  const total = h("p", { class: "calm total", role: "status" });
  const none = h("div", { hidden: true });
  const csv = h("a", { class: "button plain", download: "tasks.csv" }, icon("download"), h("span", null, t("history.export")));
  const list = longList({
    label: t("history.list"),
    pageSize: PAGE,
    rowRem: ROW_REM,
    read,
    draw: drawTask,
    seen: (tasks) => void lookForPictures(tasks),
    failed: (error) => toast(sentenceOf(error), { kind: "bad" }),
  });

  /** What the API is asked for. */
  function query() {
    const bounds = /^\d{4}-\d\d$/.test(chosen) ? { from: `${chosen}-01`, to: lastDay(chosen) } : {};
    return { ...filters.query(), ...bounds };
  }

  /** @param {number} page */
  async function read(page) {
    const [found, counts] = await Promise.all([
      get(withQuery("/api/v1/task", { ...query(), sort: "-finished_at", page, page_size: PAGE }), { signal: visit.signal }),
      filters.showsAll() ? get(withQuery("/api/v1/task/stats", query()), { signal: visit.signal }) : null,
    ]);
    // What has not ended stands behind all that has.
    const ended = counts === null ? found.total : counts.completed + counts.failed;
    return { items: /** @type {Task[]} */ (found.tasks).filter((task) => task.status > 1), total: ended };
  }

  async function load() {
    drawMonths();
    await filters.load();
    const now_asked = JSON.stringify(query());
    const count = await list.refresh(now_asked !== asked, facts());
    asked = now_asked;
    write(total, t("history.total", { n: count }));
    none.hidden = count > 0;
    list.node.hidden = count === 0;
    const older = linkButton(t("archive.title"), to("archive"));
    fill(
      none,
      filters.isFiltered()
        ? empty(t("history.none_match"), h("div", { class: "buttons centred" }, linkButton(t("queue.all"), to("history")), older))
        : empty(t("history.empty"), older),
    );
    csv.href = withQuery("/api/v1/task/export", { format: "csv", ...query() });
  }

  /** What rows depend on beside their task. */
  function facts() {
    return `${day(now())}${phoneName("")}`;
  }

  function drawMonths() {
    const options = [
      h("option", { value: "" }, t("history.any_month")),
      ...monthsBack(MONTHS).map((one) => h("option", { value: one }, monthName(one))),
    ];
    if (month.options.length !== options.length) fill(month, options);
    if (month.value !== chosen) month.value = chosen;
  }

  /** @param {Task} task */
  function drawTask(task) {
    const of = t("tasks.task", { id: String(task.id) });
    const src = pictures.get(pictureKey(task)) ?? "";
    return h(
      "li",
      { class: "past-row", data: { task: task.id } },
      picture(task, src),
      h(
        "div",
        { class: "past-text" },
        h(
          "div",
          { class: "past-head" },
          whoLine(task),
          h(
            "span",
            { class: "past-when" },
            time(timeOf(task), "when"),
            h("a", { class: "task-link", href: to("task", task.id) }, of),
          ),
        ),
        h("p", { class: "caption two-lines" }, task.caption || h("span", { class: "calm" }, t("tasks.no_caption"))),
        h("p", { class: "past-result" }, stateBadge(task), h("span", { class: "calm one-line" }, sentence(task))),
        h(
          "div",
          { class: "past-acts" },
          // The last one deletes: that is done on the task's own screen, where one sees what it is.
          taskButtons(task, visit.reload, { small: true }).slice(0, -1),
          button(t("history.details"), () => details(task, src), { of, icon: "eye", kind: "quiet", small: true }),
        ),
      ),
    );
  }

  /** @param {Task} task @param {string} src */
  function picture(task, src) {
    if (!src) return h("div", { class: "past-picture none", "aria-hidden": "true" }, icon(task.status === 2 ? "check" : "eye"));
    const alt = t("history.picture", { task: t("tasks.task", { id: String(task.id) }) });
    const click = () => void show(alt, h("img", { class: "whole-picture", src, alt }));
    return h(
      "button",
      { type: "button", class: "past-picture", "aria-label": alt, on: { click } },
      h("img", { src, alt: "", loading: "lazy" }),
    );
  }

  /**
   * The last picture that was kept of each failed task in view; asked for once.
   * @param {Task[]} tasks
   */
  async function lookForPictures(tasks) {
    const fresh = tasks.filter((task) => task.status === 3 && !pictures.has(pictureKey(task)));
    for (const task of fresh) pictures.set(pictureKey(task), "");
    let found = false;
    for (const task of fresh) {
      try {
        const log = await get(`/api/v1/task/${task.id}/log`, { signal: visit.signal });
        pictures.set(pictureKey(task), lastPicture(task, log.artifacts));
        found ||= pictures.get(pictureKey(task)) !== "";
      } catch {
        pictures.delete(pictureKey(task)); // the next look asks again
        break;
      }
    }
    if (found && !visit.signal.aborted) list.redraw(`${facts()}${[...pictures.values()].filter(Boolean).length}`);
  }

  /** @param {Task} task @param {string} src */
  function details(task, src) {
    const name = t("tasks.task", { id: String(task.id) });
    showDetails(
      task,
      h("div", { class: "buttons gap" }, linkButton(t("history.open", { task: name }), to("task", task.id), { kind: "primary" })),
      ...(src ? [h("img", { class: "whole-picture", src, alt: t("history.picture", { task: name }) })] : []),
    );
  }

  function choose() {
    chosen = month.value;
    filters.changed();
  }

  /** @param {URLSearchParams} fresh */
  async function filter(fresh) {
    chosen = fresh.get("month") ?? "";
    filters.take(fresh);
    await load();
  }

  return {
    title: t("history.title"),
    node: h(
      "div",
      { class: "history" },
      heading(
        t("history.title"),
        linkButton(t("archive.title"), to("archive"), { icon: "calendar" }),
        csv,
        button(t("history.retry_all"), () => retryFailed(visit.reload), { icon: "retry" }),
      ),
      filters.node,
      h("div", { class: "past-top" }, filters.chips, total),
      list.node,
      none,
    ),
    load,
    filter,
    close: list.close,
  };
}

/** @param {Task} task */
function pictureKey(task) {
  return `${task.id} ${task.finished_at}`;
}

/** @param {string} month */
function lastDay(month) {
  const [year, number] = month.split("-").map(Number);
  return new Date(Date.UTC(year ?? 0, number ?? 0, 0)).toISOString().slice(0, 10);
}
