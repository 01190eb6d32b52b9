// Library: the files that posts are made of, with pictures, tags, captions, and whether they were used.

import { get, send, withQuery } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { fill, freshId, h, keyed, write } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { badge, button, empty, heading, linkButton, progress } from "../lib/parts.js";
import { keepFilters, to } from "../lib/router.js";
import { size, t } from "../lib/texts.js";
import { duration, time } from "../lib/times.js";
import { toast } from "../lib/toasts.js";
import { ACCEPTED, factsLine, fileAddress, localPicture, thumbnail } from "../model/materials.js";
import { addFiles, allUploads, dropUpload, onUploads, restoreUploads, retryUpload } from "../model/uploads.js";

/** @typedef {import("../model/materials.js").Material} Material */
/** @typedef {import("../model/uploads.js").Upload} Upload */

const PAGE = 48;
const FILTERS = ["q", "kind", "used", "tag", "username"];
const TYPING_MS = 350;

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {Promise<import("../lib/router.js").Screen>}
 */
export default async function library(visit) {
  await restoreUploads();
  let params = visit.params;
  const grid = h("ul", { class: "material-grid" });
  const none = h("div", { hidden: true });
  const pages = h("nav", { class: "buttons pages", "aria-label": t("library.pages") });
  const count = h("span", { class: "calm", role: "status" });
  const arriving = h("ul", { class: "chosen-files arriving" });
  /** @type {Map<string, ReturnType<typeof uploadRow>>} */
  const rows = new Map();

  const input = h("input", { type: "file", multiple: true, accept: ACCEPTED, "aria-label": t("library.files") });
  input.addEventListener("change", () => {
    addFiles(input.files ?? []);
    input.value = "";
  });
  const zone = h(
    "div",
    { class: "drop small" },
    input,
    icon("upload"),
    h("p", null, h("b", null, t("library.drop")), h("span", { class: "calm" }, ` ${t("library.kinds")}`)),
  );
  for (const [event, on] of /** @type {[string, boolean][]} */ ([
    ["dragenter", true],
    ["dragleave", false],
    ["drop", false],
  ])) {
    zone.addEventListener(event, () => zone.classList.toggle("over", on));
  }

  const kind = choice("kind", ["video", "image"]);
  const used = choice("used", ["free", "reserved", "used"]);
  const tag = h("input", { type: "search", name: "tag", "aria-label": t("library.tag"), placeholder: t("library.tag") });
  tag.addEventListener("change", () => filterBy({ tag: tag.value.trim().replace(/^#/, "") }));
  let typing = 0;
  const text = h("input", {
    type: "search",
    name: "q",
    maxlength: 200,
    "aria-label": t("library.search"),
    placeholder: t("library.search"),
    on: { input: typed },
  });
  const filters = h("div", { class: "filters", role: "search" }, text, kind, used, tag);

  function typed() {
    clearTimeout(typing);
    typing = setTimeout(() => filterBy({ q: text.value.trim() }), TYPING_MS);
  }

  /** @param {string} name @param {string[]} values */
  function choice(name, values) {
    const node = h("select", { name, "aria-label": t(`library.${name}`) }, [
      h("option", { value: "" }, t(`library.${name}_any`)),
      ...values.map((value) => h("option", { value }, t(`library.${value}`))),
    ]);
    node.addEventListener("change", () => filterBy({ [name]: node.value }));
    return node;
  }

  /** @param {Record<string, string | number>} wanted */
  function filterBy(wanted) {
    const now = Object.fromEntries(params);
    delete now.page;
    params = new URLSearchParams(
      Object.entries({ ...now, ...wanted })
        .filter(([, value]) => value !== "")
        .map(([k, v]) => [k, String(v)]),
    );
    keepFilters(Object.fromEntries(params));
    void visit.reload();
  }

  // --- uploads

  function drawUploads() {
    const all = allUploads();
    const wanted = new Set(all.map((one) => one.id));
    for (const [id, row] of rows) {
      if (wanted.has(id)) continue;
      row.node.remove();
      rows.delete(id);
    }
    for (const one of all) {
      if (one.state === "done") {
        dropUpload(one.id);
        toast(t("library.arrived", { name: one.name }));
        return; // this changes the list, and is called again
      }
      const row = rows.get(one.id) ?? uploadRow(one, visit.signal);
      if (!rows.has(one.id)) arriving.append(row.node);
      rows.set(one.id, row);
      row.update();
    }
  }

  let known = 0;
  onUploads(() => {
    const before = known;
    known = allUploads().length;
    drawUploads();
    if (known < before) void visit.reload();
  }, visit.signal);

  // --- the files

  let turn = 0;
  async function load() {
    const mine = ++turn;
    const page = Number(params.get("page") ?? 1);
    const query = Object.fromEntries(FILTERS.map((name) => [name, params.get(name)]));
    const found = await get(withQuery("/api/v1/materials", { ...query, page, page_size: PAGE }), { signal: visit.signal });
    if (mine !== turn) return; // what was asked for since is another thing
    kind.value = params.get("kind") ?? "";
    used.value = params.get("used") ?? "";
    for (const field of [tag, text]) if (document.activeElement !== field) field.value = params.get(field.name) ?? "";
    const filtered = FILTERS.some((name) => params.has(name));
    filters.hidden = found.total === 0 && !filtered;
    write(count, found.total > 0 ? t("library.count", { n: found.total }) : "");
    none.hidden = found.total > 0;
    if (found.total === 0) fill(none, empty(t(filtered ? "library.none_such" : "library.none")));
    keyed(grid, found.materials, (/** @type {Material} */ one) => one.id, card);
    drawPages(page, Math.max(1, Math.ceil(found.total / PAGE)));
  }

  /** @param {number} page @param {number} last */
  function drawPages(page, last) {
    pages.hidden = last === 1;
    const turn = (/** @type {number} */ wanted) => {
      params.set("page", String(wanted));
      keepFilters(Object.fromEntries(params));
      scrollTo(0, 0);
      void visit.reload();
    };
    fill(
      pages,
      button(t("parts.newer"), () => turn(page - 1), { disabled: page <= 1 }),
      h("span", { class: "calm" }, t("parts.page_of", { page, last })),
      button(t("parts.older"), () => turn(page + 1), { disabled: page >= last }),
    );
  }

  /** @param {Material} one */
  function card(one) {
    const kinds = /** @type {const} */ ({ free: "good", reserved: "run", used: "calm" });
    return h(
      "li",
      { class: "material" },
      h(
        "a",
        {
          class: "material-picture",
          href: fileAddress(one.id),
          target: "_blank",
          rel: "noopener",
          "aria-label": [t("library.open", { name: one.name }), one.duration_s ? duration(one.duration_s) : ""]
            .filter(Boolean)
            .join(", "),
        },
        thumbnail(one),
      ),
      h(
        "div",
        { class: "material-text" },
        h("h2", null, one.name),
        h(
          "p",
          { class: "calm small-text" },
          factsLine(one),
          " · ",
          time(one.created_at),
          " · ",
          t("library.number", { id: String(one.id) }),
        ),
        h(
          "p",
          { class: "material-marks" },
          badge(kinds[one.used], t(`library.${one.used}`)),
          one.username && h("span", { class: "tag" }, `@${one.username}`),
          one.tags.map((name) =>
            h(
              "button",
              {
                type: "button",
                class: "tag",
                title: t("library.with_tag", { tag: name }),
                on: { click: () => filterBy({ tag: name }) },
              },
              `#${name}`,
            ),
          ),
        ),
        one.caption && h("p", { class: "two-lines small-text" }, one.caption),
      ),
      h(
        "div",
        { class: "buttons material-acts" },
        linkButton(t("library.post"), to("compose", "", { material: one.id }), { icon: "compose" }),
        button(t("library.edit"), () => edit(one), { of: one.name, icon: "edit", small: true }),
        one.used === "used" && button(t("library.reset"), () => reset(one), { of: one.name, icon: "retry", small: true }),
        button(t("library.delete"), () => remove(one), { of: one.name, icon: "trash", small: true }),
      ),
    );
  }

  /** @param {Material} one */
  async function edit(one) {
    const caption = h("textarea", { name: "caption", rows: 5, value: one.caption });
    const tags = h("input", { name: "tags", value: one.tags.join(", ") });
    const account = h("input", { name: "username", value: one.username });
    const order = h("input", { name: "sort_number", type: "number", min: 0, max: 999_999_999, value: String(one.sort_number) });
    await ask({
      title: t("library.edit_title", { name: one.name }),
      lines: [],
      verb: t("library.save"),
      form: h(
        "div",
        { class: "stack" },
        labelled(t("library.caption"), caption, t("library.caption_hint")),
        labelled(t("library.tags"), tags, t("library.tags_hint")),
        labelled(t("library.username"), account, t("library.username_hint")),
        labelled(t("library.order"), order, t("library.order_hint")),
      ),
      send: async () => {
        const body = {
          caption: caption.value,
          tags: tags.value
            .split(",")
            .map((name) => name.trim())
            .filter(Boolean),
          username: account.value.trim(),
          sort_number: Number(order.value || 0),
        };
        const answer = await send("PATCH", `/api/v1/materials/${one.id}`, body, { repeat: true });
        toast([t("library.saved", { name: one.name }), ...answer.warnings], {
          kind: answer.warnings.length > 0 ? "plain" : "good",
        });
      },
    });
    await visit.reload();
  }

  /** @param {Material} one */
  async function remove(one) {
    const gone = await ask({
      title: t("library.delete_title", { name: one.name }),
      lines: [t("library.delete_lines", { size: size(one.size_bytes) })],
      verb: t("library.delete"),
      danger: true,
      send: () => send("DELETE", `/api/v1/materials/${one.id}`),
    });
    if (gone) toast(t("library.deleted", { name: one.name }));
    await visit.reload();
  }

  /** @param {Material} one */
  async function reset(one) {
    await send("POST", `/api/v1/materials/${one.id}/reset-used`, undefined, { repeat: true });
    toast(t("library.is_free", { name: one.name }));
    await visit.reload();
  }

  drawUploads();
  known = allUploads().length;
  return {
    title: t("library.title"),
    node: h("div", { class: "library-screen" }, heading(t("library.title"), count), zone, arriving, filters, grid, none, pages),
    load,
    filter: (wanted) => {
      params = wanted;
      return visit.reload();
    },
  };
}

/** A file on its way. @param {Upload} one @param {AbortSignal} signal */
function uploadRow(one, signal) {
  const said = h("span", { class: "small-text calm" });
  const bar = progress(0, t("compose.progress", { name: one.name }));
  const again = button(t("compose.try_again"), () => retryUpload(one.id), { of: one.name, small: true });
  const drop = h(
    "button",
    {
      type: "button",
      class: "icon-button",
      "aria-label": t("compose.remove", { name: one.name }),
      on: { click: () => dropUpload(one.id) },
    },
    icon("close"),
  );
  const row = h(
    "li",
    { class: "chosen" },
    h("span", { class: "chosen-picture" }, localPicture(one, signal)),
    h("div", { class: "chosen-text" }, h("b", { title: one.name }, one.name), said, bar),
    h("span", { class: "chosen-acts" }, again, drop),
  );
  function update() {
    const share = one.offset / Math.max(1, one.size);
    const bad = one.state === "failed" || one.state === "choose";
    bar.value = share;
    bar.hidden = bad;
    again.hidden = one.state !== "failed" || one.file === null;
    row.classList.toggle("bad", bad);
    write(
      said,
      one.state === "failed"
        ? one.problem
        : t(`compose.file_${one.state}`, { part: Math.floor(share * 100), size: size(one.size) }),
    );
  }
  return { node: row, update };
}

/** @param {string} text @param {HTMLElement} control @param {string} hint */
function labelled(text, control, hint) {
  control.id = freshId();
  const id = freshId();
  control.setAttribute("aria-describedby", id);
  return h(
    "div",
    { class: "field" },
    h("label", { class: "field-label", for: control.id }, text),
    control,
    h("span", { class: "hint", id }, hint),
  );
}
