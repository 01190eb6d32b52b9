// Files of the library in pictures and words, and the dialog that takes some of them.

import { get, withQuery } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { fill, h } from "../lib/dom.js";
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

/**
 * Asks which files of the library to take; none when the person went back.
 * @param {AbortSignal} signal
 * @returns {Promise<Material[]>}
 */
export async function chooseMaterials(signal) {
  const found = await get(withQuery("/api/v1/materials", { page_size: 100 }), { signal });
  /** @type {{ material: Material, box: HTMLInputElement }[]} */
  const items = found.materials.map((/** @type {Material} */ material) => ({ material, box: h("input", { type: "checkbox" }) }));
  const grid = h("ul", { class: "pick-grid" });
  fill(
    grid,
    items.map(({ material, box }) =>
      h(
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
      ),
    ),
  );
  queueMicrotask(() => grid.closest("dialog")?.classList.add("wide"));
  const nodes = items.length > 0 ? grid : empty(t("library.none"));
  const taken = await ask({ title: t("compose.from_library"), lines: [nodes], verb: t("compose.take"), send: async () => {} });
  return taken ? items.filter(({ box }) => box.checked).map(({ material }) => material) : [];
}
