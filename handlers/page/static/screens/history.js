// History: what ended, newest first: completed, failed, and what may be published.

import { get, withQuery } from "../lib/api.js";
import { fill, h, keyed } from "../lib/dom.js";
import { button, empty, heading, linkButton } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { t } from "../lib/texts.js";
import { day, now } from "../lib/times.js";
import { taskButtons } from "../model/actions.js";
import { loadPhones, phoneName } from "../model/phones.js";
import { isUnknown, taskRow } from "../model/tasks.js";

/** @typedef {import("../model/tasks.js").Task} Task */

const PAGE = 50;
/** Filters, and the API's status of each. */
const STATUS = { failed: 3, completed: 2, unknown: 3 };

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function history(visit) {
  let params = visit.params;
  const chips = h("nav", { class: "chips", "aria-label": t("history.filter") });
  const list = h("ul", { class: "list" });
  const none = h("div", { hidden: true }, empty(t("history.empty")));
  const pages = h("div", { class: "buttons pages" });

  async function load() {
    const wanted = params.get("show") ?? "completed";
    const page = Math.max(1, Number(params.get("page") ?? 1) || 1);
    const status = STATUS[/** @type {keyof typeof STATUS} */ (wanted)] ?? 2;
    const [found] = await Promise.all([
      get(withQuery("/api/v1/task", { status, page, page_size: PAGE }), { signal: visit.signal }),
      loadPhones(),
    ]);
    /** @type {Task[]} */
    const tasks = wanted === "unknown" ? found.tasks.filter(isUnknown) : found.tasks;
    fill(
      chips,
      Object.keys(STATUS).map((name) =>
        h(
          "a",
          { class: "chip", href: to("history", "", { show: name }), "aria-current": name === wanted ? "true" : null },
          t(`history.${name}`),
        ),
      ),
    );
    keyed(
      list,
      tasks,
      (task) => task.id,
      (task) => taskRow(task, taskButtons(task, visit.reload, { small: true })),
      day(now()) + tasks.map((task) => phoneName(task.serial)).join(),
    );
    none.hidden = tasks.length > 0;
    const last = Math.max(1, Math.ceil(found.total / PAGE));
    const of = (/** @type {number} */ number) => to("history", "", { show: wanted, page: number });
    fill(
      pages,
      page > 1 && linkButton(t("parts.newer"), of(page - 1)),
      last > 1 && h("span", { class: "calm" }, t("parts.page_of", { page, last })),
      page < last && linkButton(t("parts.older"), of(page + 1)),
    );
  }

  /** @param {URLSearchParams} now */
  async function filter(now) {
    params = now;
    await load();
  }

  const retryAll = button(
    t("history.retry_all"),
    async () => {
      const { retryFailed } = await import("../model/actions.js");
      await retryFailed(visit.reload);
    },
    { icon: "retry" },
  );
  return {
    title: t("history.title"),
    node: h("div", null, heading(t("history.title"), retryAll), chips, h("div", { class: "gap" }), list, none, pages),
    load,
    filter,
  };
}
