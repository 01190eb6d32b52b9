// Many posts from one table: the hub says what it would plan, then a person plans all of it, or nothing.

import { ApiError, send } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { askNow } from "../lib/live.js";
import { field } from "../lib/parts.js";
import { asSentence, t } from "../lib/texts.js";
import { toast } from "../lib/toasts.js";
import { whenSaid } from "./start_times.js";

const PATH = "/api/v1/task/bulk";
const SHOWN = 8;
const PROBLEMS = 12;
const WAIT_MS = 120_000; // each file is looked at
const EXAMPLE = "account;file;caption;start_time\n@alice;bench.mp4;Monday #bench;2027-01-04 18:30";

/** @typedef {{ tasks: { username: string, serial: string, start_time: string, caption: string }[], warnings: string[] }} Answer */

/**
 * Asks for a CSV file, shows what it makes, and plans it.
 * @param {() => Promise<void>} after
 */
export async function planTable(after) {
  const file = h("input", { type: "file", name: "table", accept: ".csv,.tsv,.txt,text/csv", required: true });
  let table = new Blob();
  /** @type {Answer} */
  let found = { tasks: [], warnings: [] };
  const checked = await ask({
    title: t("queue.table"),
    lines: [t("queue.table_line"), h("pre", { class: "about" }, EXAMPLE), t("queue.table_library")],
    form: field(t("queue.table_file"), file),
    verb: t("queue.table_check"),
    async send() {
      const [chosen] = file.files ?? [];
      if (chosen === undefined) return;
      // What was checked is what is planned, whatever becomes of the file meanwhile.
      table = new Blob([await chosen.arrayBuffer()]);
      found = await post(table, `${PATH}?dry_run=true`);
    },
  });
  if (!checked) return;
  const n = found.tasks.length;
  await ask({
    title: `${t("queue.table_plan", { n })}?`,
    lines: [
      h(
        "ul",
        { class: "about" },
        found.tasks
          .slice(0, SHOWN)
          .map((one) =>
            h(
              "li",
              null,
              h("b", null, `${whenSaid(one.start_time)} `),
              one.username ? `@${one.username}` : one.serial,
              ` ${first(one.caption)}`,
            ),
          ),
        n > SHOWN && h("li", { class: "calm" }, t("queue.table_more", { n: n - SHOWN })),
      ),
      ...found.warnings
        .slice(0, PROBLEMS)
        .map((text) => h("p", { class: "held with-icon" }, icon("alert"), h("span", null, rowSaid(text)))),
    ],
    verb: t("queue.table_plan", { n }),
    async send() {
      // Without a key of its own: the hub knows the same table again for a day, and plans it once.
      const answer = await post(table, PATH);
      toast([t("compose.made", { n: answer.tasks.length }), ...answer.warnings.map(rowSaid)]);
      void askNow();
      await after();
    },
  });
}

/** @param {Blob} table @param {string} path @returns {Promise<Answer>} */
async function post(table, path) {
  try {
    return await send("POST", path, table, { headers: { "Content-Type": "text/csv" }, repeat: true, wait_ms: WAIT_MS });
  } catch (error) {
    if (!(error instanceof ApiError) || error.errors.length === 0) throw error;
    const said = error.errors.map((one) => rowSaid(`${one.field}: ${one.problem}`));
    const more = said.length > PROBLEMS ? [t("queue.table_more", { n: said.length - PROBLEMS })] : [];
    throw new ApiError([...said.slice(0, PROBLEMS), ...more].join("\n"), { code: error.code, status: error.status });
  }
}

/** "row 3, start_time: …" as the reader counts rows. @param {string} text */
function rowSaid(text) {
  return asSentence(text).replace(/^row (\d+)/i, (_, row) => t("queue.table_row", { row }));
}

/** @param {string} caption */
function first(caption) {
  const [line = ""] = caption.split("\n");
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
