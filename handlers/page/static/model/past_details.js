// The details of a post that ended, in a dialog: its result, account, caption and times; code and step.

import { show } from "../lib/dialogs.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/texts.js";
import { exact } from "../lib/times.js";
import { sentence, stateBadge, whoLine } from "./tasks.js";

/** @typedef {import("./tasks.js").Task} Task */

/**
 * @param {Task} task
 * @param {...Node} more what stands below the facts
 * @returns {HTMLDialogElement}
 */
export function showDetails(task, ...more) {
  /** @type {[string, import("../lib/dom.js").Kid][]} */
  const rows = [
    [t("task.account"), whoLine(task)],
    [t("task.caption"), h("span", { class: "caption-text" }, task.caption || t("tasks.no_caption"))],
    [t("task.files"), task.materials.join(", ")],
    [t("task.planned"), exact(task.scheduled_at)],
    [t("task.started"), task.started_at && exact(task.started_at)],
    [t("task.ended"), task.finished_at && exact(task.finished_at)],
    [t("history.attempts"), t("task.retries_of", { count: task.retry_count, max: task.max_retry_count })],
    [t("task.code"), task.error && h("code", null, task.error.code)],
    [t("task.step"), task.error?.step && h("code", null, task.error.step)],
  ];
  const { dialog } = show(
    t("history.details_of", { task: t("tasks.task", { id: String(task.id) }) }),
    h("p", { class: "past-result whole" }, stateBadge(task), h("span", null, sentence(task))),
    h(
      "dl",
      { class: "facts" },
      rows.filter(([, said]) => said).map(([title, said]) => [h("dt", null, title), h("dd", null, said)]),
    ),
    ...more,
  );
  // A link leads away from this screen.
  dialog.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("a")) dialog.close();
  });
  return dialog;
}

/** The address of a picture that was kept of a task. @param {Task} task @param {string} name */
export function pictureAddress(task, name) {
  return `/api/v1/task/${task.id}/artifacts/${encodeURIComponent(name)}`;
}

/** The last picture among what was kept of a task, "" where there is none. @param {Task} task @param {string[]} artifacts */
export function lastPicture(task, artifacts) {
  const name = artifacts.findLast((one) => one.endsWith(".png"));
  return name === undefined ? "" : pictureAddress(task, name);
}
