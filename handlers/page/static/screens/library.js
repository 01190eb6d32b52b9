// Library: the files that were uploaded, and whether they were used.

import { get, send } from "../lib/api.js";
import { h, keyed } from "../lib/dom.js";
import { badge, empty, field, heading, time, whileBusy } from "../lib/parts.js";
import { size, t } from "../lib/texts.js";

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function library(visit) {
  const list = h("ul", { class: "list" });
  const none = h("div", { hidden: true }, empty(t("library.none")));
  const files = h("input", { type: "file", name: "files", multiple: true, accept: "video/*,image/*" });
  const act = h("button", { type: "submit", class: "button primary" }, t("library.upload"));
  const form = h(
    "form",
    { class: "card", on: { submit } },
    field(t("library.files"), files),
    h("div", { class: "buttons" }, act),
  );

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    void whileBusy(act, upload());
  }

  async function upload() {
    for (const file of files.files ?? []) {
      await send("POST", `/api/v1/materials?${new URLSearchParams({ name: file.name })}`, file, {
        repeat: true,
        wait_ms: 600_000,
      });
    }
    form.reset();
    await load();
  }

  async function load() {
    const found = await get("/api/v1/materials?page_size=100", { signal: visit.signal });
    none.hidden = found.total > 0;
    keyed(list, found.materials, (/** @type {any} */ one) => one.id, row);
  }

  /** @param {any} one */
  function row(one) {
    return h(
      "li",
      { class: "spread" },
      h(
        "span",
        null,
        h("b", null, one.name),
        " ",
        h("span", { class: "calm" }, `${size(one.size_bytes)} `),
        time(one.created_at),
      ),
      badge(one.used === "free" ? "good" : "calm", t(`library.${one.used}`)),
    );
  }

  return { title: t("library.title"), node: h("div", { class: "stack" }, heading(t("library.title")), form, list, none), load };
}
