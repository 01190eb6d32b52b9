// Older months: what ended long ago, by the month in which it ended. First the months, then the posts of one.

import { ApiError, get, sentenceOf, withQuery } from "../lib/api.js";
import { fill, h, keyed, write } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { longList } from "../lib/long_list.js";
import { button, empty, heading, linkButton } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { number, size, t } from "../lib/texts.js";
import { day, now, time } from "../lib/times.js";
import { toast } from "../lib/toasts.js";
import { monthName } from "../model/months.js";
import { lastPicture, showDetails } from "../model/past_details.js";
import { pastFilters } from "../model/past_filters.js";
import { loadPhones, phoneName } from "../model/phones.js";
import { sentence, stateBadge, timeOf, whoLine } from "../model/tasks.js";

/** @typedef {import("../model/tasks.js").Task} Task */
/**
 * @typedef {object} Month as in docs/api.md
 * @property {string} month
 * @property {number} size_bytes
 * @property {number | null} tasks null until the hub has counted them
 * @property {number | null} completed
 * @property {number | null} failed
 * @property {number | null} unknown
 * @property {number | null} unreadable_lines
 * @property {string} problem
 */

const PAGE = 50;
const ROW_REM = { wide: 8.25, narrow: 11.25 };

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function archive(visit) {
  return visit.id ? oneMonth(visit, visit.id) : allMonths(visit);
}

/** @param {string} month @param {"csv" | "jsonl"} format @param {Record<string, string | number>} [query] */
function fileOf(month, format, query = {}) {
  return withQuery(`/api/v1/archive/${encodeURIComponent(month)}/export`, { format, ...query });
}

/** @param {string} month @param {"csv" | "jsonl"} format @param {boolean} [short] */
function saveLink(month, format, short = false) {
  const whole = t(`archive.${format}`);
  return h(
    "a",
    {
      class: "button plain small",
      href: fileOf(month, format),
      download: `archive-${month}.${format}`,
      title: whole,
      "aria-description": monthName(month),
    },
    icon("download"),
    h("span", null, short ? t(`archive.short_${format}`) : whole),
  );
}

// --- the months

/** @param {import("../lib/router.js").Visit} visit @returns {import("../lib/router.js").Screen} */
function allMonths(visit) {
  const lead = h("p", { class: "calm lead", hidden: true });
  const list = h("ul", { class: "list", "aria-label": t("archive.months") });
  const none = h("div");

  async function load() {
    /** @type {{ months: Month[], retention_days: number, complete: boolean }} */
    let found;
    do {
      // The hub counts a part at a time; each answer has more than the one before.
      found = await get("/api/v1/archive", { signal: visit.signal });
      keyed(list, found.months, (one) => one.month, monthRow);
    } while (!found.complete && !visit.signal.aborted);
    const there = found.months.length > 0;
    write(lead, t("archive.lead", { n: found.retention_days }));
    lead.hidden = !there;
    fill(none, !there && empty(t("archive.empty", { n: found.retention_days }), linkButton(t("history.title"), to("history"))));
  }

  return {
    title: t("archive.title"),
    node: h("div", { class: "archive" }, backTo("history", t("history.title")), heading(t("archive.title")), lead, list, none),
    load,
  };
}

/** @param {Month} one */
function monthRow(one) {
  return h(
    "li",
    { class: "month-row" },
    h(
      "div",
      null,
      h("h2", null, h("a", { href: to("archive", one.month) }, monthName(one.month))),
      h("p", { class: "calm month-tally" }, tallyOf(one)),
      damageOf(one.unreadable_lines ?? 0),
      one.problem && h("p", { class: "problem" }, t("archive.problem", { why: one.problem })),
    ),
    one.problem === "" && h("div", { class: "buttons" }, saveLink(one.month, "csv", true), saveLink(one.month, "jsonl", true)),
  );
}

/** @param {Month} one */
function tallyOf(one) {
  if (one.problem) return null;
  if (one.tasks === null) return [h("span", null, t("archive.counting")), h("span", null, size(one.size_bytes))];
  const failed = (one.failed ?? 0) - (one.unknown ?? 0);
  return [
    h("b", null, t("history.total", { n: one.tasks })),
    h("span", null, t("archive.published", { n: number(one.completed ?? 0) })),
    failed > 0 && h("span", { class: "bad" }, t("archive.failed", { n: number(failed) })),
    one.unknown !== 0 && h("span", { class: "warn" }, t("archive.unknown", { n: number(one.unknown ?? 0) })),
    h("span", null, size(one.size_bytes)),
  ];
}

/** What says that a part of the month is missing. @param {number} lines */
function damageOf(lines) {
  return lines > 0 && h("p", { class: "damaged" }, icon("alert"), h("span", null, t("archive.damaged", { n: lines })));
}

/** @param {string} screen @param {string} text */
function backTo(screen, text) {
  return h("a", { class: "back", href: to(screen) }, icon("back"), text);
}

// --- one month

