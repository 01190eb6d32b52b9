// The icons: lines on a grid of 24, drawn here so that nothing has to be fetched.

import { svg } from "./dom.js";

/** @type {Record<string, string>} */
const PATHS = {
  home: "M3 11l9-8 9 8M5 9.5V20h5v-6h4v6h5V9.5",
  compose: "M12 5v14M5 12h14",
  queue: "M8 6h12M8 12h12M8 18h12M3.5 6h.01M3.5 12h.01M3.5 18h.01",
  history: "M3 12a9 9 0 1 0 3-6.7M3 4v4h4M12 7v5l3.5 2",
  phones: "M7 2.5h10a1.5 1.5 0 0 1 1.5 1.5v16a1.5 1.5 0 0 1-1.5 1.5H7A1.5 1.5 0 0 1 5.5 20V4A1.5 1.5 0 0 1 7 2.5zM11 18.5h2",
  accounts: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20.5c1-4 4-6 8-6s7 2 8 6",
  library: "M4 5h16v14H4zM4 16l5-5 4 4 2.5-2.5L20 17M15 9h.01",
  slots: "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4M9 15l2 2 4-4",
  system:
    "M12 15.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM19.4 13.5l1.6 1.2-2 3.5-1.9-.8a7.5 7.5 0 0 1-2.6 1.5L14.2 21h-4.4l-.3-2.1a7.5 7.5 0 0 1-2.6-1.5l-1.9.8-2-3.5 1.6-1.2a7.4 7.4 0 0 1 0-3L3 9.3l2-3.5 1.9.8a7.5 7.5 0 0 1 2.6-1.5L9.8 3h4.4l.3 2.1a7.5 7.5 0 0 1 2.6 1.5l1.9-.8 2 3.5-1.6 1.2a7.4 7.4 0 0 1 0 3z",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M7 7l10 10M17 7L7 17",
  close: "M6 6l12 12M18 6L6 18",
  alert: "M12 3.5L2.5 20h19zM12 10v4.5M12 17.5h.01",
  question: "M9 9a3 3 0 1 1 4 2.8c-.7.3-1 .9-1 1.7v.5M12 17.5h.01M12 21.5a9.5 9.5 0 1 0 0-19 9.5 9.5 0 0 0 0 19z",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3 2",
  pause: "M8 5v14M16 5v14",
  play: "M7 4.5v15l12-7.5z",
  stop: "M6 6h12v12H6z",
  bolt: "M13 2.5L5 13.5h6l-1 8 8-11h-6z",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  retry: "M20 11a8 8 0 1 0-2 6M20 5v6h-6",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  chevron: "M9 5l7 7-7 7",
  back: "M15 5l-7 7 7 7",
  battery: "M3 8h15v8H3zM21 11v2",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
  filter: "M4 5h16l-6 8v6l-4-2v-4z",
  upload: "M12 16V4M7 9l5-5 5 5M4 17v3h16v-3",
  calendar: "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4",
  download: "M12 4v12M7 11l5 5 5-5M4 17v3h16v-3",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  hand: "M8 12V5.5a1.5 1.5 0 0 1 3 0V11V4a1.5 1.5 0 0 1 3 0v7V6a1.5 1.5 0 0 1 3 0v9c0 4-2.5 6.5-6 6.5-3 0-4.5-1.5-6-4L3.5 14c-.8-1.5 1-2.7 2.2-1.5z",
  tiktok: "M14 4v10.5a3.5 3.5 0 1 1-3.5-3.5M14 4c.3 3 2 4.7 5 5",
  instagram:
    "M4 8a4 4 0 0 1 4-4h8a4 4 0 0 1 4 4v8a4 4 0 0 1-4 4H8a4 4 0 0 1-4-4zM12 15.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM16.8 7.2h.01",
  plug: "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
  disk: "M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zM4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3",
  key: "M14 10a4.5 4.5 0 1 0-3.2 4.3L13 16.5h2.5V19H18v2.5h3V18l-7.2-7.2M8.5 8.5h.01",
  logout: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  dot: "M12 12h.01",
};

/** @param {string} name one of the names above @param {string} [kind] further classes */
export function icon(name, kind = "") {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", class: `icon ${kind}`, "aria-hidden": "true", focusable: "false" },
    svg("path", { d: PATHS[name] ?? "" }),
  );
}
