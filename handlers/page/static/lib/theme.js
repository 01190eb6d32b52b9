// Dark or light: as the system says, or as it was chosen on this device.

import { keep } from "./texts.js";

const KEY = "theme";

/** @returns {"dark" | "light" | ""} */
export function chosenTheme() {
  const kept = keep(KEY);
  return kept === "dark" || kept === "light" ? kept : "";
}

/** @param {"dark" | "light" | ""} wanted "" gives the choice back to the system */
export function chooseTheme(wanted) {
  keep(KEY, wanted);
  applyTheme();
}

/** Puts the choice in force. */
export function applyTheme() {
  document.documentElement.style.colorScheme = chosenTheme();
}