/** @param {import("../lib/router.js").Visit} visit @param {string} month @returns {import("../lib/router.js").Screen} */
function oneMonth(visit, month) {
  const named = monthName(month);
  let asked = "";
  const filters = pastFilters(visit, "archive");
  const choice = h("select", { name: "month", on: { change: () => open(choice.value) } });
  filters.node.append(h("label", { class: "filter" }, h("span", null, t("history.month")), choice));
  const total = h("p", { class: "calm total", role: "status" });
  const damage = h("div");
  const none = h("div", { hidden: true });
  const csv = saveLink(month, "csv");
  const json = saveLink(month, "jsonl");
  const list = longList({
    label: t("archive.list", { month: named }),
    pageSize: PAGE,
    rowRem: ROW_REM,
    read,
    draw: drawTask,
    failed: (error) => toast(sentenceOf(error), { kind: "bad" }),
  });

  /** @param {number} page */
  async function read(page) {
    const address = `/api/v1/archive/${encodeURIComponent(month)}`;
    const found = await get(withQuery(address, { ...filters.query(), page, page_size: PAGE }), { signal: visit.signal });
    fill(damage, damageOf(found.unreadable_lines));
    return { items: /** @type {Task[]} */ (found.tasks), total: /** @type {number} */ (found.total) };
  }

  async function load() {
    await Promise.all([drawMonths(), filters.load(), loadPhones()]);
    const now_asked = JSON.stringify(filters.query());
    const count = await list.refresh(now_asked !== asked, facts()).catch(notThere);
    asked = now_asked;
    for (const node of [filters.node, top, damage, csv, json]) node.hidden = count < 0;
    list.node.hidden = count <= 0;
    none.hidden = count > 0;
    write(total, t("history.total", { n: Math.max(0, count) }));
    csv.href = fileOf(month, "csv", filters.query());
    json.href = fileOf(month, "jsonl", filters.query());
    if (count !== 0) return;
    fill(
      none,
      filters.isFiltered()
        ? empty(t("history.none_match"), linkButton(t("archive.all_of_month"), to("archive", month)))
        : empty(t("archive.none", { month: named })),
    );
  }

  /** A month that the hub does not keep, or cannot read; asked for again when the hub has changed. @param {unknown} error */
  function notThere(error) {
    if (!(error instanceof ApiError) || error.lost || error.locked) throw error;
    const gone = error.status === 404 || error.code === 40001;
    const said = gone
      ? h("p", null, t("archive.gone", { month: named }))
      : h("p", { class: "problem", role: "alert" }, sentenceOf(error));
    fill(none, h("div", { class: "empty" }, said, linkButton(t("archive.title"), to("archive"))));
    return -1;
  }

  let monthsKnown = "";
  async function drawMonths() {
    if (monthsKnown !== "") return;
    const found = await get("/api/v1/archive", { signal: visit.signal });
    const names = found.months.map((/** @type {Month} */ one) => one.month);
    monthsKnown = names.join();
    fill(
      choice,
      names.map((/** @type {string} */ one) => h("option", { value: one, selected: one === month }, monthName(one))),
    );
  }

  /** Another month with the same filters. @param {string} other */
  function open(other) {
    location.hash = to("archive", other, filters.kept());
  }

  /** What rows depend on beside their task. */
  function facts() {
    return `${day(now())}${phoneName("")}`;
  }

  /** @param {Task} task */
  function drawTask(task) {
    const name = t("tasks.task", { id: String(task.id) });
    return h(
      "li",
      { class: "old-row", data: { task: task.id } },
      h(
        "div",
        { class: "past-head" },
        whoLine(task),
        h("span", { class: "past-when" }, time(timeOf(task), "when"), h("span", { class: "calm small-text" }, name)),
      ),
      h("p", { class: "caption two-lines" }, task.caption || h("span", { class: "calm" }, t("tasks.no_caption"))),
      h(
        "div",
        { class: "old-foot" },
        h("p", { class: "past-result" }, stateBadge(task), h("span", { class: "calm one-line" }, sentence(task))),
        button(t("history.details"), () => details(task), { of: name, icon: "eye", kind: "quiet", small: true }),
      ),
    );
  }

  /** @param {Task} task */
  async function details(task) {
    const kept = h("div");
    showDetails(task, kept);
    try {
      const log = await get(`/api/v1/task/${task.id}/log`, { signal: visit.signal });
      const src = lastPicture(task, log.artifacts);
      const alt = t("history.picture", { task: t("tasks.task", { id: String(task.id) }) });
      if (src) fill(kept, h("img", { class: "whole-picture", src, alt }));
    } catch (error) {
      if (error instanceof ApiError && error.status === 404)
        fill(kept, h("p", { class: "calm gone" }, t("archive.nothing_kept")));
    }
  }

  /** @param {URLSearchParams} fresh */
  async function filter(fresh) {
    filters.take(fresh);
    await load();
  }

  const top = h("div", { class: "past-top" }, filters.chips, total);
  return {
    title: named,
    node: h(
      "div",
      { class: "history archive" },
      backTo("archive", t("archive.title")),
      heading(named, csv, json),
      filters.node,
      top,
      damage,
      list.node,
      none,
    ),
    load,
    filter,
    close: list.close,
  };
}
