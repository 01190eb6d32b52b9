// What is shown once posts were made: each with its account and time, and what the hub warns of.

import { h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { button, linkButton } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { t } from "../lib/texts.js";
import { whenSaid } from "./start_times.js";

/**
 * @param {{ id: number, username: string, start_time: string }[]} made
 * @param {string[]} who the account of each, as people know it
 * @param {string[]} warnings
 * @param {() => void} another called for another post
 */
export function madeCard(made, who, warnings, another) {
  return h(
    "section",
    { class: "card done-card" },
    h("h2", null, icon("check"), t("compose.made", { n: made.length })),
    h(
      "ul",
      { class: "made" },
      made.map((task, at) =>
        h(
          "li",
          null,
          h("a", { href: to("task", task.id) }, t("tasks.task", { id: String(task.id) })),
          h("b", null, who[at] ?? `@${task.username}`),
          h("span", { class: "calm" }, whenSaid(task.start_time)),
        ),
      ),
    ),
    warnings.map((text) => h("p", { class: "warning" }, icon("alert"), text)),
    h("div", { class: "buttons" }, linkButton(t("shell.queue"), to("queue")), button(t("compose.write_another"), another)),
  );
}
