// Files of the library in pictures and words, and the dialog that takes some of them.

import { get, sentenceOf, withQuery } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { h, keyed, write } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { empty } from "../lib/parts.js";
import { size, t } from "../lib/texts.js";
import { duration } from "../lib/times.js";
import { kindOf } from "./uploads.js";

/**
 * @typedef {object} Material as in docs/api.md
 * @property {number} id
 * @property {string} name
 * @property {"video" | "image"} kind
 * @property {number} size_bytes
 * @property {string} created_at
 * @property {string} caption
 * @property {string} username
 * @property {number} sort_number
 * @property {string[]} tags
 * @property {"free" | "reserved" | "used"} used
 * @property {number | null} duration_s
 * @property {number} width
 * @property {number} height
 */

/** What an input of files may take. */
export const ACCEPTED = ".mp4,.mov,.m4v,.jpg,.jpeg,.png,.webp,video/mp4,video/quicktime,image/jpeg,image/png,image/webp";

/** @param {number} id */
export function fileAddress(id) {
  return `/api/v1/materials/${id}/file`;
}

/** The small picture of a file; where there is none, the sign of its kind. @param {{ id: number, kind: string, duration_s?: number | null }} material */
export function thumbnail(material) {
  const image = h("img", { src: `/api/v1/materials/${material.id}/thumbnail`, alt: "", loading: "lazy", decoding: "async" });
  image.addEventListener("error", () => image.replaceWith(sign(material.kind)));
  return frame(image, material);
}

/** The picture of a file that is still on its way. @param {{ name: string, file: Blob | null }} local @param {AbortSignal} signal */
export function localPicture(local, signal) {
  const kind = kindOf(local.name);
  if (local.file === null || kind === "") return frame(sign(kind), {});
  const address = URL.createObjectURL(local.file);
  signal.addEventListener("abort", () => URL.revokeObjectURL(address));
  const picture =
    kind === "video"
      ? h("video", { src: `${address}#t=0.5`, preload: "metadata", playsinline: true, tabindex: -1, "aria-hidden": "true" })
      : h("img", { src: address, alt: "" });
  picture.addEventListener("error", () => picture.replaceWith(sign(kind)));
  if (picture instanceof HTMLVideoElement) picture.muted = true;
  return frame(picture, {});
}

/** @param {Node} picture @param {{ duration_s?: number | null }} facts */
function frame(picture, { duration_s }) {
  return h(
    "span",
    { class: "thumb" },
    picture,
    duration_s ? h("span", { class: "thumb-length", "aria-hidden": "true" }, duration(duration_s)) : null,
  );
}

/** @param {string} kind */
function sign(kind) {
  return h("span", { class: "thumb-sign" }, icon(kind === "video" ? "play" : "library"));
}

/** "360 × 640, 52 KB" @param {Material} material */
export function factsLine(material) {
  const shape = material.width ? `${material.width} × ${material.height}` : "";
  return [shape, size(material.size_bytes)].filter(Boolean).join(" · ");
}

const PICK = 100; // shown at once: the search finds the others
const TYPING_MS = 350;

/**
 * Asks which files of the library to take, in the order in which they were ticked; none when the person went back.
 * @param {AbortSignal} signal
 * @returns {Promise<Material[]>}
 */
export async function chooseMaterials(signal) {
  /** @type {Map<number, Material>} */
  const picked = new Map();
  const grid = h("ul", { class: "pick-grid", "aria-label": t("library.files") });
  const said = h("p", { class: "calm small-text pick-said", role: "status" });
  const name = t("library.search");
  const text = h("input", {
    type: "search",
    maxlength: 200,
    "aria-label": name,
    placeholder: name,
    on: { input: typed, keydown },
  });
  let typing = 0;
  let turn = 0;
  let total = 0;
  let shown = 0;

  function typed() {
    clearTimeout(typing);
    typing = setTimeout(() => void search(), TYPING_MS);
  }

  /** Enter looks at once; it must not take what is ticked. @param {KeyboardEvent} event */
  function keydown(event) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    clearTimeout(typing);
    void search();
  }

  async function search() {
    try {
      await read();
    } catch (error) {
      if (!signal.aborted) write(said, sentenceOf(error));
    }
  }

  async function read() {
    const mine = ++turn;
    const found = await get(withQuery("/api/v1/materials", { q: text.value.trim(), page_size: PICK }), { signal });
    if (mine !== turn) return;
    total = found.total;
    shown = found.materials.length;
    keyed(grid, found.materials, (/** @type {Material} */ one) => one.id, pick);
    say();
  }

  function say() {
    const parts = [
      total === 0 ? t("library.none_such") : total > shown ? t("compose.newest_of", { shown, n: total }) : "",
      picked.size > 0 ? t("compose.picked", { n: picked.size }) : "",
    ];
    write(said, parts.filter(Boolean).join(" "));
  }

  /** @param {Material} material */
  function pick(material) {
    const box = h("input", { type: "checkbox", checked: picked.has(material.id) });
    box.addEventListener("change", () => {
      if (box.checked) picked.set(material.id, material);
      else picked.delete(material.id);
      say();
    });
    return h(
      "li",
      null,
      h(
        "label",
        { class: "pick" },
        box,
        thumbnail(material),
        h("span", { class: "pick-name" }, material.name),
        material.used !== "free" && h("span", { class: "calm small-text" }, t(`library.${material.used}`)),
      ),
    );
  }

  await read();
  queueMicrotask(() => {
    grid.closest("dialog")?.classList.add("wide");
    // Where one types on the screen itself, the keys would cover what there is to choose from.
    if (matchMedia("(pointer: coarse)").matches) grid.querySelector("input")?.focus();
  });
  const taken = await ask({
    title: t("compose.from_library"),
    lines: total > 0 ? [] : [empty(t("library.none"))],
    ...(total > 0 ? { form: h("div", { class: "picker" }, text, said, grid) } : {}),
    verb: t("compose.take"),
    send: async () => {},
  });
  clearTimeout(typing);
  return taken ? [...picked.values()] : [];
}
